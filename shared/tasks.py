"""How background tasks end."""

import asyncio
from collections.abc import Collection
from typing import Any

PATIENCE_SECONDS = 0.2


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and wait until they have ended.

    Asked more than once: a cancellation that falls into a connection attempt of redis-py can come
    out of it as an ordinary connection error.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=PATIENCE_SECONDS)
