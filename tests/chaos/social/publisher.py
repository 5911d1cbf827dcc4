"""`wiredesk publish` for a social chaos run: it can be made to die, and has a clock of its own.

By that clock leases run out, looks and tries fall due: a short run need not wait for them as long
as people do. Calls take as long as they take, so it must not be so fast that one outlives a lease.

python -m tests.chaos.social.publisher BOARD BEGAN_MS SPEED
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from services.commands.service import set_up_logs
from services.instance import load_settings
from services.publish.app import build
from services.publish.social.requests import now_ms
from shared.service import listen, serve
from shared.settings import Settings
from tests.chaos.crash_points import Board, install


def clock(began_ms: int, speed: float) -> Callable[[], int]:
    """Milliseconds since 1970, which pass `speed` times as fast since `began_ms`."""
    return lambda: began_ms + int((now_ms() - began_ms) * speed)


def main(board: Path, began_ms: int, speed: float) -> None:
    """Serve until SIGTERM, or until it is killed."""
    install(Board(board), "publish")
    settings = load_settings(None)
    set_up_logs("publish", settings)
    asyncio.run(_serve(settings, clock(began_ms, speed)))


async def _serve(settings: Settings, now: Callable[[], int]) -> None:
    await serve(build(settings, now).app(), listen("127.0.0.1", 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
