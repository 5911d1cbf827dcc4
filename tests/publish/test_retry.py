"""How long a failed delivery waits, and when it is given up."""

from dataclasses import replace
from itertools import count
from random import Random

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.retry import (
    FULL_JITTER_UP_TO,
    HOUR,
    MINUTE,
    SCHEDULE,
    SECOND,
    wait_after,
    wait_before,
    wait_before_kill,
)
from services.publish.delivery.row import Outcome, Row

NOW = 1_795_000_000_000
PUT = Row("tag:a", "line", 1, "put", wanted_at=NOW, state="sending", sending_version=1, attempt=1)
KILL = replace(PUT, want_op="kill", sending_op="kill", sent_version=1)
CHANCE = st.floats(0, 1, exclude_max=True)
AFTER = st.integers(0, 100 * HOUR)
RETRY = Outcome("retry", "503")


def middle() -> float:
    return 0.5


def tries_until_given_up(outcome: Outcome, **row: int) -> tuple[int, int]:
    """How many calls are made, and after how many milliseconds the last of them."""
    now = NOW
    for attempt in count(1):
        tried = replace(PUT, attempt=attempt, **row)
        wait = wait_after(tried, outcome, now, middle, give_up_after=row.get("give_up_after"))
        if wait is None:
            return attempt, now - NOW
        now += wait
    raise AssertionError


def test_the_schedule_is_twelve_tries_over_almost_seventy_six_hours() -> None:
    assert len(SCHEDULE) + 1 == 12
    assert sum(SCHEDULE) / HOUR == pytest.approx(75.7, abs=0.05)


def test_a_put_that_fails_for_ever_is_given_up_after_twelve_tries() -> None:
    tries, took = tries_until_given_up(RETRY)
    assert tries == 12
    assert took > 70 * HOUR


@given(st.integers(0, 2**32))
def test_the_promise_of_seventy_six_hours_survives_the_jitter(seed: int) -> None:
    random = Random(seed).random
    total = sum(wait_before(attempt, random) or 0 for attempt in range(1, len(SCHEDULE) + 1))
    assert 0.79 * 75.7 * HOUR < total < 1.21 * 75.7 * HOUR


def test_a_version_that_became_wanted_during_a_look_for_an_older_one_waits_for_nothing() -> None:
    looked = replace(PUT, want_version=2, state="unknown", attempt=0, looks=1, misses=1)
    assert wait_after(looked, Outcome("missing"), NOW, middle, give_up_after=6 * HOUR) == 0


@given(st.integers(1, len(SCHEDULE)), CHANCE)
def test_a_short_wait_is_spread_fully_and_a_long_one_by_a_fifth(attempt: int, x: float) -> None:
    base, wait = SCHEDULE[attempt - 1], wait_before(attempt, lambda: x)
    assert wait is not None
    low, high = (0.1, 1.0) if base <= FULL_JITTER_UP_TO else (0.8, 1.2)
    assert int(low * base) <= wait <= high * base


@given(st.integers(1, 20), AFTER, CHANCE)
def test_a_retry_after_can_lengthen_a_wait_but_never_shorten_it(
    attempt: int, after_ms: int, x: float
) -> None:
    row = replace(PUT, attempt=attempt)
    plain = wait_after(row, RETRY, NOW, lambda: x)
    asked = wait_after(row, replace(RETRY, after_ms=after_ms), NOW, lambda: x)
    if plain is None:
        assert asked is None
    else:
        assert asked == max(plain, min(after_ms, 6 * HOUR))


def test_what_is_refused_gets_three_tries_in_case_of_a_deploy() -> None:
    tries, took = tries_until_given_up(Outcome("refused", "422"))
    assert tries == 3
    assert took < MINUTE


def test_what_a_person_has_to_mend_waits_by_the_minute_and_is_never_given_up() -> None:
    stopped = Outcome("stopped", "401")
    assert wait_after(replace(PUT, attempt=99), stopped, NOW, middle) == MINUTE
    assert wait_after(PUT, replace(stopped, after_ms=HOUR), NOW, middle) == HOUR


@given(st.integers(0, 12 * HOUR), st.integers(1, 11), CHANCE)
def test_a_first_post_is_never_planned_for_when_it_will_be_old_news(
    age: int, attempt: int, x: float
) -> None:
    row = replace(PUT, attempt=attempt, wanted_at=NOW - age)
    wait = wait_after(row, RETRY, NOW, lambda: x, give_up_after=6 * HOUR)
    assert wait is None or age + wait <= 6 * HOUR
    unlimited = wait_after(row, RETRY, NOW, lambda: x)
    assert wait == unlimited or (unlimited is not None and age + unlimited > 6 * HOUR)


