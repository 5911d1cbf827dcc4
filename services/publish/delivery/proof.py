"""RULE: how far a withdrawal has come at each place, when that is proven, and when it is late.

    proof        means                                                  proven when
    waiting      nobody has been told yet
    sent         told, and it has not said yes
    accepted     it said yes                                            nobody can look there
    gone         looked up: nothing of the story stands there           yes
    impossible   it cannot be taken away                                a notice stands in its place

A place is the website, the feeds with everything else that lists stories, or a destination. Once a
person has acknowledged that one cannot be proven, nobody waits for it any more. Deadlines count
from the instant at which ingest accepted the withdrawal:

    website, feeds            2 s    gone
    a webhook, any other      5 s, 10 s    told for the first time
    every place               [withdrawals] proof_seconds, and a day    proven
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.publish.delivery.row import Row

Deadline = Literal["live", "call", "proof", "day"]
WEBSITE, FEEDS = "website", "feeds"
OUTLETS = (WEBSITE, FEEDS)
"""Our own places."""
LIVE_MS = 2_000
CALL_MS: Mapping[str, int] = {"webhook": 5_000}
SLOWEST_CALL_MS = 10_000
DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A killed or withheld story on its way out. Instants are milliseconds since 1970."""

    uri: str
    version: int
    accepted_at: int
    reason: str = ""
    planned: int = 0
    """The version up to which every destination has been written down."""
    website_at: int = 0
    """When the website was seen without it; 0 = not yet."""
    feeds_at: int = 0
    proven_at: int = 0
    """When the last place was proven; 0 = something is outstanding."""

    @property
    def is_planned(self) -> bool:
        return self.planned >= self.version


@dataclass(frozen=True, slots=True)
class Removal:
    """How far a withdrawal has come at one place. Instants are 0 as long as it did not happen."""

    place: str
    proof: str
    is_done: bool = False
    tries: int = 0
    called_at: int = 0
    accepted_at: int = 0
    proven_at: int = 0
    remote_id: str = ""
    error: str = ""
    acknowledged: str = ""


def removals(withdrawal: Withdrawal, rows: Sequence[Row], known: Collection[str]) -> list[Removal]:
    """Every place, our own first. `known` are the names of the destinations there are."""
    own = ((WEBSITE, withdrawal.website_at), (FEEDS, withdrawal.feeds_at))
    found = [
        Removal(name, "gone" if at else "waiting", is_done=at > 0, accepted_at=at, proven_at=at)
        for name, at in own
    ]
    killed = {row.destination: row for row in rows if _is_killed(row, withdrawal)}
    names = {row.destination for row in rows} | (set() if withdrawal.is_planned else {*known})
    return found + [
        _removal(killed[name], is_known=name in known)
        if name in killed
        else Removal(name, "waiting")
        for name in sorted(names)
    ]


def is_over(withdrawal: Withdrawal, places: Sequence[Removal]) -> bool:
    """Whether there is nothing left to wait for."""
    return withdrawal.is_planned and all(place.is_done for place in places)


def overdue(
    withdrawal: Withdrawal,
    places: Sequence[Removal],
    channels: Mapping[str, str],
    now: int,
    proof_ms: int,
) -> Iterator[tuple[Removal, Deadline]]:
    """What is late, and by which deadline. `channels` are those of the destinations, by name."""
    age = now - withdrawal.accepted_at
    for place in places:
        if place.is_done:
            continue
        if place.place in OUTLETS and age > LIVE_MS:
            yield place, "live"
        elif not place.called_at and age > _call_ms(place, channels):
            yield place, "call"
        if age > proof_ms:
            yield place, "proof"
        if age > DAY_MS:
            yield place, "day"


def _call_ms(place: Removal, channels: Mapping[str, str]) -> int:
    if place.place in OUTLETS:
        return DAY_MS
    return CALL_MS.get(channels.get(place.place, ""), SLOWEST_CALL_MS)


def _is_killed(row: Row, withdrawal: Withdrawal) -> bool:
    return row.is_kill and row.want_version >= withdrawal.version


def _removal(row: Row, *, is_known: bool) -> Removal:
    is_done = row.state in ("delivered", "cancelled", "dead") and not row.due_at
    was_called = row.sending_op == "kill" and row.sending_version == row.want_version
    is_taken = row.sent_op == "kill" and row.state in ("delivered", "cancelled")
    return Removal(
        row.destination,
        _proof(row, is_done=is_done, is_known=is_known),
        is_done,
        tries=row.attempt,
        called_at=row.sending_since if was_called else 0,
        accepted_at=row.sent_at if is_taken else 0,
        proven_at=row.proven_at,
        remote_id=row.remote_id,
        error=row.error or ("" if is_known or is_done else "the destination was removed"),
        acknowledged=row.acknowledged,
    )


def _proof(row: Row, *, is_done: bool, is_known: bool) -> str:
    """A destination that was removed while it had the story cannot be told."""
    return row.proof or "waiting" if is_done or is_known else "impossible"
