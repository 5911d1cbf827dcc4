"""Social chaos: stories go to every platform of the sandbox while their carrier gets kill -9.

One post in twenty is taken and never answered. Then an oracle compares what stands there with what
was wanted. The harness is in `tests/chaos/social`, its short run in `tests/test_social_chaos.py`;
the seed that is printed repeats the plan. Ends with 1 when a promise was broken.
"""

import argparse
import sys
from pathlib import Path
from random import SystemRandom
from tempfile import mkdtemp

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos.social.plan import make_plan
from tests.chaos.social.report import report
from tests.chaos.social.run import run

STORIES, KILLS = 300, 20
QUICK_STORIES, QUICK_KILLS, QUICK_SPEED = 20, 4, 3.0
HIGHEST_SEED = 1_000_000
SETTLE_SECONDS = 900


def main() -> None:
    """Run and print the oracle's table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few stories, by a faster clock")
    parser.add_argument("--stories", type=int, help=f"stories, {STORIES} without it")
    parser.add_argument("--kills", type=int, help=f"kill -9, {KILLS} without it")
    parser.add_argument("--seed", type=int, help="of the plan; a random one without it")
    words, _ = parser.parse_known_args()
    stories = words.stories or (QUICK_STORIES if words.quick else STORIES)
    kills = words.kills if words.kills is not None else (QUICK_KILLS if words.quick else KILLS)
    seed = words.seed if words.seed is not None else SystemRandom().randrange(HIGHEST_SEED)
    plan = make_plan(seed, articles=stories, kills=kills)
    console, folder = Console(), Path(mkdtemp(prefix="wiredesk-social-chaos-"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"social chaos, seed {seed}", total=len(plan.sends))
        outcome = run(
            plan,
            folder,
            settle_seconds=SETTLE_SECONDS,
            tell=lambda done: progress.update(task, completed=done),
            speed=QUICK_SPEED if words.quick else 1.0,
        )
    console.print(report(outcome))
    console.print(f"what the processes said: {folder}")
    if outcome.findings:
        sys.exit(1)


if __name__ == "__main__":
    main()
