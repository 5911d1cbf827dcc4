"""One social chaos run: publish carries to the sandbox and dies by plan, and an oracle judges.

Real processes: publish, Redis, and `wiredesk sandbox`, which alone lives through it and remembers.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import httpx
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from services.publish.delivery.destinations import Destinations
from services.publish.social.requests import now_ms
from shared.events import Event
from shared.streams import ENRICHED, PUBLISHED, Keys
from shared.tasks import end
from tests.chaos.crash_points import Point
from tests.chaos.plan import Death, Send, Victim
from tests.chaos.reaper import Reaper
from tests.chaos.run import roomy
from tests.chaos.social.evidence import SocialEvidence, Terms, Told
from tests.chaos.social.household import Household
from tests.chaos.social.oracle import Finding, judge
from tests.chaos.social.outside import Outside, destination, terms_of
from tests.chaos.social.plan import HANGS, LOST, Plan, article_of, resending, wanted_of
from tests.chaos.stored import parked, unread

KEYS = Keys()
LOOK_SECONDS = 0.25
QUIET_LOOKS = 3
PAUSE_SECONDS = 0.1
PLANNED_AT_ONCE = 4
"""Events that may be under way: an entry that is there at five deaths is parked."""
SECONDS_A_DEATH = 1.5
"""So long the newsroom takes between two deaths: a process that is dead carries nothing."""
Tell = Callable[[int], None]
"""Told how many events were handed over so far."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    seed: int
    evidence: SocialEvidence
    findings: list[Finding]
    dead: Counter[Victim]
    points: Counter[Point]
    missed: list[Death]
    seconds: float
    settle_seconds: float


def run(
    plan: Plan, folder: Path, *, settle_seconds: float, tell: Tell, speed: float = 1.0
) -> Outcome:
    """Do it. What the processes said is in `folder` afterwards.

    A run that takes its time (`speed` 1) also has calls that are never answered: by a faster clock
    they would outlive their lease.
    """
    with roomy(folder, len(plan.stories)) as state:
        state.mkdir()
        try:
            return asyncio.run(_Run(plan, state, settle_seconds, tell, speed).outcome())
        finally:
            for log in state.glob("*.log*"):
                shutil.copy(log, folder)


