"""When a failing destination is left alone, and how it comes back."""

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.breaker import (
    DISABLE_AFTER_TRIES,
    HOUR,
    LONGEST_COOL_OFF,
    MINUTE,
    OPEN_AFTER,
    PROBE_EVERY_MS,
    SECOND,
    Health,
    News,
    after_failure,
    after_success,
    news,
)
from services.publish.delivery.lately import Lately

NOW = 1_795_000_000_000
WELL = Health()


def failed(health: Health, times: int, now: int = NOW) -> Health:
    for _ in range(times):
        health = after_failure(health, "503", now)
    return health


def probed(times: int) -> tuple[Health, int]:
    """A destination that has failed each probe as soon as it was due, and the time by then."""
    health, now = failed(WELL, OPEN_AFTER), NOW
    for _ in range(times):
        now = health.open_until
        health = after_failure(health, "503", now)
    return health, now


def test_nine_failures_in_a_row_change_nothing_and_the_tenth_opens_it_for_a_minute() -> None:
    assert failed(WELL, OPEN_AFTER - 1).may_try(NOW) == -1
    opened = failed(WELL, OPEN_AFTER)
    assert opened.may_try(NOW + MINUTE - 1) == 0
    assert opened.may_try(NOW + MINUTE) == 1


def test_each_failed_probe_doubles_the_cool_off_up_to_a_quarter_of_an_hour() -> None:
    assert [probed(times)[0].cool_off // MINUTE for times in range(6)] == [1, 2, 4, 8, 15, 15]


def test_a_probe_that_succeeds_mends_it_at_once() -> None:
    health, now = probed(3)
    assert after_success(health, now) == WELL
    assert WELL.may_try(now) == -1


def test_half_of_twenty_calls_within_a_minute_open_it_and_older_ones_do_not_count() -> None:
    def calls(pattern: str, every: int) -> list[bool]:
        lately = Lately()
        return [lately.note(NOW + n * every, failed=one == "x") for n, one in enumerate(pattern)]

    assert calls("x." * 10, SECOND)[18:] == [False, False]  # the nineteenth, and a success
    assert calls("x." * 10 + "x", SECOND)[20] is True
    assert not any(calls("x.." * 20, SECOND))
    assert not any(calls("x." * 30, 4 * SECOND))
    erratic = after_failure(WELL, "503", NOW, is_erratic=True)
    assert (erratic.may_try(NOW), erratic.may_try(NOW + MINUTE)) == (0, 1)
    assert after_success(erratic, NOW) == erratic
    assert after_success(erratic, NOW + MINUTE) == WELL


def test_a_success_between_failures_starts_the_count_again() -> None:
    assert failed(after_success(failed(WELL, 9), NOW), 9).may_try(NOW) == -1


@given(st.integers(1, 500))
def test_calls_under_way_when_it_opened_and_kills_in_vain_do_not_keep_it_open(more: int) -> None:
    opened = failed(WELL, OPEN_AFTER)
    later = failed(opened, more, NOW + 30 * SECOND)
    assert (later.open_until, later.cool_off) == (opened.open_until, opened.cool_off)
    assert later.failures == OPEN_AFTER + more


def test_it_is_disabled_after_five_days_of_failing_and_then_gets_a_probe_a_day() -> None:
    health, now = WELL, NOW
    while not health.is_disabled(now):
        health = after_failure(health, "503", now)
        now = max(now + SECOND, health.open_until)
    assert 120 * HOUR <= now - NOW <= 120 * HOUR + LONGEST_COOL_OFF
    health = after_failure(health, "503", now)
    assert health.open_until == now + PROBE_EVERY_MS
    assert health.may_try(now + PROBE_EVERY_MS - 1) == 0
    assert health.may_try(now + PROBE_EVERY_MS) == 1
    assert not after_success(health, now).is_disabled(now)


def test_few_failures_in_a_quiet_week_do_not_disable_it() -> None:
    few = failed(WELL, DISABLE_AFTER_TRIES - 1)
    assert not few.is_disabled(NOW + 200 * HOUR)
    assert failed(few, 1, NOW + 119 * HOUR).is_disabled(NOW + 120 * HOUR)


def test_it_remembers_since_when_and_why_it_fails() -> None:
    health = after_failure(after_failure(WELL, "503", NOW), "no connection", NOW + 5)
    assert (health.failing_since, health.error, health.is_well) == (NOW, "no connection", False)


@given(st.lists(st.tuples(st.booleans(), st.integers(-HOUR, 30 * HOUR)), max_size=60))
def test_whatever_happens_it_is_never_shut_for_longer_than_a_day(
    story: list[tuple[bool, int]],
) -> None:
    health, now, latest = WELL, NOW, NOW
    for succeeded, pause in story:
        now += pause
        latest = max(now, latest)
        health = after_success(health, now) if succeeded else after_failure(health, "503", now)
        assert health.may_try(health.open_until) != 0
        assert health.open_until <= latest + PROBE_EVERY_MS
        assert (health.may_try(now) == -1) == (health.failures < OPEN_AFTER)


def story_of(health: Health, *moments: int) -> list[tuple[int, News]]:
    """What the operator hears of failures at these moments, in hours."""
    heard = []
    for hours in moments:
        failing = after_failure(health, "503", NOW + hours * HOUR)
        heard += [(hours, item) for item in news(health, failing)]
        health = failing
    return heard


def test_the_operator_hears_of_the_fourth_failure_after_a_day_after_four_days_and_at_the_end() -> (
    None
):
    told = story_of(WELL, 0, 0, 0, 0, 0, 23, 24, 25, 95, *[96] * 20, 119, 120, 121)
    assert told == [
        (0, "fails"),
        (24, "fails"),
        (96, "fails"),
        (96, "rests"),
        (120, "disabled"),
    ]


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        (0, ()),
        (3, ()),
        (4, ("well_again",)),
        (OPEN_AFTER, ("rests_no_more", "well_again")),
    ],
)
def test_a_success_is_told_to_whom_the_failures_were(failures: int, told: tuple[News, ...]) -> None:
    assert news(failed(WELL, failures), WELL) == told


def test_the_first_success_of_a_disabled_destination_enables_it() -> None:
    health, now = WELL, NOW
    while not health.is_disabled(now):
        now = max(now + SECOND, health.open_until)
        health = after_failure(health, "503", now)
    assert news(health, after_success(health, now)) == ("rests_no_more", "enabled", "well_again")


@given(st.lists(st.integers(0, 10 * HOUR), max_size=80))
def test_nothing_is_told_twice_of_one_failure(pauses: list[int]) -> None:
    health, now = WELL, NOW
    told: list[News] = []
    for pause in pauses:
        now += pause
        failing = after_failure(health, "503", now)
        told += news(health, failing)
        health = failing
    assert told.count("fails") <= 3
    assert told.count("rests") <= 1
    assert told.count("disabled") <= 1
    assert ("rests" in told) == (len(pauses) >= OPEN_AFTER)
