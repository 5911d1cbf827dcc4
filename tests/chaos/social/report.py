"""What a social run tells: each destination's account, the oracle's table, who died where."""

from collections import Counter

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.chaos.report import deaths
from tests.chaos.social.evidence import Terms
from tests.chaos.social.oracle import KINDS, accounts
from tests.chaos.social.plan import OURS
from tests.chaos.social.run import Outcome

MOST_FINDINGS = 20


def report(outcome: Outcome) -> RenderableType:
    """For a terminal."""
    findings = [
        f"{one.kind}: {one.destination} {one.uri} {one.detail}".rstrip()
        for one in outcome.findings[:MOST_FINDINGS]
    ]
    left = len(outcome.findings) - len(findings)
    more = [f"… and {left} more"] if left > 0 else []
    words = Text("\n".join([*findings, *more]), "red")
    points = deaths(outcome.dead, outcome.points, outcome.missed, dict.fromkeys(OURS))
    return Group(_accounts(outcome), _verdict(outcome), points, words)


def _accounts(outcome: Outcome) -> Table:
    table = Table(title=f"social chaos, seed {outcome.seed}")
    for column in ("where", "in doubt"):
        table.add_column(column)
    columns = ("posts", "standing", "unanswered", "doubled", "unknown", "left")
    for column in columns:
        table.add_column(column, justify="right")
    seen = outcome.evidence
    for name, one in accounts(seen).items():
        counts = (one.made, one.standing, seen.unanswered.get(name, 0))
        ends = (one.duplicates, one.unknown, one.impossible)
        table.add_row(name, _way(seen.terms[name]), *(f"{count}" for count in (*counts, *ends)))
    killed = sum(wanted.is_killed for wanted in seen.wanted.values())
    table.caption = (
        f"{len(seen.wanted)} stories, {killed} of them killed, {seen.crashes} crashes of the "
        f"carrier; {outcome.seconds:.0f} s, of which {outcome.settle_seconds:.0f} s to settle"
    )
    return table


def _way(terms: Terms) -> str:
    if not terms.is_blind:
        return "same again" if terms.has_key_only else "known"
    return "sent again" if terms.resends else "asks"


def _verdict(outcome: Outcome) -> Table:
    table = Table("broken promise", "how many")
    counts = Counter(finding.kind for finding in outcome.findings)
    for kind in KINDS:
        table.add_row(kind, f"{counts[kind]}", style="bold red" if counts[kind] else "")
    return table