class _Run:
    def __init__(
        self, plan: Plan, state: Path, settle_seconds: float, tell: Tell, speed: float
    ) -> None:
        self._plan = plan
        self._settle_seconds = settle_seconds
        self._tell = tell
        self._speed = speed
        self._home = Household(state, now_ms(), speed)
        self._done = 0
        self._reaper = Reaper(self._home, self._home.board, lambda: self._done)

    async def outcome(self) -> Outcome:
        began = monotonic()
        async with self._home.open() as home, httpx.AsyncClient(base_url=home.sandbox) as http:
            outside = Outside(http, self._plan.seed)
            terms = await self._enrol(outside)
            await self._tumult(outside, list(terms))
            all_sent = monotonic()
            seen = SocialEvidence(wanted=wanted_of(self._plan), terms=terms)
            seen.unrest = await self._settled(seen)
            settled = monotonic()
            await self._look_around(outside, seen)
        return Outcome(
            seed=self._plan.seed,
            evidence=seen,
            findings=judge(seen),
            dead=self._reaper.dead,
            points=self._reaper.points,
            missed=self._reaper.missed,
            seconds=settled - began,
            settle_seconds=settled - all_sent,
        )

    async def _enrol(self, outside: Outside) -> dict[str, Terms]:
        """Every platform as a destination, and the faults of each."""
        found = await terms_of(self._home.sandbox)
        again = resending(self._plan, [name for name, one in found.items() if one.is_blind])
        terms = {
            name: replace(one, resends=True, calls=1) if name in again else one
            for name, one in found.items()
        }
        shares = {"lost": LOST, "hang": HANGS if self._speed == 1 else 0.0}
        async with AsyncRedis.from_url(self._home.redis.url) as redis:
            for name, one in terms.items():
                await Destinations(redis).add(destination(name, one, self._home.sandbox))
                await outside.order(name, shares)
        return terms

    async def _tumult(self, outside: Outside, names: list[str]) -> None:
        """Hand everything over, and let die who has to, until both are done."""
        strike = outside.strike(self._home.board, names, self._reaper.strike)
        striking = asyncio.create_task(strike)
        killing = asyncio.create_task(self._reaper.work(self._plan.deaths))
        try:
            await self._send_all()
            await killing
        finally:
            await end([striking, killing])

    async def _send_all(self) -> None:
        deaths, started = self._plan.deaths, datetime.now(UTC)
        pause = SECONDS_A_DEATH * len(deaths) / len(self._plan.sends)
        step = len(self._plan.sends) // max(1, len(deaths))
        async with AsyncRedis.from_url(self._home.redis.url) as redis:
            for send in self._plan.sends:
                while self._done > self._next_death() + 2 * step or self._is_behind():
                    await asyncio.sleep(PAUSE_SECONDS)
                await self._send(redis, send, started)
                self._done += 1
                self._tell(self._done)
                await asyncio.sleep(pause)

    def _is_behind(self) -> bool:
        """Whether publish has more to plan than it can be killed over and over with."""
        if self._done % PLANNED_AT_ONCE:
            return False
        try:
            with Redis.from_url(self._home.redis.url) as redis:
                return any(why for event in (ENRICHED, PUBLISHED) for why in unread(redis, event))
        except RedisError:
            return True

    def _next_death(self) -> int:
        """The place of the death that is next, or the end."""
        happened = self._reaper.dead.total() + len(self._reaper.missed)
        deaths = self._plan.deaths[happened:]
        return deaths[0].after if deaths else len(self._plan.sends)

    async def _send(self, redis: "AsyncRedis", send: Send, started: datetime) -> None:
        """Once at least: an answer that was lost with Redis says nothing."""
        event = Event.begin(ENRICHED, article_of(self._plan, send, started), datetime.now(UTC))
        words = iter(event.fields())
        fields = dict(zip(words, words, strict=True))
        while True:
            with suppress(RedisError, OSError):
                await redis.xadd(KEYS.stream(ENRICHED, event.lane, 0), fields)
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _settled(self, seen: SocialEvidence) -> list[str]:
        """Wait until nothing is under way any more, several times in a row; else say what is."""
        give_up, quiet, why = monotonic() + self._settle_seconds, 0, list[str]()
        while quiet < QUIET_LOOKS and monotonic() < give_up:
            await asyncio.sleep(LOOK_SECONDS)
            why = self._unrest(seen)
            quiet = 0 if why else quiet + 1
        return why

    def _unrest(self, seen: SocialEvidence) -> list[str]:
        try:
            with Redis.from_url(self._home.redis.url) as redis:
                read = [why for event in (ENRICHED, PUBLISHED) for why in unread(redis, event)]
                return read or [*_under_way(redis, seen)]
        except RedisError as error:
            return [repr(error)]

    async def _look_around(self, outside: Outside, seen: SocialEvidence) -> None:
        seen.posts = await outside.posts()
        seen.crashes = self._reaper.dead["publish"]
        seen.unanswered = await outside.withheld()
        seen.unsent = len(self._plan.sends) - self._done
        with Redis.from_url(self._home.redis.url) as redis:
            seen.rows = _rows(redis, seen)
            seen.unrest += parked(redis)


def _under_way(redis: Redis, seen: SocialEvidence) -> Iterator[str]:
    """What is still to be done, but for looks that nobody can wait for: those by the hour."""
    for (uri, name), row in _rows(redis, seen).items():
        wanted = seen.wanted[uri]
        if row.version != wanted.version or (row.op == "kill") != wanted.is_killed:
            yield f"{name} {uri}: wants {row.op} {row.version}"
        elif row.is_due and row.proof != "impossible":
            yield f"{name} {uri}: {row.state} {row.error}"


def _rows(redis: Redis, seen: SocialEvidence) -> dict[tuple[str, str], Told]:
    pairs = [(uri, name) for uri in seen.wanted for name in seen.terms]
    with redis.pipeline(transaction=False) as pipe:
        for uri, name in pairs:
            pipe.hgetall(KEYS.of(uri, "delivery", name))
        hashes = pipe.execute()
    return dict(zip(pairs, map(_told, hashes), strict=True))


def _told(row: dict[bytes, bytes]) -> Told:
    words = {name.decode(): value.decode() for name, value in row.items()}
    return Told(
        int(words.get("want_version", "0")),
        words.get("want_op", ""),
        words.get("state", ""),
        words.get("proof", ""),
        words.get("error", ""),
        is_due=words.get("due_at", "0") != "0",
    )
