"""RULE: the row after a call, or after a look, by what it came to.

    a put          done -> delivered
                   what was to be edited is missing -> waiting: it is posted anew
                   unknown, and it may not be repeated -> unknown: a look is due, or a person
                   the rest -> waiting, or dead when it is given up
    a kill         done -> delivered; proven, or a look is due
                   impossible -> waiting by the hour; before, what can be edited becomes a notice
                   the rest -> waiting; never dead
    a look for     there -> delivered, under the name it has there
      a lost put   missing twice -> waiting: it is sent again
    a look after   missing -> gone
      a kill       there -> another look; after a while it is taken away once more

A post that is looked for and not found is looked for twice, because it may still be on its way.
"""

from dataclasses import replace

from services.publish.delivery.caps import Way, is_nameless, may_repeat
from services.publish.delivery.row import LEASE_MS, Outcome, Row, clear, lose, park, turn
from services.publish.delivery.step import NAMELESS, step_of

FIRST_LOOK_MS = 5_000
"""After a call that was lost: what is still on its way should have arrived by then."""
FIRST_PROOF_MS = 1_000
"""After a kill that was taken."""
LOOKS_FOR_LOST = 2
LOOKS_FOR_KILLED = 5
"""So often what was taken away may still be seen before it is taken away again."""
HOUR_MS = 3_600_000
NOTICE = "it could not be deleted; a notice stands there now"


def settle(row: Row, outcome: Outcome, now: int, wait_ms: int | None, way: Way) -> Row:
    """The row after its call or look.

    `wait_ms` is the wait before another try (`retry.wait_after`), None = give up. Whatever the
    outcome, a version that became wanted meanwhile is sent next, at once.
    """
    if row.state != "sending":
        return _after_look(row, outcome, now, wait_ms, way)
    arrived = row.sending_op == "put" and outcome.reached
    reached = row.sending_version if arrived else row.reached
    free = replace(row, claims=0, lease_until=0, reached=reached)
    after = _after_kill if row.sending_op == "kill" else _after_put
    settled = after(free, outcome, now, wait_ms, way)
    return turn(settled, now) if row.is_superseded else settled


def _after_put(row: Row, outcome: Outcome, now: int, wait_ms: int | None, way: Way) -> Row:
    if outcome.verdict == "done":
        return _posted(row, outcome, now, way)
    if outcome.verdict == "missing":
        reached = row.reached if row.nameless else 0
        nothing = replace(row, sent_version=0, reached=reached, remote_id="", error=outcome.error)
        return replace(clear(nothing), state="waiting", due_at=now)
    is_lost = outcome.reached and outcome.verdict in ("unknown", "broken")
    lost = lose(row) if is_lost else row
    if outcome.verdict == "unknown" and not may_repeat(lost, way.caps, now):
        if way.caps.finds:
            unknown = park(lost, "unknown", outcome.error)
            return replace(unknown, due_at=now + FIRST_LOOK_MS, looks=0, misses=0)
        if way.on_unknown == "hold":
            return park(lost, "unknown", outcome.error)
    return _failed(lost, outcome, now, wait_ms)


def _after_kill(row: Row, outcome: Outcome, now: int, wait_ms: int | None, way: Way) -> Row:
    match outcome.verdict:
        case "done":
            return _taken(row, outcome, now, way)
        case "there":
            return _nameless_found(row, outcome, now)
        case "missing":
            return _nothing_nameless(row, outcome, now, way)
        case "impossible":
            return _impossible(row, outcome, now, way)
        case _:
            return _failed(row, outcome, now, wait_ms)


def _nameless_found(row: Row, outcome: Outcome, now: int) -> Row:
    """A post that had no known name stands there. It is taken away next."""
    return replace(
        clear(row),
        state="waiting",
        due_at=now,
        sent_version=row.lost_version or row.sent_version or row.reached,
        sent_op="put",
        remote_id=f"{row.remote_id} {outcome.remote_id}".strip(),
        misses=0,
    )


def _nothing_nameless(row: Row, outcome: Outcome, now: int, way: Way) -> Row:
    """Nothing was seen but what has a name. That is taken away next, if there is any."""
    if row.misses + 1 < LOOKS_FOR_LOST:
        wait = now + FIRST_LOOK_MS
        return replace(row, state="waiting", due_at=wait, misses=row.misses + 1)
    if row.remote_id:
        return replace(clear(row), state="waiting", due_at=now, nameless=0)
    return _taken(replace(row, nameless=0), replace(outcome, is_proof=True), now, way)