def test_a_correction_of_what_stands_there_gets_the_whole_schedule() -> None:
    row = replace(PUT, sent_version=1, wanted_at=NOW - 20 * HOUR)
    assert wait_after(row, RETRY, NOW, middle, give_up_after=6 * HOUR) is not None
    killed = replace(row, sent_op="kill")
    assert wait_after(killed, RETRY, NOW, middle, give_up_after=6 * HOUR) is None


@given(
    st.integers(0, 10_000),
    st.integers(-HOUR, 24 * HOUR),
    st.sampled_from(["retry", "unknown", "refused", "stopped", "broken"]),
    CHANCE,
)
def test_a_kill_is_tried_at_most_a_minute_apart_for_a_day(
    attempt: int, failing: int, verdict: str, x: float
) -> None:
    row = replace(KILL, attempt=attempt, failing_since=NOW - failing)
    wait = wait_after(row, Outcome(verdict), NOW, lambda: x, give_up_after=0)
    assert wait is not None
    assert 0 < wait <= MINUTE


@given(st.integers(24 * HOUR + 1, 9_000 * HOUR), CHANCE)
def test_a_kill_is_tried_hourly_after_a_day_for_ever(failing: int, x: float) -> None:
    row = replace(KILL, attempt=5_000, failing_since=NOW - failing)
    wait = wait_after(row, RETRY, NOW, lambda: x)
    assert wait is not None
    assert 0.8 * HOUR <= wait <= 1.2 * HOUR


def test_the_first_failure_of_a_kill_is_followed_within_seconds() -> None:
    wait = wait_after(KILL, RETRY, NOW, lambda: 0.999)
    assert wait is not None
    assert wait <= 2 * SECOND
    assert [wait_before_kill(n, 0, lambda: 0.9999) // SECOND for n in range(1, 7)] == [
        1, 4, 14, 29, 59, 59,
    ]  # fmt: skip


@given(AFTER)
def test_a_destination_may_put_off_a_kill_by_a_minute_at_most(after_ms: int) -> None:
    wait = wait_after(KILL, replace(RETRY, after_ms=after_ms), NOW, lambda: 0)
    assert wait == max(200, min(after_ms, MINUTE))


@given(AFTER, st.integers(24 * HOUR + 1, 9_000 * HOUR))
def test_after_a_day_it_may_put_it_off_by_an_hour(after_ms: int, failing: int) -> None:
    row = replace(KILL, attempt=5_000, failing_since=NOW - failing)
    wait = wait_after(row, replace(RETRY, after_ms=after_ms), NOW, lambda: 0)
    assert wait == max(int(0.8 * HOUR), min(after_ms, HOUR))


@pytest.mark.parametrize("verdict", ["broken", "impossible"])
def test_what_is_our_own_fault_or_can_never_be_done_is_not_tried_again(verdict: str) -> None:
    assert wait_after(PUT, Outcome(verdict), NOW, middle) is None
    assert wait_after(KILL, Outcome(verdict), NOW, middle) is not None


@given(
    st.sampled_from(["unknown", "delivered", "cancelled"]),
    st.sampled_from(["there", "retry", "unknown", "stopped", "broken"]),
    st.integers(0, 500),
    AFTER,
)
def test_looks_are_soon_then_by_the_minute_then_by_the_hour(
    state: str, verdict: str, looks: int, after_ms: int
) -> None:
    row = replace(PUT, state=state, looks=looks)
    wait = wait_after(row, Outcome(verdict), NOW, middle)
    assert wait == (HOUR if looks >= 60 else [5_000, 15_000, 30_000, MINUTE][min(looks, 3)])
    asked = wait_after(row, Outcome(verdict, after_ms=after_ms), NOW, middle)
    assert asked == max(wait, min(after_ms, 6 * HOUR))


@given(st.integers(1, 20), CHANCE)
def test_a_post_that_is_missing_is_sent_again_by_the_same_schedule(attempt: int, x: float) -> None:
    lost = replace(PUT, state="unknown", attempt=attempt)
    wait = wait_after(lost, Outcome("missing"), NOW, lambda: x)
    assert wait == wait_before(attempt, lambda: x)
