"""RULE: the brakes of a destination: how fast first posts go out, and which are old news by now.

    brake           keeps back
    max_per_hour    the first post that would be one too many in any 60 minutes
    pace_seconds    a first post that would follow another one too soon
    max_age_hours   for good: a first post of an article published longer ago
    give_up_hours   for good: a first post that has waited longer

A kill meets no brake, nor does a correction of what stands there or may stand there: only what adds
a post is kept back. A first post that goes out takes a turn; to try the same article again within
the hour takes no second one, and moves its turn to now. What is kept back waits in line, longest
wanted first. Instants are milliseconds since 1970.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from services.publish.delivery.row import Row

SECOND, HOUR = 1_000, 3_600_000
IN_LINE = "waits in line"

Turns = Mapping[str, int]
"""By uri: when the last try of its first post went out."""


class Brakes(Protocol):
    """What a destination asks for."""

    @property
    def max_per_hour(self) -> int | None: ...
    @property
    def pace_seconds(self) -> float: ...
    @property
    def max_age_hours(self) -> float | None: ...
    @property
    def give_up_hours(self) -> float | None: ...


def is_braked(brakes: Brakes) -> bool:
    """Whether its first posts need turns."""
    return bool(brakes.max_per_hour or brakes.pace_seconds)


def needs_turn(row: Row) -> bool:
    """Whether the next call for this row adds a post there."""
    corrects = row.reached not in (0, row.want_version)
    return not row.is_kill and row.is_first and not corrects


def take(turns: Turns, uris: Sequence[str], brakes: Brakes, now: int) -> dict[str, int]:
    """The turns after as many of `uris` as may go now took theirs: those stand at `now`."""
    taken = _lately(turns, brakes, now)
    for uri in uris:
        others = {other: at for other, at in taken.items() if other != uri}
        if _opens_at(others, brakes) <= now:
            taken = {**others, uri: now}
    return taken


def opens_at(turns: Turns, brakes: Brakes, now: int) -> int:
    """When the first post of another article may go out; not later than `now` = at once."""
    return _opens_at(_lately(turns, brakes, now), brakes)


def wait_in_line(row: Row, brakes: Brakes, now: int) -> Row:
    """The row as it waits for its turn; `error` says why.

    The line lets it go. It is due in an hour all the same, so that nothing is lost with the line.
    """
    limits = []
    if brakes.max_per_hour:
        posts = "first post" if brakes.max_per_hour == 1 else "first posts"
        limits.append(f"at most {brakes.max_per_hour} {posts} an hour")
    if brakes.pace_seconds:
        limits.append(f"{brakes.pace_seconds:g} s between first posts")
    return replace(row, due_at=now + HOUR, error=f"{IN_LINE}: {', '.join(limits)}")


def leave_line(row: Row, now: int) -> Row:
    """The row when its turn has come: due as long as it was wanted."""
    if not row.error.startswith(IN_LINE):
        return row
    return replace(row, due_at=min(row.wanted_at, now), error="")


def is_in_line(row: Row, now: int) -> bool:
    """Whether a row that stands in line still belongs there: else it was sent, or wants no turn."""
    is_idle = row.state in ("waiting", "sending") and row.lease_until <= now
    return is_idle and needs_turn(row) and (row.due_at <= now or row.error.startswith(IN_LINE))


def give_up_after(row: Row, brakes: Brakes) -> int | None:
    """Milliseconds after it was wanted when a first post is old news; None = never."""
    limits = []
    if brakes.give_up_hours is not None:
        limits.append(int(brakes.give_up_hours * HOUR))
    if brakes.max_age_hours is not None and row.published_at:
        limits.append(row.published_at + int(brakes.max_age_hours * HOUR) - row.wanted_at)
    return min(limits) if limits and needs_turn(row) else None


def _lately(turns: Turns, brakes: Brakes, now: int) -> dict[str, int]:
    """The turns that still count. One from a clock that ran far ahead counts no more."""
    window = HOUR if brakes.max_per_hour else int(brakes.pace_seconds * SECOND)
    return {uri: at for uri, at in turns.items() if abs(now - at) < window}


def _opens_at(turns: Turns, brakes: Brakes) -> int:
    times = sorted(turns.values())
    opens = 0
    if brakes.max_per_hour and len(times) >= brakes.max_per_hour:
        opens = times[-brakes.max_per_hour] + HOUR
    if brakes.pace_seconds and times:
        opens = max(opens, times[-1] + int(brakes.pace_seconds * SECOND))
    return opens
