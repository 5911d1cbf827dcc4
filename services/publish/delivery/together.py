"""What is asked at the same time is done in one go: one round trip to Redis, and one fsync.

The first to ask does not wait for others. Whoever comes while that is under way goes together next.
The work ends with the last who waits for it: none is left behind that would open a connection anew
after its service has closed them all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.tasks import end

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Call it with one thing, get the answer to it. `work` answers up to `most` of them at once."""

    def __init__(
        self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], most: int
    ) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._callers = 0
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Answer:
        """Raises what the work raises. Of a caller that is cancelled it may be done, or not."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._work_off())
        self._callers += 1
        try:
            return await answer
        finally:
            self._callers -= 1
            if not self._callers:
                await self._rest()

    async def _rest(self) -> None:
        """Nobody is left. The task may be about to end by itself, or in the midst of its work."""
        self._waiting.clear()
        if self._task is not None:
            await end([self._task])

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(some)
        finally:
            # Whoever asked while this was being cancelled is not to wait for ever.
            self._task = asyncio.create_task(self._work_off()) if self._waiting else None

    async def _answer(self, some: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([asked for asked, _ in some])
        except BaseException as error:
            for _, answer in some:
                if not answer.done():
                    answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, answer), result in zip(some, answers, strict=True):
            if not answer.done():
                answer.set_result(result)
