"""A process for test_crash_points.py that accepts one article, with the crash points of ingest.

python -m tests.chaos.accepting REDIS_URL BOARD
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from services.ingest.ledger import Ledger
from shared.article import Article
from shared.redis import connect
from shared.streams import Keys
from tests.chaos.crash_points import Board, install

URI = "urn:dying:1"


async def main(url: str) -> None:
    async with connect(url) as redis:
        await Ledger(redis, Keys()).accept(Article(uri=URI, headline="斷電"), datetime.now(UTC))


if __name__ == "__main__":
    install(Board(Path(sys.argv[2])), "ingest")
    asyncio.run(main(sys.argv[1]))
