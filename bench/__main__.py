"""Measure wiredesk: each benchmark prints a table, with its target and its peers beside it."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

BENCHMARKS = {
    "hops": "the way between services: CPU of three hops beside FastStream and redis-py; latency",
    "deliveries": "signed webhooks to 50 subscribers: how many a second, and what each one costs",
    "isolation": "one of 50 subscribers hangs, fails, drips or resets: what do the others feel?",
    "burst": "kills under ten times the normal rate: how fast is the story gone everywhere?",
    "embargo": "how late a hundred stories leave whose embargo ends in the same moment",
    "chaos": "20,000 articles, 200 kill -9 and an oracle: about ten minutes, only by name",
    "social_chaos": "300 stories to every platform, 20 kill -9, an oracle: minutes, only by name",
    "enrich": "tags and related links: quality on public data (--data DIR), and speed",
}
BY_NAME_ALONE = {"chaos", "social_chaos"}
EXAMPLES = """\
examples:
  python -m bench                        all but the chaos, a quarter of an hour on a quiet machine
  python -m bench --quick hops           does it run? the figures say little
  python -m bench enrich --data DIR      with the data sets in DIR
  python -m bench enrich --gold dev tune the articles of these sets alone, in seconds
  python -m bench chaos --seed 7         the plan of seed 7 once more
"""


def main() -> None:
    """Run the named benchmarks, or all that take minutes."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog="benchmarks:\n"
        + "".join(f"  {name:11}{what}\n" for name, what in BENCHMARKS.items())
        + f"\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which ones; all but chaos without"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny numbers, where there is a choice"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of data sets, for enrich")
    parser.add_argument("--gold", nargs="+", metavar="SET", help="sets of the gold set, for enrich")
    for option, what in {
        "articles": "deliveries, chaos",
        "stories": "social_chaos",
        "kills": "chaos, social_chaos",
        "seed": "chaos, social_chaos",
    }.items():
        parser.add_argument(f"--{option}", type=int, metavar="N", help=f"for {what}")
    names: list[str] = parser.parse_args().names
    for name in names:
        if name not in BENCHMARKS:
            parser.error(f"{name}: no such benchmark; there are {', '.join(BENCHMARKS)}")
    for name in names or [name for name in BENCHMARKS if name not in BY_NAME_ALONE]:
        run: Callable[[], None] = import_module(f"bench.{name}").main
        run()


if __name__ == "__main__":
    main()
