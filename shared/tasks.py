"""How background tasks end."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

PATIENCE_SECONDS = 0.2


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and wait until they have ended, also when cancelled meanwhile.

    Asked more than once: a cancellation that falls into a connection attempt of redis-py can come
    out of it as an ordinary connection error. Who is asked to end while ending others ends them
    all the same, and then itself: what it left behind would work on in a service that has closed.
    """
    left = {task for task in tasks if not task.done()}
    interrupted: asyncio.CancelledError | None = None
    while left:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError as error:
            interrupted = error
        left = {task for task in left if not task.done()}
    if interrupted:
        raise interrupted


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it to the end, however often one is cancelled meanwhile, and be cancelled then.

    For what a task still has to do when it is ended (`end` asks more than once).
    """
    task = asyncio.create_task(work)
    interrupted: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            interrupted = error
    task.result()
    if interrupted:
        raise interrupted
