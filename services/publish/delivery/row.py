"""RULE: one row per (article, destination), and how it changes.

    waiting --claim--> sending --settle--> delivered | waiting (later) | unknown | dead
       ^                  |
       |                  +--lease ran out, claim--> sending | unknown | dead
       |                  +--hand back: no call was made--> waiting
       +------ want, replay: from every other state, at any moment

    cancelled   killed while nothing of it can stand at the destination; refuses late puts
    unknown     sent, and nobody knows whether it arrived; the channel or a person looks, and
                settles it. A newer put waits for that, a kill does not
    dead        refused for good, or tried long enough; a kill is never dead

A row always wants the newest version only: what was wanted before is superseded, never sent. Every
change is made on a copy and written by compare-and-set on `rev`. A worker settles the row as it
stands after its call, and only while `epoch` is still that of its claim: once somebody else has
claimed the row, it can write nothing. Instants are milliseconds since 1970.
"""

from dataclasses import dataclass, replace
from typing import Literal

Op = Literal["put", "kill"]
State = Literal["waiting", "sending", "delivered", "unknown", "dead", "cancelled"]
Proof = Literal["", "sent", "accepted", "gone", "impossible"]

OPS: tuple[Op, Op] = ("put", "kill")
LEASE_MS = 30_000
"""Longer than any call may take; afterwards the row may be claimed by somebody else."""
POISON_CLAIMS = 3
POISON_PAUSE_MS = 5 * 60_000
"""A kill that ends its workers goes on, but no faster than this."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one destination has of one article, and what it should have."""

    uri: str
    destination: str
    want_version: int
    want_op: Op
    wanted_at: int
    """When the version that is wanted was accepted: deadlines count from here."""
    published_at: int = 0
    """When readers could first see the article, as far as it says so; 0 = unknown."""
    expires_at: int = 0
    """From when on it is no news for who does not have it; 0 = never."""
    state: State = "waiting"
    sent_version: int = 0
    """What the destination last acknowledged; 0 = nothing yet."""
    sent_op: Op = "put"
    sending_version: int = 0
    """The version of the last claim, whatever became of it; 0 = there was none."""
    sending_op: Op = "put"
    reached: int = 0
    """The last version that may have arrived since the last acknowledged kill, the call under way
    apart; 0 = none."""
    attempt: int = 0
    """Calls for the wanted version so far."""
    claims: int = 0
    """Claims since the last outcome: three without one mean that the row kills its worker."""
    epoch: int = 0
    """All claims so far. It names the lease."""
    due_at: int = 0
    lease_until: int = 0
    owner: str = ""
    """Who claimed it last: a name that no other courier has."""
    remote_id: str = ""
    error: str = ""
    failing_since: int = 0
    proof: Proof = ""
    rev: int = 0

    @property
    def wants(self) -> tuple[int, int]:
        """The order of what is wanted: version first, and a kill beats a put of the same."""
        return self.want_version, OPS.index(self.want_op)

    @property
    def is_kill(self) -> bool:
        return self.want_op == "kill"

    @property
    def is_first(self) -> bool:
        """Whether no acknowledged post stands at the destination."""
        return self.sent_version == 0 or self.sent_op == "kill"

    @property
    def is_superseded(self) -> bool:
        """Whether something else is wanted by now than was claimed."""
        return self.wants != (self.sending_version, OPS.index(self.sending_op))

    @property
    def may_have_it(self) -> bool:
        """Whether any version may stand at the destination. In doubt it does."""
        return self.reached > 0 or (self.state == "sending" and self.sending_op == "put")


def want(row: Row | None, wanted: Row) -> Row | None:
    """The row that wants what `wanted` does, or None when nothing changes.

    A kill for a destination that never got anything needs no call; its row stays as the tombstone
    that refuses a put which the kill has overtaken.
    """
    if row is None:
        return _turn(wanted, wanted.due_at) if wanted.is_kill else wanted
    if wanted.wants <= row.wants:
        return None
    newer = replace(
        row,
        want_version=wanted.want_version,
        want_op=wanted.want_op,
        wanted_at=wanted.wanted_at,
        published_at=wanted.published_at,
        expires_at=wanted.expires_at,
        claims=0,
    )
    return _afresh(newer) if row.state == "sending" else _turn(newer, wanted.due_at)


