"""Waits for changes on behalf of all readers: one question to Redis, however many wait.

What this process tells is known at once, what another one tells within a tenth of a second. While
nobody waits, nothing is asked.
"""

import asyncio
from contextlib import suppress

from redis.exceptions import RedisError

from services.publish.changes.cursor import Cursor
from services.publish.changes.log import ChangeLog
from services.publish.changes.page import Page
from shared.redis import is_outage
from shared.tasks import end

POLL_SECONDS = 0.1


class Watch:
    """Who waits is woken by `run`, which must be running, and by `end`."""

    def __init__(self, log: ChangeLog) -> None:
        self._log = log
        self._heads: tuple[int, ...] = ()
        self._losses = 0
        self._moved = asyncio.Event()
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._reading: dict[tuple[Cursor, int], asyncio.Task[Page]] = {}
        self.is_ending = False

    async def beyond(self, cursor: Cursor, seconds: float) -> bool:
        """Wait until it makes sense to read on from the cursor. False when it did not in time.

        It also does when the log was lost: whoever reads on is told so.
        """
        losses = self._losses
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                while not (self._is_beyond(cursor) or losses != self._losses or self.is_ending):
                    await self._moved.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._wanted.clear()
        return not self.is_ending

    async def page(self, after: Cursor, limit: int) -> Page:
        """What comes after the cursor. Those who ask at the same time and place are one reader."""
        asked = after, limit
        if asked not in self._reading:
            reading = asyncio.ensure_future(self._log.page(after, limit))
            self._reading[asked] = reading
            reading.add_done_callback(lambda _: self._reading.pop(asked))
        return await asyncio.shield(self._reading[asked])

    def end(self) -> None:
        """Let everybody go who waits, and nobody wait any more: the service is about to stop."""
        self.is_ending = True
        self._moved.set()

    async def run(self) -> None:
        """Look for changes until cancelled. What is read for those who have gone ends with it."""
        try:
            while True:
                await self._wanted.wait()
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._log.rung.wait()
        finally:
            await end(list(self._reading.values()))

    async def _look(self) -> None:
        self._log.rung.clear()
        try:
            heads = await self._log.heads()
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            return  # who waits goes on waiting
        if heads == self._heads:
            return
        if any(now < before for now, before in zip(heads, self._heads, strict=False)):
            self._losses += 1
        self._heads = heads
        self._moved.set()
        if not self.is_ending:
            self._moved = asyncio.Event()

    def _is_beyond(self, cursor: Cursor) -> bool:
        return any(head > read for head, read in zip(self._heads, cursor.numbers, strict=False))
