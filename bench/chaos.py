"""Chaos: a newsroom sends while services and Redis are killed with kill -9, and an oracle judges.

The harness and its short run are in `tests/chaos` and `tests/test_chaos.py`; this is the long one.
The seed that is printed repeats the plan. Ends with 1 when a promise was broken.
"""

import argparse
import sys
from pathlib import Path
from random import SystemRandom
from tempfile import mkdtemp

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos.plan import make_plan
from tests.chaos.report import report
from tests.chaos.run import run

ARTICLES, KILLS = 20_000, 200
QUICK_ARTICLES, QUICK_KILLS = 150, 9
HIGHEST_SEED = 1_000_000
GIVE_UP_SECONDS = 3_600


def main() -> None:
    """Run and print the oracle's table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few articles, one death a point")
    parser.add_argument("--articles", type=int, help=f"articles, {ARTICLES} without it")
    parser.add_argument("--kills", type=int, help=f"kill -9, {KILLS} without it")
    parser.add_argument("--seed", type=int, help="of the plan; a random one without it")
    words, _ = parser.parse_known_args()
    articles = words.articles or (QUICK_ARTICLES if words.quick else ARTICLES)
    kills = words.kills if words.kills is not None else (QUICK_KILLS if words.quick else KILLS)
    seed = words.seed if words.seed is not None else SystemRandom().randrange(HIGHEST_SEED)
    plan = make_plan(seed, articles=articles, kills=kills)
    console, folder = Console(), Path(mkdtemp(prefix="wiredesk-chaos-"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"chaos, seed {seed}", total=len(plan.sends))
        outcome = run(
            plan,
            folder,
            give_up_seconds=GIVE_UP_SECONDS,
            tell=lambda done: progress.update(task, completed=done),
        )
    console.print(report(outcome))
    console.print(f"what the services said: {folder}")
    if outcome.findings:
        sys.exit(1)


if __name__ == "__main__":
    main()