def _posted(row: Row, outcome: Outcome, now: int, way: Way) -> Row:
    """It stands there. What can be neither edited nor named again is one post more."""
    new = outcome.remote_id
    is_another = not row.is_first and not way.caps.edits and way.caps.idempotency != "name"
    names = f"{row.remote_id} {new}".strip() if is_another and new else new or row.remote_id
    is_another_lost = row.lost_version > 0 and not _is_settled(row, outcome, now, way)
    return replace(
        clear(_acknowledged(row, now)),
        reached=row.sending_version,
        remote_id=names,
        nameless=1 if is_another_lost else row.nameless,
    )


def _is_settled(row: Row, outcome: Outcome, now: int, way: Way) -> bool:
    """Whether the put that was lost before is the one that was found or taken now."""
    return outcome.verdict == "there" or may_repeat(row, way.caps, now)


def _acknowledged(row: Row, now: int) -> Row:
    return replace(
        row,
        state="delivered",
        due_at=0,
        sent_version=row.sending_version,
        sent_op=row.sending_op,
        sent_at=now,
        failing_since=0,
        error="",
    )


def _taken(row: Row, outcome: Outcome, now: int, way: Way) -> Row:
    """A kill was taken: a notice stands there now, or nothing does, or a look will tell."""
    if is_nameless(row, way.caps) and not outcome.is_proof:
        # What is known of was taken away; nobody can tell about the rest.
        return _impossible(replace(row, remote_id=""), Outcome("impossible", NAMELESS), now, way)
    taken = replace(clear(_acknowledged(row, now)), reached=0)
    if outcome.is_proof:
        return replace(taken, proof="gone", proven_at=now, nameless=0)
    if step_of(row, way.caps) == "notice":
        return replace(taken, proof="impossible", error=NOTICE)
    look_at = now + FIRST_PROOF_MS if way.caps.verifies else 0
    return replace(taken, proof="accepted", looks=0, due_at=look_at)


def _impossible(row: Row, outcome: Outcome, now: int, way: Way) -> Row:
    """A post that cannot be deleted is edited into a notice, if that can be done."""
    told = replace(row, proof="impossible")
    is_next = step_of(row, way.caps) == "delete" and step_of(told, way.caps) == "notice"
    return replace(
        told,
        state="waiting",
        due_at=now if is_next else now + HOUR_MS,
        error=outcome.error,
        failing_since=row.failing_since or now,
    )


def _failed(row: Row, outcome: Outcome, now: int, wait_ms: int | None) -> Row:
    is_kill = row.sending_op == "kill"
    told = is_kill and outcome.reached and row.proof != "impossible"
    failed = replace(
        row, failing_since=row.failing_since or now, proof="sent" if told else row.proof
    )
    if wait_ms is None and not is_kill:
        return park(failed, "dead", outcome.error)
    return replace(
        failed,
        state="waiting",
        due_at=now + (LEASE_MS if wait_ms is None else wait_ms),
        error=outcome.error,
        # What only a person or time can mend is no try of a put; a kill goes on at its distance.
        attempt=row.attempt - (not is_kill and (outcome.verdict == "stopped" or outcome.is_pause)),
    )


def _after_look(row: Row, outcome: Outcome, now: int, wait_ms: int | None, way: Way) -> Row:
    later = now + (LEASE_MS if wait_ms is None else wait_ms)
    looked = replace(row, claims=0, lease_until=0, looks=row.looks + 1, due_at=later)
    if row.state != "unknown":
        return _after_look_for_killed(looked, outcome, now)
    if outcome.verdict == "there":
        posted = _posted(looked, outcome, now, way)
        return turn(posted, now) if row.is_superseded else posted
    if outcome.verdict == "missing":
        return _not_found(replace(looked, misses=row.misses + 1), now, wait_ms)
    return replace(looked, error=outcome.error)


def _not_found(row: Row, now: int, wait_ms: int | None) -> Row:
    if row.misses < LOOKS_FOR_LOST:
        return replace(row, due_at=now + FIRST_LOOK_MS)
    if wait_ms is None:
        return park(clear(row), "dead", row.error)
    return replace(clear(row), state="waiting")


def _after_look_for_killed(row: Row, outcome: Outcome, now: int) -> Row:
    if outcome.verdict == "missing":
        return replace(row, due_at=0, reached=0, proof="gone", proven_at=now, error="")
    if outcome.verdict != "there":
        return replace(row, error=outcome.error)
    still = replace(row, error="it can still be seen there", reached=row.want_version)
    if row.state == "delivered" and row.looks < LOOKS_FOR_KILLED:
        return still
    return replace(still, state="waiting", due_at=now)
