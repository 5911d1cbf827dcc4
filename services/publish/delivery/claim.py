"""RULE: which row a worker may take now, and for what: a call, a look, or to write it off."""

from dataclasses import replace

from services.publish.delivery.caps import Way, may_repeat
from services.publish.delivery.row import LEASE_MS, Row, lose, park, turn

STRAGGLE_MS = 2_000
"""What a killed process has handed to its kernel may still arrive for so long."""
DOUBT = "nobody knows whether it arrived"
POISON_CLAIMS = 3
POISON_PAUSE_MS = 30_000
"""What ends its workers, and is not to be given up, goes on at a minute's distance at most."""


def claim(
    row: Row, now: int, way: Way, *, give_up_after: int | None = None, owner: str = ""
) -> Row | None:
    """The row for one worker to write, or None when it is not to be touched now.

    It comes back leased, `sending` for one call or in its own state for one look; or without a
    lease, `unknown` or `dead`: nothing is to be done. `give_up_after` milliseconds a put is old
    news, unless it corrects what stands there.
    """
    if not row.due_at or max(row.due_at, row.lease_until) > now:
        return None
    if row.state not in ("waiting", "sending"):
        return _leased(row, now, owner)
    free = _freed(row)
    leased = _leased(free, now, owner)
    if row.is_kill:
        return _sent_out(leased, now)
    if free.lost_version and not may_repeat(free, way.caps, now):
        if way.caps.finds:
            return looked_for(leased)
        if way.on_unknown == "hold":
            return park(free, "unknown", free.error or DOUBT)
    why_not = _why_not(row, now, give_up_after)
    return park(free, "dead", why_not) if why_not else _sent_out(leased, now)


def _why_not(row: Row, now: int, give_up_after: int | None) -> str:
    """Why a put must not be sent any more, or ""."""
    if row.claims >= POISON_CLAIMS:
        return f"{row.claims} workers ended during the call"
    if give_up_after is not None and row.is_first and now - row.wanted_at > give_up_after:
        return "old news by now"
    if row.expires_at and row.is_first and now >= row.expires_at:
        return "expired"
    return ""


def hand_back(row: Row, now: int) -> Row:
    """The row that was claimed and not called: as if it had not been claimed, and due at once."""
    free = replace(row, due_at=now, lease_until=0, claims=max(row.claims - 1, 0))
    if row.state != "sending":
        return free
    waiting = replace(free, state="waiting", attempt=max(row.attempt - 1, 0))
    return turn(waiting, now) if row.is_superseded else waiting


def freed(row: Row, now: int) -> Row | None:
    """The row whose worker has surely ended, to be claimed soon; None when that comes by itself.

    One that has ended several workers keeps its lease, and its pause.
    """
    soon = now + STRAGGLE_MS
    if row.lease_until <= soon or row.claims >= POISON_CLAIMS:
        return None
    return replace(row, lease_until=soon, due_at=soon)


def _freed(row: Row) -> Row:
    """The row without its lost worker, whose put may have arrived."""
    if row.state != "sending" or row.sending_op != "put":
        return row
    ended = replace(row, reached=row.sending_version, error="the worker ended during the call")
    return lose(ended)


def looked_for(row: Row) -> Row:
    """The row, for a look at the put that was lost."""
    return replace(
        row,
        state="unknown",
        sending_version=row.lost_version,
        sending_op="put",
        sending_since=row.lost_since,
        error=row.error or DOUBT,
        looks=0,
        misses=0,
    )


def _leased(row: Row, now: int, owner: str) -> Row:
    claims = row.claims + 1
    pause = POISON_PAUSE_MS if claims >= POISON_CLAIMS else 0
    return replace(
        row,
        claims=claims,
        epoch=row.epoch + 1,
        owner=owner,
        lease_until=now + LEASE_MS,
        due_at=now + LEASE_MS + pause,
    )


def _sent_out(row: Row, now: int) -> Row:
    """The leased row on its way with what it wants."""
    # What was taken away is not edited: the first try of what follows makes a new post.
    is_new = not row.is_kill and not row.reached and not row.attempt
    return replace(
        row,
        state="sending",
        sending_version=row.want_version,
        sending_op=row.want_op,
        sending_since=row.sending_since if row.sends == row.wants else now,
        attempt=row.attempt + 1,
        remote_id="" if is_new else row.remote_id,
    )
