"""Rows of the delivery ledger, made the way they come about."""

from hypothesis import strategies as st

from services.publish.delivery.caps import Caps, Way
from services.publish.delivery.claim import claim
from services.publish.delivery.row import Op, Outcome, Row, want
from services.publish.delivery.settle import settle

NOW = 1_795_000_000_000
HOUR = 3_600_000
DONE = Outcome("done", remote_id="p1")
NO_CONNECTION = Outcome("retry", "no connection", reached=False)
BUSY = Outcome("retry", "503")
LOST = Outcome("unknown", "no answer in time")
VERDICTS = st.sampled_from(
    ["done", "retry", "unknown", "refused", "stopped", "broken", "impossible"]
)
SEEN = st.sampled_from(["there", "missing", "retry", "unknown"])

KEYED = Way(Caps(idempotency="key", edits=True, deletes=True, finds=False, verifies=False))
"""A destination that drops what it has seen by its key, for ever."""
NAMED = Way(Caps(idempotency="name", edits=True, deletes=True, finds=False, verifies=True))
"""Class A."""
WINDOW = 50 * 60_000
LIMITED = Way(
    Caps(
        idempotency="key",
        edits=True,
        deletes=True,
        finds=True,
        verifies=True,
        key_lasts_ms=WINDOW,
    )
)
"""Class B for fifty minutes, then C."""
SEARCHED = Way(Caps(idempotency="none", edits=True, deletes=True, finds=True, verifies=True))
"""Class C."""
BLIND = Way(Caps(idempotency="none", edits=True, deletes=True, finds=False, verifies=False))
"""Class D."""
BOLD = Way(BLIND.caps, on_unknown="resend")
STONE = Way(Caps(idempotency="none", edits=False, deletes=False, finds=False, verifies=False))
"""What is posted there stands for ever."""
WAYS = (KEYED, NAMED, LIMITED, SEARCHED, BLIND, BOLD, STONE)


def wants(version: int, op: Op = "put", at: int = NOW) -> Row:
    return Row("tag:example.tw,2026:a", "line", version, op, wanted_at=at, due_at=at)


def newer(row: Row, version: int, op: Op = "put") -> Row:
    changed = want(row, wants(version, op))
    assert changed
    return changed


def sending(row: Row, now: int = NOW, way: Way = KEYED) -> Row:
    claimed = claim(row, now, way)
    assert claimed
    assert claimed.state == "sending"
    return claimed


def after(row: Row, *outcomes: Outcome, wait: int | None = 5_000, way: Way = KEYED) -> Row:
    for outcome in outcomes:
        row = settle(sending(row, row.due_at, way), outcome, row.due_at, wait, way)
    return row


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Rows as they come about: by wishes, claims and outcomes in any order."""
    row, way = wants(1), draw(st.sampled_from(WAYS))
    for version in range(2, 2 + draw(st.integers(0, 5))):
        if draw(st.booleans()):
            row = want(row, wants(version, draw(st.sampled_from(["put", "kill"])))) or row
        row = claim(row, row.due_at, way) or row
        if row.lease_until and draw(st.booleans()):
            verdict = draw(VERDICTS if row.state == "sending" else SEEN)
            outcome = Outcome(verdict, "error", "p1", reached=draw(st.booleans()))
            row = settle(row, outcome, NOW, draw(st.sampled_from([None, 5_000])), way)
    return row
