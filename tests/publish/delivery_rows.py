"""Rows of the delivery ledger, made the way they come about."""

from hypothesis import strategies as st

from services.publish.delivery.row import Op, Outcome, Row, claim, settle, want

NOW = 1_795_000_000_000
HOUR = 3_600_000
DONE = Outcome("done", remote_id="p1")
NO_CONNECTION = Outcome("retry", "no connection", reached=False)
BUSY = Outcome("retry", "503")
LOST = Outcome("unknown", "no answer in time")
VERDICTS = st.sampled_from(["done", "retry", "unknown", "refused", "stopped"])


def wants(version: int, op: Op = "put", at: int = NOW) -> Row:
    return Row("tag:example.tw,2026:a", "line", version, op, wanted_at=at, due_at=at)


def newer(row: Row, version: int, op: Op = "put") -> Row:
    changed = want(row, wants(version, op))
    assert changed
    return changed


def sending(row: Row, now: int = NOW, *, repeatable: bool = True) -> Row:
    claimed = claim(row, now, repeatable=repeatable)
    assert claimed
    assert claimed.state == "sending"
    return claimed


def after(row: Row, *outcomes: Outcome, wait: int | None = 5_000) -> Row:
    for outcome in outcomes:
        row = settle(sending(row, row.due_at), outcome, row.due_at, wait)
    return row


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Rows as they come about: by wishes, claims and outcomes in any order."""
    row = wants(1)
    for version in range(2, 2 + draw(st.integers(0, 5))):
        if draw(st.booleans()):
            row = want(row, wants(version, draw(st.sampled_from(["put", "kill"])))) or row
        row = claim(row, row.due_at, repeatable=draw(st.booleans())) or row
        if row.state == "sending" and draw(st.booleans()):
            outcome = Outcome(draw(VERDICTS), "error", reached=draw(st.booleans()))
            row = settle(row, outcome, NOW, draw(st.sampled_from([None, 5_000])))
    return row
