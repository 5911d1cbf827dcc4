"""What a run tells: the oracle's table, who died where, and the seed that repeats the plan."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.chaos.crash_points import POINTS, Point
from tests.chaos.oracle import KINDS
from tests.chaos.plan import Death, Victim
from tests.chaos.run import Outcome

MOST_FINDINGS = 20


def report(outcome: Outcome) -> RenderableType:
    """For a terminal."""
    findings = [
        f"{one.kind}: {one.uri} {one.where} {one.detail}".rstrip()
        for one in outcome.findings[:MOST_FINDINGS]
    ]
    left = len(outcome.findings) - len(findings)
    more = [f"… and {left} more"] if left > 0 else []
    points = deaths(outcome.dead, outcome.points, outcome.missed, POINTS)
    return Group(_verdict(outcome), points, Text("\n".join([*findings, *more]), "red"))


def _verdict(outcome: Outcome) -> Table:
    table = Table("what", "how many", title=f"chaos, seed {outcome.seed}")
    table.caption = f"{outcome.seconds:.0f} s, of which {outcome.settle_seconds:.0f} s to settle"
    answers = outcome.evidence.answers
    ids = Counter(notice.id for notice in outcome.evidence.notices)
    rows = {
        "acknowledged": len(answers),
        "… only after several tries": sum(answer.tries > 1 for answer in answers),
        "webhooks received": len(outcome.evidence.notices),
        "… repeated under their id": len(outcome.evidence.notices) - len(ids),
        "pages and lists looked at": len(outcome.evidence.pages) + len(outcome.evidence.listings),
    }
    for what, count in rows.items():
        table.add_row(what, f"{count:,}")
    table.add_section()
    counts = Counter(finding.kind for finding in outcome.findings)
    for kind in KINDS:
        table.add_row(kind, f"{counts[kind]:,}", style="bold red" if counts[kind] else "")
    return table


def deaths(
    dead: Counter[Victim], at: Counter[Point], missed: Sequence[Death], points: Iterable[Point]
) -> Table:
    """Who was killed how often, and at which of the points."""
    table = Table("kill -9", "how many")
    for victim, count in sorted(dead.items()):
        table.add_row(victim, f"{count}")
    table.add_section()
    for point in points:
        table.add_row(f"… {point}", f"{at[point]}")
    table.add_row("… point never reached", f"{len(missed)}")
    return table
