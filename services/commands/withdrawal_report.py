"""How far a withdrawal has come, place by place: for a person, and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from services.commands.deliveries import Post
from services.commands.terminal import plain
from services.publish.delivery.proof import OUTLETS, Removal, Withdrawal, is_over, removals

STYLES = {"accepted": "green", "gone": "green", "impossible": "red"}


@dataclass(frozen=True)
class Report:
    """A withdrawal and all its places at one moment."""

    withdrawal: Withdrawal
    places: Sequence[Removal]

    @property
    def is_over(self) -> bool:
        """Whether every place is proven, or acknowledged by a person."""
        return is_over(self.withdrawal, self.places)


async def read_report(post: Post, uri: str) -> Report | None:
    """The report of the last withdrawal of an article; None when it was never withdrawn."""
    withdrawal = await post.withdrawals.read(uri)
    if withdrawal is None:
        return None
    known = await post.destinations.all()
    rows = await post.ledger.of_article(uri)
    return Report(withdrawal, removals(withdrawal, rows, known.keys()))


def as_document(report: Report) -> dict[str, Any]:
    """The report as JSON: instants in RFC 3339, None for what did not happen."""
    told = [_as_document(place) for place in report.places]
    withdrawal = report.withdrawal
    last = max((place.proven_at or place.accepted_at for place in report.places), default=0)
    return {
        "uri": withdrawal.uri,
        "version": withdrawal.version,
        "reason": withdrawal.reason,
        "accepted": _instant(withdrawal.accepted_at),
        "is_done": report.is_over,
        "seconds": (last - withdrawal.accepted_at) / 1_000 if report.is_over else None,
        "outlets": [one for one in told if one["destination"] in OUTLETS],
        "deliveries": [one for one in told if one["destination"] not in OUTLETS],
    }


def as_table(report: Report) -> Group:
    """The report for a person, with what is left to do below it."""
    table = Table("place", "proof", "after", "tries", "remark")
    table.columns[0].overflow = "fold"  # people copy it
    for place in report.places:
        remark = place.acknowledged and f"acknowledged: {place.acknowledged}"
        table.add_row(
            plain(place.place),
            plain(place.proof, STYLES.get(place.proof, "yellow")),
            _after(report.withdrawal, place),
            str(place.tries or ""),
            plain(remark or place.error),
        )
    return Group(table, *_left(report))


def _left(report: Report) -> Iterator[Text]:
    if not report.withdrawal.is_planned:
        yield plain("not written down for the destinations yet: see wiredesk status", "yellow")
    for place in report.places:
        if not place.is_done:
            yield plain(f"{place.place}: {todo(report.withdrawal.uri, place)}", "yellow")


def todo(uri: str, place: Removal) -> str:
    """What a person can do about a place that is outstanding."""
    if place.place in OUTLETS:
        return "still to be seen; does publish run, and may it write? see wiredesk status"
    if place.proof == "impossible":
        return f"call them; then: wiredesk acknowledge {uri} --to {place.place} --reason TEXT"
    if place.proof == "accepted":
        return "it said yes, and is looked at until nothing is left"
    if place.called_at:
        return f"is told again and again; see wiredesk destinations log {place.place}"
    return "not told yet; does publish run? see wiredesk status"


def _as_document(place: Removal) -> dict[str, Any]:
    told = asdict(place)
    told["destination"] = told.pop("place")
    for name in ("called_at", "accepted_at", "proven_at"):
        told[name] = _instant(told[name]) if told[name] else None
    return told


def _after(withdrawal: Withdrawal, place: Removal) -> str:
    """How long after its acceptance the place was proven, else accepted."""
    at = place.proven_at or place.accepted_at
    return f"{max(0, at - withdrawal.accepted_at) / 1_000:.1f} s" if at else ""


def _instant(millis: int) -> str:
    when = datetime.fromtimestamp(millis / 1_000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
