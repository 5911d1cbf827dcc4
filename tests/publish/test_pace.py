"""How fast first posts go out, and what is old news."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.claim import claim
from services.publish.delivery.pace import (
    HOUR,
    SECOND,
    Turns,
    give_up_after,
    is_braked,
    is_in_line,
    leave_line,
    needs_turn,
    opens_at,
    take,
    wait_in_line,
)
from services.publish.delivery.row import Outcome, Row
from tests.publish.delivery_rows import (
    BUSY,
    DONE,
    KEYED,
    LOST,
    NOW,
    after,
    newer,
    rows,
    sending,
    wants,
)


@dataclass(frozen=True)
class Brakes:
    max_per_hour: int | None = None
    pace_seconds: float = 0
    max_age_hours: float | None = None
    give_up_hours: float | None = None


BRAKES = st.builds(
    Brakes,
    max_per_hour=st.none() | st.integers(1, 5),
    pace_seconds=st.just(0) | st.integers(1, 3600),
).filter(is_braked)
ASKED = st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(0, 30)), max_size=60)
"""Pauses, and articles that ask then."""


def granted(brakes: Brakes, asked: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """When who went: the articles ask one after the other, after pauses."""
    turns: Turns = {}
    now, went = NOW, []
    for pause, number in asked:
        now += pause
        uri = f"urn:{number}"
        turns = take(turns, [uri], brakes, now)
        went += [(now, uri)] if turns.get(uri) == now else []
    return went


@given(BRAKES, ASKED)
def test_in_any_hour_no_more_articles_go_than_are_allowed(
    brakes: Brakes, asked: list[tuple[int, int]]
) -> None:
    went = granted(brakes, asked)
    for end, _ in went:
        within = {uri for at, uri in went if end - HOUR < at <= end}
        assert brakes.max_per_hour is None or len(within) <= brakes.max_per_hour


@given(BRAKES, ASKED)
def test_two_articles_never_follow_each_other_sooner_than_the_pace(
    brakes: Brakes, asked: list[tuple[int, int]]
) -> None:
    went = granted(brakes, asked)
    for (before, one), (at, other) in pairwise(went):
        assert one == other or at - before >= brakes.pace_seconds * SECOND


@given(BRAKES, ASKED)
def test_one_more_goes_at_the_moment_that_is_told_and_not_a_millisecond_before(
    brakes: Brakes, asked: list[tuple[int, int]]
) -> None:
    went = granted(brakes, asked)
    now = went[-1][0] if went else NOW
    turns = {uri: at for at, uri in went}
    opens = max(opens_at(turns, brakes, now), now)
    assert take(turns, ["urn:new"], brakes, opens).get("urn:new") == opens
    if opens > now:
        assert "urn:new" not in take(turns, ["urn:new"], brakes, opens - 1)


@given(BRAKES, st.integers(1, HOUR - 1))
def test_another_try_within_the_hour_takes_no_second_turn(brakes: Brakes, pause: int) -> None:
    turns = take({}, ["urn:a"], brakes, NOW)
    assert take(turns, ["urn:a"], brakes, NOW + pause) == {"urn:a": NOW + pause}


def test_they_go_in_the_order_in_which_they_ask() -> None:
    asked = ["urn:a", "urn:b", "urn:c"]
    assert list(take({}, asked, Brakes(max_per_hour=2), NOW)) == asked[:2]
    assert list(take({}, asked, Brakes(pace_seconds=60), NOW)) == asked[:1]


def test_a_clock_that_ran_ahead_for_a_while_shuts_nobody_out_for_long() -> None:
    ahead = {"urn:a": NOW + 24 * HOUR}
    assert take(ahead, ["urn:b"], Brakes(max_per_hour=1), NOW) == {"urn:b": NOW}


@pytest.mark.parametrize(
    ("row", "needs"),
    [
        (wants(1), True),
        (after(wants(1), BUSY), True),
        (newer(wants(1), 2), True),
        (after(wants(1), DONE), False),
        (newer(after(wants(1), DONE), 2), False),
        (newer(after(wants(1), LOST), 2), False),
        (newer(after(wants(1), DONE), 2, "kill"), False),
        (wants(1, "kill"), False),
        (newer(after(newer(after(wants(1), DONE), 2, "kill"), DONE), 3), True),
    ],
    ids=[
        "first",
        "tried in vain",
        "corrected before it went",
        "sent",
        "correction",
        "correction of what may be there",
        "kill",
        "kill of nothing",
        "back after a kill",
    ],
)
def test_only_what_adds_a_post_needs_a_turn(row: Row, *, needs: bool) -> None:
    assert needs_turn(row) == needs


@given(rows(), st.integers(0, 3 * HOUR))
def test_no_brake_ever_keeps_a_kill_back_nor_calls_it_old(row: Row, later: int) -> None:
    strict = Brakes(max_per_hour=1, pace_seconds=60, max_age_hours=0, give_up_hours=0)
    if row.is_kill:
        assert not needs_turn(row)
        assert give_up_after(row, strict) is None
        assert not is_in_line(wait_in_line(row, strict, NOW), NOW + later)


def test_who_waits_in_line_says_why_and_comes_back_by_itself_within_an_hour() -> None:
    brakes = Brakes(max_per_hour=10, pace_seconds=30)
    row = wait_in_line(wants(1), brakes, NOW)
    assert row.error == "waits in line: at most 10 first posts an hour, 30 s between first posts"
    assert claim(row, NOW + HOUR - 1, KEYED) is None
    assert claim(row, NOW + HOUR, KEYED)
    assert is_in_line(row, NOW)
    called = claim(leave_line(row, NOW + 5), NOW + 5, KEYED)
    assert called
    assert (called.state, called.error) == ("sending", "")


def test_who_is_called_or_waits_for_another_try_stands_in_no_line() -> None:
    assert not is_in_line(sending(wants(1)), NOW)
    failed = after(wants(1), BUSY)
    assert not is_in_line(failed, NOW)
    assert leave_line(failed, NOW) == failed


def old(brakes: Brakes, row: Row, now: int) -> bool:
    claimed = claim(row, now, KEYED, give_up_after=give_up_after(row, brakes))
    return claimed is not None and claimed.state == "dead"


def published(row: Row, at: int) -> Row:
    return replace(row, published_at=at)


def test_what_was_news_when_it_was_wanted_is_old_when_its_turn_comes_late() -> None:
    brakes, row = Brakes(max_age_hours=6), published(wants(1), NOW - 5 * HOUR)
    assert not old(brakes, row, NOW + HOUR)
    assert old(brakes, row, NOW + HOUR + 1)


def test_what_has_waited_too_long_is_old_however_young_it_was() -> None:
    brakes, row = Brakes(max_age_hours=100, give_up_hours=2), published(wants(1), NOW)
    assert not old(brakes, row, NOW + 2 * HOUR)
    assert old(brakes, row, NOW + 2 * HOUR + 1)


@pytest.mark.parametrize("outcome", [DONE, LOST, Outcome("retry", "no answer in time")])
def test_a_correction_of_what_may_stand_there_is_never_old(outcome: Outcome) -> None:
    brakes = Brakes(max_age_hours=1, give_up_hours=1)
    row = newer(after(wants(1), outcome), 2)
    assert not old(brakes, row, NOW + 1000 * HOUR)
