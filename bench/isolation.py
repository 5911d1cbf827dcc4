"""Isolation: one of 50 subscribers hangs, fails, drips or resets. What do the others feel?

A real `wiredesk publish` with an embedded Redis that syncs every write; articles are announced at a
steady rate, and each delivery counts from the announcement to its arrival. Well and sick stretches
take turns, so that both see the same machine, and each begins with a new one in the fiftieth place.
Its breaker is closed again and again, so that it is called as often as the rules ever allow.
"""

import argparse
import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic

from redis.asyncio import Redis
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.deliveries import HIRED_SECONDS, SUBSCRIBERS, announce, prepare, publishers
from bench.process import resident_mb
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.signature import new_secret
from shared.embedded import EmbeddedRedis
from shared.events import Event
from shared.redis import connect
from shared.streams import PUBLISHED, Keys
from tests.faults.receivers import Call, Receivers

SICKNESSES = ("hang", "fail", "drip", "reset")
PER_SECOND = 4.0
STRETCH_SECONDS, QUICK_SECONDS = 25.0, 1.0
INSIST_SECONDS = 3.0
WARM_UP_SECONDS = 5.0
SETTLE_SECONDS = 3.0
"""What is under way at the end of a stretch still counts for it."""
MORE_MS, MORE_SHARE, MOST_SLOTS, MOST_MB = 20.0, 0.05, 4, 20.0
LATE_MS = 1_000.0


@dataclass
class Stretch:
    """What was seen while the one receiver behaved in one way."""

    milliseconds: list[float] = field(default_factory=list)
    """Of each delivery to each of the others."""
    missing: int = 0
    calls: int = 0
    slots: int = 0
    megabytes: float = 0.0
    """The most memory of the publisher."""

    def percentile(self, number: int) -> float:
        return quantiles(self.milliseconds, n=100, method="inclusive")[number - 1]

    @property
    def late(self) -> int:
        return sum(one > LATE_MS for one in self.milliseconds)


