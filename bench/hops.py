"""Hops: what it costs to move an article over three of them, and how long it takes.

Each handler validates the whole article and emits the next event. One worker process runs all three
hops on an embedded Redis. Compare the ways within one run; figures of two machines do not compare.
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from redis import Redis
from rich.console import Console
from rich.table import Table

from bench import sample
from bench.hop_runs import Cost, Rate, produce, work
from bench.ways import WAYS, Way
from shared.embedded import EmbeddedRedis
from shared.redis_server import find_server, version_of

POLICIES = ("always", "everysec")
"""When Redis writes to the disk (`appendfsync`). The first is the one that wiredesk runs with."""

ROUNDS, QUICK_SHARE = 3, 50
STEADY, QUICK_STEADY = Rate(200, 2, 10), Rate(50, 0.1, 0.5)
MOST_WORKER_US, MOST_P99_MS = 300, 50


@contextmanager
def fresh_redis(policy: str) -> Iterator[str]:
    """The URL of an empty embedded Redis that writes to the disk by this policy."""
    with TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        with Redis.from_url(server.url) as redis:
            redis.config_set("appendfsync", policy)
            # A rewrite of the file in the middle of a run would be counted against that run.
            redis.config_set("auto-aof-rewrite-percentage", 0)
        yield server.url


def costs(*, quick: bool) -> dict[tuple[str, str], Cost]:
    """The median cost by way and policy. The ways take turns, so that all see the same machine."""
    runs: dict[tuple[str, str], list[Cost]] = {}
    with _processes(1) as pool:
        for _ in range(1 if quick else ROUNDS):
            for policy in _policies(quick=quick):
                for name, way in WAYS.items():
                    with fresh_redis(policy) as url:
                        task = pool.submit(work, name, url, _events(way, quick=quick), backlog=True)
                        runs.setdefault((name, policy), []).append(task.result())
    return {key: _median(of) for key, of in runs.items()}


def latency(policy: str, rate: Rate) -> tuple[list[float], Cost]:
    """Milliseconds of each counted event through our three hops at a steady rate, and its cost."""
    with _processes(2) as pool, fresh_redis(policy) as url:
        worker = pool.submit(work, "ours", url, rate.events, backlog=False)
        seconds = pool.submit(produce, url, rate).result()
        return [1000 * one for one in seconds], worker.result()


def _processes(count: int) -> ProcessPoolExecutor:
    # A forked worker would inherit the threads and the connections of this process.
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def _policies(*, quick: bool) -> tuple[str, ...]:
    return POLICIES[:1] if quick else POLICIES


def _events(way: Way, *, quick: bool) -> int:
    return way.events // QUICK_SHARE if quick else way.events


def _median(runs: list[Cost]) -> Cost:
    return Cost(
        median(run.per_second for run in runs),
        median(run.worker_us for run in runs),
        median(run.redis_us for run in runs),
    )


def _cost_table(figures: dict[tuple[str, str], Cost], *, quick: bool) -> Table:
    table = Table(title="three hops, full batches, one worker process", caption=_conditions())
    table.add_column("way", min_width=max(len(way.title) for way in WAYS.values()))
    table.add_column("fsync")
    for column in ("events", "worker\nµs", "ratio", "Redis\nµs", "events\n/s"):
        table.add_column(column, justify="right")
    for policy in _policies(quick=quick):
        table.add_section()
        base = figures["ours", policy].worker_us
        for name, way in WAYS.items():
            cost, events = figures[name, policy], f"{_events(way, quick=quick):,}"
            cells = (f"{cost.worker_us:,.0f}", f"{cost.worker_us / base:.2f}")
            more = (f"{cost.redis_us:,.0f}", f"{cost.per_second:,.0f}")
            table.add_row(way.title, policy, events, *cells, *more)
    table.add_section()
    table.add_row("target for the first", POLICIES[0], "", f"<= {MOST_WORKER_US}")
    return table


def _latency_table(rate: Rate, *, quick: bool) -> Table:
    title = f"three hops at {rate.per_second} events/s for {rate.seconds:g} s, milliseconds"
    table = Table(title=title, caption=_conditions())
    table.add_column("fsync")
    for column in ("p50", "p90", "p99", "max", "worker µs", "Redis µs"):
        table.add_column(column, justify="right")
    for policy in _policies(quick=quick):
        milliseconds, cost = latency(policy, rate)
        steps = quantiles(milliseconds, n=100)
        cells = [f"{one:.1f}" for one in (steps[49], steps[89], steps[98], max(milliseconds))]
        table.add_row(policy, *cells, f"{cost.worker_us:,.0f}", f"{cost.redis_us:,.0f}")
    table.add_section()
    table.add_row("target", "", "", f"<= {MOST_P99_MS}")
    return table


def _conditions() -> str:
    version = ".".join(map(str, version_of(find_server())))
    size = len(sample.article(0).model_dump_json(exclude_defaults=True).encode())
    load = os.getloadavg()[0]
    return f"Redis {version}, article {size:,} B, {os.cpu_count()} cores, load {load:.1f}"


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few events, one round, one policy")
    quick: bool = parser.parse_known_args()[0].quick
    console = Console()
    console.print(_cost_table(costs(quick=quick), quick=quick))
    console.print(_latency_table(QUICK_STEADY if quick else STEADY, quick=quick))


if __name__ == "__main__":
    main()
