"""Who kills: it follows the plan, and keeps count of who died where."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Protocol

from tests.chaos.crash_points import AFTER_SEND, Board, Point
from tests.chaos.plan import Death, Victim

LOOK_SECONDS = 0.02
SECONDS_TO_DIE = 20.0
"""After so long nobody has come to an armed point, and it is given up."""
WORDS = {"redis-server": "redis-server 127.0.0.1:"}
"""How a victim is known by its command line; while it starts, Redis is called otherwise."""


class Household(Protocol):
    """Those who can die."""

    def children(self) -> Mapping[int, str]:
        """Process ids, with the words that they were started with."""
        ...


class Reaper:
    """Kills the services and the Redis of one installation. `done` counts the events so far."""

    def __init__(self, here: Household, board: Board, done: Callable[[], int]) -> None:
        self._here = here
        self._board = board
        self._done = done
        self.dead: Counter[Victim] = Counter()
        self.missed: list[Death] = []

    async def work(self, deaths: tuple[Death, ...]) -> None:
        """One death after the other, each when its time has come."""
        for death in deaths:
            while self._done() < death.after:
                await asyncio.sleep(LOOK_SECONDS)
            if await self._happens(death):
                self.dead[death.victim] += 1
            else:
                self.missed.append(death)

    @property
    def points(self) -> Counter[Point]:
        """How many died at each point."""
        return self._board.deaths

    def strike(self) -> bool:
        """Called by the receiver in mid-call. True when it has killed the caller."""
        if self._board.armed != AFTER_SEND or not self._board.is_due(AFTER_SEND):
            return False
        return self._kill("publish")

    async def _happens(self, death: Death) -> bool:
        if death.point is not None:
            return await self._at_point(death.point, death.passes)
        await asyncio.sleep(death.delay_s)
        give_up = monotonic() + SECONDS_TO_DIE
        while not self._kill(death.victim):
            if monotonic() > give_up:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def _at_point(self, point: Point, passes: int) -> bool:
        before, give_up = self._board.deaths[point], monotonic() + SECONDS_TO_DIE
        self._board.arm(point, passes)
        while self._board.deaths[point] == before and monotonic() < give_up:
            await asyncio.sleep(LOOK_SECONDS)
        self._board.disarm()
        return self._board.deaths[point] > before

    def _kill(self, victim: Victim) -> bool:
        """kill -9. False when it does not run at the moment."""
        words = WORDS.get(victim, f"services {victim} ")
        for pid in [pid for pid, line in self._here.children().items() if words in line]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False