def claim(
    row: Row, now: int, *, repeatable: bool, give_up_after: int | None = None, owner: str = ""
) -> Row | None:
    """The row for one worker to write, or None when it is not to be touched now.

    It comes back `sending`: leased for one call; or `unknown` or `dead`: not to be sent.
    `repeatable` = the destination takes the same put twice without showing it twice.
    `give_up_after` milliseconds a put is old news, unless it corrects what stands there.
    """
    if row.state not in ("waiting", "sending") or max(row.due_at, row.lease_until) > now:
        return None
    ended = row.state == "sending" and row.sending_op == "put"
    free = replace(row, reached=row.sending_version) if ended else row
    if not row.is_kill:
        if ended and not repeatable:
            return _parked(free, "unknown", "the worker ended during the call")
        if row.claims >= POISON_CLAIMS:
            return _parked(free, "dead", f"{row.claims} workers ended during the call")
        if give_up_after is not None and row.is_first and now - row.wanted_at > give_up_after:
            return _parked(free, "dead", "old news by now")
        if row.expires_at and row.is_first and now >= row.expires_at:
            return _parked(free, "dead", "expired")
    return replace(_leased(free, now), owner=owner)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to. `verdict` is the channel's reading of the answer."""

    verdict: Literal["done", "retry", "unknown", "refused", "stopped"]
    """`refused`: this version is not wanted there. `stopped`: the destination needs a person."""
    error: str = ""
    remote_id: str = ""
    after_ms: int = 0
    """The destination's own Retry-After; it can lengthen a wait, never shorten it."""
    reached: bool = True
    """False only when not a byte of the call can have arrived, e.g. no connection was made."""
    gone: bool = False
    """Of `stopped`: the destination says that it is there no more, and wants no call."""


def settle(row: Row, outcome: Outcome, now: int, wait_ms: int | None) -> Row:
    """The row after a call, or after a look at what became of an unknown one.

    `wait_ms` is the wait before another try (`retry.wait_after`), None = give up. Whatever the
    outcome, a version that became wanted meanwhile is sent next, at once.
    """
    arrived = row.sending_op == "put" and outcome.reached
    reached = row.sending_version if arrived else row.reached
    settled = replace(row, claims=0, lease_until=0, reached=reached)
    if outcome.verdict == "done":
        settled = _delivered(settled, outcome)
    elif outcome.verdict == "unknown" and row.sending_op == "put":
        settled = _parked(settled, "unknown", outcome.error)
    else:
        settled = _failed(settled, outcome, now, wait_ms)
    return _turn(settled, now) if row.is_superseded else settled


def hand_back(row: Row, now: int) -> Row:
    """The row that was claimed but not called: as if it had not been claimed, and due at once."""
    free = replace(
        row,
        state="waiting",
        due_at=now,
        lease_until=0,
        attempt=max(row.attempt - 1, 0),
        claims=max(row.claims - 1, 0),
    )
    return _turn(free, now) if row.is_superseded else free


def replay(row: Row, now: int, *, repeatable: bool) -> Row | None:
    """The row to be sent again at a person's wish, under the same key; None when it cannot be.

    What is delivered is only sent again where the destination would not show it twice.
    """
    shown_twice = row.state == "delivered" and not row.is_kill and not repeatable
    if row.state in ("sending", "cancelled") or shown_twice:
        return None
    again = replace(row, claims=0, wanted_at=now, attempt=0, failing_since=0, error="")
    return replace(again, state="waiting", due_at=now)


def _afresh(row: Row) -> Row:
    """No try was made yet for what is wanted."""
    return replace(row, attempt=0, failing_since=0, error="", proof="")


def _turn(row: Row, due_at: int) -> Row:
    """The idle row turned to what it newly wants."""
    if row.is_kill and not row.reached:
        fresh = replace(_afresh(row), proof=row.proof or "gone")
        return replace(fresh, state="cancelled", due_at=0)
    if row.state == "unknown" and not row.is_kill:
        return replace(_afresh(row), error=row.error)
    return replace(_afresh(row), state="waiting", due_at=due_at)


def _leased(row: Row, now: int) -> Row:
    claims = row.claims + 1
    pause = POISON_PAUSE_MS if claims >= POISON_CLAIMS else 0
    # What was taken away is not edited: the first try of what follows makes a new post.
    is_new = not row.is_kill and not row.reached and not row.attempt
    return replace(
        row,
        state="sending",
        sending_version=row.want_version,
        sending_op=row.want_op,
        attempt=row.attempt + 1,
        claims=claims,
        epoch=row.epoch + 1,
        lease_until=now + LEASE_MS,
        due_at=now + LEASE_MS + pause,
        remote_id="" if is_new else row.remote_id,
    )


def _parked(row: Row, state: Literal["unknown", "dead"], error: str) -> Row:
    return replace(row, state=state, due_at=0, lease_until=0, error=error)


def _delivered(row: Row, outcome: Outcome) -> Row:
    return replace(
        row,
        state="delivered",
        due_at=0,
        sent_version=row.sending_version,
        sent_op=row.sending_op,
        reached=row.sending_version if row.sending_op == "put" else 0,
        remote_id=outcome.remote_id or row.remote_id,
        failing_since=0,
        error="",
        proof="accepted" if row.sending_op == "kill" else "",
    )


def _failed(row: Row, outcome: Outcome, now: int, wait_ms: int | None) -> Row:
    is_kill = row.sending_op == "kill"
    failed = replace(
        row,
        failing_since=row.failing_since or now,
        proof="sent" if is_kill and outcome.reached else row.proof,
    )
    if wait_ms is None and not is_kill:
        return _parked(failed, "dead", outcome.error)
    return replace(
        failed,
        state="waiting",
        due_at=now + (LEASE_MS if wait_ms is None else wait_ms),
        error=outcome.error,
        # What only a person can mend is no try of a put; a kill goes on at its growing distance.
        attempt=row.attempt - (outcome.verdict == "stopped" and not is_kill),
    )
