"""RULE: what a person may do to a row: have it sent again, or say that it is dealt with."""

from dataclasses import replace

from services.publish.delivery.caps import Way, may_repeat
from services.publish.delivery.claim import looked_for
from services.publish.delivery.row import Row, clear, park, turn


def replay(row: Row, now: int, way: Way, *, force: bool = False) -> Row | None:
    """The row to be sent again, or None when there is nothing to send again, or it is under way.

    It goes under the same key, so that a receiver which has it drops it, and what may have arrived
    is first looked for where that can be done. `force` sends also what was delivered, under a new
    key: it may be shown twice.
    """
    if not (_is_undelivered(row) or (force and row.state == "delivered")):
        return None
    again = replace(
        _taken_from_its_worker(row), due_at=now, attempt=0, failing_since=0, acknowledged=""
    )
    if not row.is_kill:
        again = replace(again, wanted_at=now)  # it is news again
    if not force and _may_be_seen_twice(row, now, way) and way.caps.finds:
        return looked_for(again)
    if _may_be_seen_twice(row, now, way):
        again = replace(clear(again), nameless=1)
    if force:
        again = replace(clear(again), copy=row.copy + 1, sending_since=now)
    return replace(again, state="waiting")


def acknowledge(row: Row, reason: str, now: int, remote_id: str = "") -> Row | None:
    """The row that a person has looked after, or None when it needs nobody.

    A kill that is not proven ends, and nobody is alarmed any more. A put of which nobody knew
    whether it arrived has arrived, under `remote_id` where the platform names its posts.
    """
    free = _taken_from_its_worker(row)
    if row.is_kill:
        needs = row.due_at and row.state in ("waiting", "delivered", "cancelled")
        return replace(park(free, "dead", row.error), acknowledged=reason) if needs else None
    if row.state != "unknown":
        return None
    found = replace(
        clear(free),
        state="delivered",
        due_at=0,
        sent_version=row.sending_version,
        sent_op="put",
        sent_at=now,
        reached=row.sending_version,
        remote_id=remote_id or row.remote_id,
        error="",
    )
    return turn(found, now) if row.is_superseded else found


def _may_be_seen_twice(row: Row, now: int, way: Way) -> bool:
    return row.lost_version > 0 and not row.is_kill and not may_repeat(row, way.caps, now)


def _is_undelivered(row: Row) -> bool:
    fails = row.state == "waiting" and row.failing_since > 0
    return fails or row.state in ("unknown", "dead")


def _taken_from_its_worker(row: Row) -> Row:
    """What a look that is under way sees does not count any more."""
    return replace(row, claims=0, lease_until=0, epoch=row.epoch + 1)
