"""A worker for test_fatal.py: one entry kills the process, one raises, the rest pass on.

python fatal_worker.py REDIS_URL
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from shared.bus import Bus
from shared.commit import Write
from shared.hop import Entry, StreamSettings

SOURCE, OUT, GROUP = "in:routine", "out", "workers"
DEADLY, RAISING = b"13", b"27"


async def handle(entry: Entry) -> Sequence[Write]:
    number = entry.fields[b"n"]
    if number == DEADLY:
        os._exit(1)
    if number == RAISING:
        raise RuntimeError(number.decode())
    return [Write.add(OUT, ("n", number))]


async def main(url: str) -> None:
    settings = StreamSettings(
        partitions=1,
        batch=64,
        max_deliveries=3,
        retry_seconds=0.1,
        reclaim_seconds=5.0,
        dead_after_seconds=0.3,
        keep_hours=1.0,
    )
    bus = Bus(url, settings)
    bus.hop([SOURCE], GROUP, handle)
    await bus.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
