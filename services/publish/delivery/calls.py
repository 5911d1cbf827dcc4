"""The calls of one courier that are under way: one that hangs keeps its place, and none back."""

import asyncio
from collections.abc import Coroutine, Iterable

from shared.tasks import end


class Calls:
    """A set of calls that are begun together and end when they end."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def hanging(self) -> int:
        """How many of those begun have not ended."""
        return sum(not task.done() for task in self._under_way)

    async def make(self, calls: Iterable[Coroutine[object, object, None]], seconds: float) -> None:
        """Begin them, and wait until they have ended, or for so long. Raises what any raised."""
        begun = {asyncio.create_task(call) for call in calls}
        self._under_way |= begun
        if begun:
            await asyncio.wait(begun, timeout=seconds)
        self._raise_errors()

    async def ended(self) -> None:
        """Wait until all have ended."""
        if self._under_way:
            await asyncio.wait(self._under_way)
        self._raise_errors()

    async def cancel(self) -> None:
        """End all at once; what came of them is not known."""
        await end(self._under_way)

    def _raise_errors(self) -> None:
        done = {task for task in self._under_way if task.done()}
        self._under_way -= done
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                raise error
