"""How many rows are claimed ahead of their calls."""

from hypothesis import given, strategies as st

from services.publish.delivery.ahead import MOST, PATIENCE_MS, may_call, next_claim

CALLS = st.integers(1, 16)


@given(st.integers(1, MOST), st.integers(0, 60_000), st.booleans(), CALLS)
def test_there_is_a_row_for_every_call_and_never_too_many(
    rows: int,
    took_ms: int,
    all_used: bool,  # noqa: FBT001
    calls: int,
) -> None:
    assert calls <= next_claim(rows, took_ms, all_used=all_used, calls=calls) <= max(MOST, calls)


def test_a_quick_destination_gets_more_at_once_up_to_a_limit() -> None:
    rows, seen = 4, []
    while rows not in seen:
        seen.append(rows)
        rows = next_claim(rows, 10, all_used=True, calls=4)
    assert seen == [4, 8, 16, 32, 64]


def test_a_slow_one_gets_fewer_down_to_one_row_a_call() -> None:
    rows, seen = 64, []
    while rows not in seen:
        seen.append(rows)
        rows = next_claim(rows, 20_000, all_used=True, calls=4)
    assert seen == [64, 32, 16, 8, 4]


def test_where_little_is_due_nothing_changes() -> None:
    assert next_claim(16, 10, all_used=False, calls=4) == 16


def test_a_row_that_waited_too_long_for_its_call_goes_back() -> None:
    assert may_call(1_000, 1_000 + PATIENCE_MS)
    assert not may_call(1_000, 1_001 + PATIENCE_MS)
