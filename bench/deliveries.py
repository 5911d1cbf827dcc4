"""Deliveries: how many signed webhooks a second reach their receivers, and what each one costs.

Real `wiredesk publish` processes with their pages already on disk, an embedded Redis that syncs
every write, and one receiver process on loopback that answers 204 at once. The clock runs from the
first `article.published` to the last webhook: planning, claim, signature, call and settlement.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import sample
from bench.loopback import Loopback
from bench.process import cpu_seconds, resident_mb
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.signature import new_secret
from services.publish.desk import Desk
from shared.embedded import EmbeddedRedis
from shared.events import Event
from shared.redis import connect
from shared.streams import PUBLISHED, Keys

SUBSCRIBERS, ARTICLES, QUICK_ARTICLES = 50, 2_000, 20
WORKERS = (1, 2)
GOAL = 1_500
COLUMNS = (
    "publish",
    "calls",
    "distinct",
    "\n/s",
    "work\nµs",
    "Redis\nµs",
    "recv.\nµs",
    "MB\nbegin",
    "\nhalf",
    "\nend",
)
LOOK_SECONDS = 0.05
GIVE_UP_SECONDS = 600
HIRED_SECONDS = 1.0
"""Couriers are hired twice a second."""


@dataclass(frozen=True)
class Run:
    """One run. CPU is in microseconds for one delivery; memory in MB, of the largest worker."""

    workers: int
    deliveries: int
    distinct: int
    seconds: float
    worker_us: float
    redis_us: float
    receiver_us: float
    rss_begin: float
    rss_half: float
    rss_end: float

    @property
    def per_second(self) -> float:
        return self.deliveries / self.seconds


@contextmanager
def publishers(count: int, redis_url: str, folder: Path) -> Iterator[list[int]]:
    """Process ids of real publish processes, with ports of their own and one website."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WIREDESK_")},
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_SITE__FOLDER": str(folder / "site"),
        "WIREDESK_SITE__BASE_URL": "http://news.example",
        "WIREDESK_PUBLISH__PORT": "0",
        "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
        "WIREDESK_LOGS__LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "services", "publish"]
    with ExitStack() as stack:
        started = []
        for number in range(count):
            log = stack.enter_context((folder / f"publish-{number}.log").open("w"))
            process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            started.append(process.pid)
        yield started


async def prepare(redis: Redis, keys: Keys, url: str, articles: int) -> list[Event]:
    """Subscribe everybody, and put the articles on the desk; their pages count as built."""
    now = datetime.now(UTC)
    for number in range(SUBSCRIBERS):
        settings = {"url": f"{url}/{number}", "secrets": [new_secret()]}
        name = f"subscriber-{number}"
        await Destinations(redis).add(
            Destination(name=name, channel="webhook", settings=settings, created=now)
        )
    desk = Desk(redis, keys, ZoneInfo("Asia/Taipei"))
    events = []
    for number in range(articles):
        row = (await desk.put(sample.article(number), now)).row
        events += [Event.begin(PUBLISHED, row.article, now)] if row.article else []
    await redis.delete(*keys.every("dirty"))
    return events


async def announce(redis: Redis, keys: Keys, events: Sequence[Event]) -> None:
    """Emit `article.published` of all of them at once."""
    async with redis.pipeline(transaction=False) as pipe:
        for event in events:
            stream = keys.stream(PUBLISHED, event.lane, keys.partition(event.article.uri))
            pipe.execute_command("XADD", stream, "*", *event.fields())
        await pipe.execute()


async def measure(workers: int, articles: int, progress: Progress) -> Run:
    """One run on an empty Redis. Raises TimeoutError when the deliveries do not come through."""
    keys, wanted = Keys(), SUBSCRIBERS * articles
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(EmbeddedRedis(folder / "redis"))
        receiver = stack.enter_context(Loopback(folder / "receiver.json"))
        redis = connect(server.url)
        events = await prepare(redis, keys, receiver.url, articles)
        processes = stack.enter_context(publishers(workers, server.url, folder))
        await _until_at_work(redis, keys, workers)
        busy = [*processes, server.pid or 0, receiver.pid]
        before, rss = list(map(cpu_seconds, busy)), [_rss(processes)]
        task = progress.add_task(f"{workers} publish", total=wanted)
        began = monotonic()
        await announce(redis, keys, events)
        while (arrived := receiver.count()) < wanted:
            progress.update(task, completed=arrived)
            if len(rss) == 1 and arrived * 2 >= wanted:
                rss.append(_rss(processes))
            if monotonic() - began > GIVE_UP_SECONDS:
                raise TimeoutError(f"{arrived} of {wanted} webhooks in {GIVE_UP_SECONDS} s")
            await asyncio.sleep(LOOK_SECONDS)
        seconds = monotonic() - began
        progress.update(task, completed=wanted)
        await _until_settled(redis, keys)
        used = [cpu_seconds(pid) - was for pid, was in zip(busy, before, strict=True)]
        micro = [1e6 * one / wanted for one in (sum(used[:-2]), *used[-2:])]
        rss = [*rss, *([rss[0]] if len(rss) == 1 else []), _rss(processes)]
        await redis.aclose()
        return Run(workers, receiver.count(), receiver.distinct(), seconds, *micro, *rss)


async def _until_at_work(redis: Redis, keys: Keys, workers: int) -> None:
    async with asyncio.timeout(GIVE_UP_SECONDS):
        for stream in keys.streams(PUBLISHED):
            while not await redis.exists(stream):
                await asyncio.sleep(LOOK_SECONDS)
            while len(await redis.xinfo_consumers(stream, "deliver")) < workers:
                await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(HIRED_SECONDS)


async def _until_settled(redis: Redis, keys: Keys) -> None:
    """Wait until nothing is due any more: the last receipts are written after their calls."""
    due = [k for n in range(SUBSCRIBERS) for k in keys.every("due", f"subscriber-{n}")]
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while any([await redis.zcard(key) for key in due]):
            await asyncio.sleep(LOOK_SECONDS)


def _rss(processes: Sequence[int]) -> float:
    return max(map(resident_mb, processes))


def _table(runs: Sequence[Run]) -> Table:
    load = os.getloadavg()[0]
    title = f"signed webhooks to {SUBSCRIBERS} subscribers, one receiver process"
    table = Table(title=title, pad_edge=False, caption=f"{os.cpu_count()} cores, load {load:.1f}")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        cells = (run.worker_us, run.redis_us, run.receiver_us)
        memory = (run.rss_begin, run.rss_half, run.rss_end)
        table.add_row(
            f"{run.workers}",
            f"{run.deliveries:,}",
            f"{run.distinct:,}",
            f"{run.per_second:,.0f}",
            *(f"{one:,.0f}" for one in (*cells, *memory)),
        )
    table.add_section()
    table.add_row("goal", "", "", f"{GOAL:,}", "", "", "", "", "", "flat")
    return table


def main() -> None:
    """Measure with one and with two publish processes, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few articles, one process")
    parser.add_argument("--workers", type=int, action="append", help="publish processes")
    parser.add_argument("--articles", type=int, help=f"articles, {ARTICLES} without it")
    words, _ = parser.parse_known_args()
    articles = words.articles or (QUICK_ARTICLES if words.quick else ARTICLES)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        counts = words.workers or (WORKERS[:1] if words.quick else WORKERS)
        runs = [asyncio.run(measure(count, articles, progress)) for count in counts]
    console.print(_table(runs))


if __name__ == "__main__":
    main()
