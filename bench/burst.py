"""Burst: a minute of ten times the normal rate, a story killed every second. How fast is it gone?

The harness and its short run are in `tests/faults`; this is the long one. What a normal rate is has
no single answer: two stories a second are 7,200 in an hour, more than any newspaper prints.
"""

import argparse
import asyncio
import os
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.burst import Seen, burst

NORMAL_PER_SECOND, TIMES = 2.0, 10
SECONDS, QUICK_SECONDS = 60.0, 5.0
MOST_SITE_SECONDS, MOST_WEBHOOK_SECONDS = 2.0, 5.0


async def measure(per_second: float, seconds: float, progress: Progress) -> Seen:
    """One run on an empty installation."""
    task = progress.add_task("burst", total=seconds)
    with TemporaryDirectory() as folder:
        async with burst(Path(folder)) as run:
            await run.run(per_second, seconds, lambda done: progress.update(task, completed=done))
            return run.seen


def _table(seen: Seen, per_second: float, seconds: float) -> Table:
    title = f"kills while {per_second:g} stories/s come for {seconds:g} s, seconds"
    memory = ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(seen.memory.items()))
    told = f"{len(seen.accepted):,} accepted, {seen.refused} asked to come back"
    drained = f"the last told {seen.drained:.1f} s after the burst"
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = Table(title=title, caption=f"{told}; {drained}\nmost MB: {memory}\n{machine}")
    table.add_column("")
    for column in ("count", "p50", "p99", "max", "at most"):
        table.add_column(column, justify="right")
    rows = (
        ("site and feeds without it", seen.site, f"{MOST_SITE_SECONDS:g}"),
        ("first webhook try of the kill", seen.webhooks, f"{MOST_WEBHOOK_SECONDS:g}"),
        ("other stories told to subscribers", seen.told, ""),
    )
    for name, times, most in rows:
        steps = quantiles(times, n=100, method="inclusive")
        cells = (f"{one:.2f}" for one in (steps[49], steps[98], max(times)))
        table.add_row(name, f"{len(times):,}", *cells, most)
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds")
    parser.add_argument("--normal", type=float, default=NORMAL_PER_SECOND, help="stories a second")
    words, _ = parser.parse_known_args()
    per_second, seconds = TIMES * words.normal, QUICK_SECONDS if words.quick else SECONDS
    console = Console()
    with Progress(console=console, transient=True) as progress:
        seen = asyncio.run(measure(per_second, seconds, progress))
    console.print(_table(seen, per_second, seconds))


if __name__ == "__main__":
    main()