class Session:
    """One installation, and what was seen of it so far, by behaviour."""

    def __init__(
        self, redis: Redis, receivers: Receivers, publisher: int, events: Iterator[Event]
    ) -> None:
        self._redis = redis
        self._receivers = receivers
        self._publisher = publisher
        self._events = events
        self._names = (f"subscriber-{number}" for number in count(SUBSCRIBERS - 1))
        self._one = next(self._names)
        self.seen: dict[str, Stretch] = {}

    async def stretch(self, behaviour: str, seconds: float) -> None:
        """Announce at a steady rate while a new one in the last place behaves so."""
        await self._replace_the_one(behaviour)
        before = len(self._receivers.calls())
        announced, memory = await self._announce(seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        calls = [call for call in self._receivers.calls()[before:] if call.uri in announced]
        seen = self.seen.setdefault(behaviour, Stretch())
        path = f"/{self._one}"
        others = [call for call in calls if call.path != path]
        seen.milliseconds += [1000 * (call.at - announced[call.uri]) for call in others]
        seen.missing += (SUBSCRIBERS - 1) * len(announced) - len(others)
        _count_sick(seen, [call for call in calls if call.path == path])
        seen.megabytes = max(seen.megabytes, memory)

    async def _replace_the_one(self, behaviour: str) -> None:
        destinations = Destinations(self._redis)
        await destinations.remove(self._one)
        self._one = next(self._names)
        self._receivers.tell(f"/{self._one}", behaviour)
        settings = {"url": f"{self._receivers.url}/{self._one}", "secrets": [new_secret()]}
        now = datetime.now(UTC)
        await destinations.add(
            Destination(name=self._one, channel="webhook", settings=settings, created=now)
        )
        await asyncio.sleep(HIRED_SECONDS)

    async def _announce(self, seconds: float) -> tuple[dict[str, float], float]:
        """When each article was announced, by uri; and the most memory meanwhile."""
        destinations, announced, memory = Destinations(self._redis), dict[str, float](), 0.0
        began = insisted = monotonic()
        while (now := monotonic()) < began + seconds:
            event = next(self._events)
            announced[event.article.uri] = now
            await announce(self._redis, Keys(), [event])
            if now - insisted > INSIST_SECONDS:
                await destinations.resume(self._one)
                insisted = now
            memory = max(memory, resident_mb(self._publisher))
            await asyncio.sleep(began + len(announced) / PER_SECOND - monotonic())
        return announced, memory


def _count_sick(seen: Stretch, calls: Sequence[Call]) -> None:
    seen.calls += len(calls)
    seen.slots = max([seen.slots, *(call.unanswered for call in calls)])


async def measure(seconds: float, progress: Progress) -> dict[str, Stretch]:
    """All stretches, by behaviour. Well ones stand before each sick one and at the end."""
    order = [*(one for sick in SICKNESSES for one in ("well", sick)), "well"]
    articles = int((seconds * len(order) + WARM_UP_SECONDS) * PER_SECOND) + len(order) + 2
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(EmbeddedRedis(folder / "redis"))
        receivers = stack.enter_context(Receivers(folder / "calls"))
        async with connect(server.url) as redis:
            events = iter(await prepare(redis, Keys(), receivers.url, articles))
            [publisher] = stack.enter_context(publishers(1, server.url, folder))
            await _until_it_reads(redis)
            session = Session(redis, receivers, publisher, events)
            task = progress.add_task("", total=len(order))
            await session.stretch("well", WARM_UP_SECONDS)
            session.seen.clear()
            for behaviour in order:
                progress.update(task, advance=1, description=behaviour)
                await session.stretch(behaviour, seconds)
            return session.seen


async def _until_it_reads(redis: Redis) -> None:
    async with asyncio.timeout(60):
        for stream in Keys().streams(PUBLISHED):
            while not await redis.exists(stream) or not await redis.xinfo_consumers(
                stream, "deliver"
            ):
                await asyncio.sleep(0.05)
        await asyncio.sleep(HIRED_SECONDS)


def is_passed(stretch: Stretch, well: Stretch) -> bool:
    """Whether the others did not feel it, and the sick one took no more than its share."""
    limit = max(well.percentile(99) + MORE_MS, well.percentile(99) * (1 + MORE_SHARE))
    fast = stretch.percentile(99) <= limit and not stretch.late and not stretch.missing
    small = stretch.slots <= MOST_SLOTS and stretch.megabytes - well.megabytes <= MOST_MB
    return fast and small


def _table(seen: dict[str, Stretch]) -> Table:
    load, well = os.getloadavg()[0], seen["well"]
    title = f"{SUBSCRIBERS - 1} well subscribers beside one, milliseconds of a delivery"
    table = Table(title=title, caption=f"{os.cpu_count()} cores, load {load:.1f}")
    table.add_column("the one", no_wrap=True)
    for column in ("count", "p50", "p99", "max", "late", "its calls", "slots", "MB", "well?"):
        table.add_column(column, justify="right")
    for name, one in seen.items():
        steps = (one.percentile(50), one.percentile(99), max(one.milliseconds))
        told = "" if one is well else "yes" if is_passed(one, well) else "no"
        counts = (f"{one.late + one.missing}", f"{one.calls:,}", f"{one.slots}")
        cells = (*(f"{step:.0f}" for step in steps), *counts, f"{one.megabytes:.0f}", told)
        table.add_row(name, f"{len(one.milliseconds):,}", *cells)
    table.add_section()
    limit = max(well.percentile(99) + MORE_MS, well.percentile(99) * (1 + MORE_SHARE))
    most = (f"{limit:.0f}", "", "0", "", f"{MOST_SLOTS}", f"{well.megabytes + MOST_MB:.0f}")
    table.add_row("at most", "", "", *most)
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short stretches")
    quick: bool = parser.parse_known_args()[0].quick
    console = Console()
    seconds = QUICK_SECONDS if quick else STRETCH_SECONDS
    with Progress(console=console, transient=True) as progress:
        seen = asyncio.run(measure(seconds, progress))
    console.print(_table(seen))


if __name__ == "__main__":
    main()
