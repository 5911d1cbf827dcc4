"""RULE: one row per (article, destination): what it wants, and how a newer wish turns it.

    waiting --claim--> sending --settle--> delivered | waiting (later) | unknown | dead
       ^                  |
       |                  +--lease ran out, claim--> sending | unknown | dead
       |                  +--hand back: no call was made--> waiting
       +------ want, replay: from every other state, at any moment

    cancelled   killed while nothing of it can stand at the destination; refuses late puts
    unknown     sent, and nobody knows whether it arrived; the channel or a person looks, and
                settles it. A newer put waits for that, a kill does not
    dead        refused for good, or tried long enough; a kill only when a person says so

`due_at` is set while there is something to do: a call for a row that waits or sends, a look for one
that is unknown, or whose kill is to be proven. A row always wants the newest version only: what was
wanted before is superseded, never sent. `claim.py` and `settle.py` have the two long arrows,
`by_hand.py` what people may do.

Every change is made on a copy and written by compare-and-set on `rev`. A worker settles the row as
it stands after its call, and only while `epoch` is still that of its claim: once somebody else has
claimed the row, it can write nothing. Instants are milliseconds since 1970.
"""

from dataclasses import dataclass, replace
from typing import Literal

Op = Literal["put", "kill"]
State = Literal["waiting", "sending", "delivered", "unknown", "dead", "cancelled"]
Proof = Literal["", "sent", "accepted", "gone", "impossible"]
Verdict = Literal[
    "done", "retry", "unknown", "refused", "stopped", "broken", "impossible", "there", "missing"
]

OPS: tuple[Op, Op] = ("put", "kill")
LEASE_MS = 30_000
"""Longer than any call may take; afterwards the row may be claimed by somebody else."""


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
    sent_at: int = 0
    """When it did."""
    sending_version: int = 0
    """The version of the last claim, whatever became of it; 0 = there was none."""
    sending_op: Op = "put"
    sending_since: int = 0
    """When the first call for that version was claimed."""
    reached: int = 0
    """The last version that may have arrived since the last acknowledged kill, the call under way
    apart; 0 = none."""
    lost_version: int = 0
    """The version of a put that was lost without a clear answer; 0 = what stands there is known."""
    lost_since: int = 0
    """When the first call for it was claimed: looks and windows of keys count from it."""
    attempt: int = 0
    """Calls for the wanted version so far."""
    looks: int = 0
    """Looks at the destination since the last call."""
    misses: int = 0
    """Of those for a post that may stand there, the ones that did not see it."""
    claims: int = 0
    """Claims since the last outcome: three without one mean that the row kills its worker."""
    epoch: int = 0
    """All claims so far. It names the lease."""
    due_at: int = 0
    lease_until: int = 0
    owner: str = ""
    """Who claimed it last: a name that no other courier has, and that of its process."""
    remote_id: str = ""
    """Names of the posts that stand there, the newest last, with spaces between."""
    nameless: int = 0
    """Whether (1) a post may stand there besides whose name nobody knows: one that was lost, and
    sent again all the same."""
    error: str = ""
    failing_since: int = 0
    proof: Proof = ""
    """How far a kill has come: `proof.py`."""
    proven_at: int = 0
    acknowledged: str = ""
    """What the person said who ended a kill that could not be proven."""
    copy: int = 0
    """How often a person had it sent anew, under a new key."""
    rev: int = 0

    @property
    def wants(self) -> tuple[int, int]:
        """The order of what is wanted: version first, and a kill beats a put of the same."""
        return self.want_version, OPS.index(self.want_op)

    @property
    def sends(self) -> tuple[int, int]:
        """The same of the last call."""
        return self.sending_version, OPS.index(self.sending_op)

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
        return self.wants != self.sends

    @property
    def may_have_it(self) -> bool:
        """Whether any version may stand at the destination. In doubt it does."""
        return self.reached > 0 or (self.state == "sending" and self.sending_op == "put")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call or a look came to. `verdict` is the channel's reading of the answer."""

    verdict: Verdict
    """
    done         it was taken
    retry        later: it was not taken now
    unknown      sent, and no clear answer came
    refused      this version is not wanted there
    stopped      the destination needs a person
    broken       the fault is ours: a bug, a story that this channel cannot show, or, of a look,
                 more posts than are looked through
    impossible   it can never be done there
    there        of a look: it stands there
    missing      of a look, or of an edit: it does not
    """
    error: str = ""
    remote_id: str = ""
    after_ms: int = 0
    """The destination's own Retry-After; it can lengthen a wait, never shorten it."""
    rest_ms: int = 0
    """So long no other call of its kind would be taken: news and kills have budgets apart."""
    reached: bool = True
    """False only when not a byte of the call can have arrived, e.g. no connection was made."""
    stop_ms: int = 0
    """Of `stopped`: so long, and then it goes on by itself; 0 = until a person says so."""
    gone: bool = False
    """Of `stopped`: the destination says that it is there no more, and wants no call."""
    is_proof: bool = False
    """Of a kill: the destination itself says that nothing of it stands there any more."""

    @property
    def is_pause(self) -> bool:
        """Whether no call was made because a budget is used up: no illness, and no try."""
        return not self.reached and self.rest_ms > 0


def want(row: Row | None, wanted: Row) -> Row | None:
    """The row that wants what `wanted` does, or None when nothing changes.

    A kill for a destination that never got anything needs no call; its row stays as the tombstone
    that refuses a put which the kill has overtaken.
    """
    if row is None:
        return turn(wanted, wanted.due_at) if wanted.is_kill else wanted
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
        copy=0,
    )
    return _afresh(newer) if row.state == "sending" else turn(newer, wanted.due_at)


def turn(row: Row, due_at: int) -> Row:
    """The row, of which no call is under way, turned to what it newly wants."""
    if row.is_kill and not row.reached:
        return _turned_to_stone(row)
    if row.state == "unknown" and not row.is_kill:
        return replace(_afresh(row), error=row.error)
    return replace(_afresh(row), state="waiting", due_at=due_at, lease_until=0)


def lose(row: Row) -> Row:
    """The row whose last put may have arrived, though nobody said so."""
    since = row.lost_since or row.sending_since
    return replace(row, lost_version=row.sending_version, lost_since=since)


def clear(row: Row) -> Row:
    """The row of which it is known again what stands there."""
    return replace(row, lost_version=0, lost_since=0)


def park(row: Row, state: Literal["unknown", "dead"], error: str) -> Row:
    """Nothing happens to the row any more until a person, or something newer, comes."""
    return replace(row, state=state, due_at=0, lease_until=0, error=error)


def _turned_to_stone(row: Row) -> Row:
    """Nothing of it can stand there. A look that was to prove so still has to come."""
    looking = row.proof == "accepted" and row.due_at > 0
    known: Proof = "accepted" if row.sent_op == "kill" and row.sent_version else "gone"
    proof = known if row.proof in ("", "sent") else row.proof
    fresh = replace(_afresh(row), state="cancelled", proof=proof)
    if looking:
        return replace(fresh, looks=row.looks, error=row.error)
    proven_at = (row.proven_at or row.wanted_at) if proof == "gone" else 0
    return replace(fresh, due_at=0, lease_until=0, proven_at=proven_at)


def _afresh(row: Row) -> Row:
    """No try was made yet for what is wanted."""
    return replace(
        row,
        attempt=0,
        looks=0,
        misses=0,
        failing_since=0,
        error="",
        proof="",
        proven_at=0,
        acknowledged="",
    )
