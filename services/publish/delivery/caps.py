"""RULE: what a platform can do, and whether a put may be sent again when one may have arrived.

    class                how it knows a repetition       a call without a clear answer
    A  name              by the post's own name          is made again
    B  key               by a key, for a while           is made again in that while; then C or D
    C  none, finds       not at all, but one can look    is looked for: found = done, else again
    D  none              not at all                      is unknown until a person says what to do

To edit what stands there, and to take it away, is class A on every platform that can do it. The
while is measured by our own clock, which does not notice that somebody sets it back.
"""

from dataclasses import dataclass
from typing import Literal

from services.publish.delivery.row import Row

Idempotency = Literal["name", "key", "none"]
OnUnknown = Literal["hold", "resend"]


@dataclass(frozen=True, slots=True)
class Caps:
    """What a platform can do."""

    idempotency: Idempotency
    """`name`: writing the same thing again changes nothing. `key`: the receiver drops what it has
    seen by its key. `none`: nobody can tell."""
    edits: bool
    deletes: bool
    finds: bool
    """Whether one can look for a post among the latest that stand there."""
    verifies: bool
    """Whether one can look up that a post is gone."""
    has_ids: bool = True
    """Whether a post has a name there, without which it can be neither edited nor deleted."""
    key_lasts_ms: int | None = None
    """How long a key is surely remembered, with a margin; None = for ever."""


@dataclass(frozen=True, slots=True)
class Way:
    """What the rules of a row ask of its destination."""

    caps: Caps
    on_unknown: OnUnknown = "hold"
    """What becomes of a put of class D: it waits for a person, or risks to be shown twice."""


def is_nameless(row: Row, caps: Caps) -> bool:
    """Whether something may stand there that cannot be taken away, because its name is unknown."""
    if not caps.has_ids or caps.idempotency == "name":
        return False
    is_lost_post = row.lost_version > 0 and (row.is_first or not caps.edits)
    return bool(row.nameless) or is_lost_post or not row.remote_id


def may_repeat(row: Row, caps: Caps, now: int) -> bool:
    """Whether the put that is wanted may be sent although one before it may have arrived."""
    if caps.idempotency == "name" or (caps.edits and not row.is_first):
        return True
    if caps.idempotency == "none":
        return False
    is_remembered = caps.key_lasts_ms is None or now - row.lost_since < caps.key_lasts_ms
    # Another version has another key. Where posts have names it would be a second post.
    is_same = row.lost_version == row.want_version
    return is_remembered and (is_same or not caps.has_ids)
