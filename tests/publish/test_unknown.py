"""What becomes of a call without a clear answer: by name, by key, by a look, or by a person."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.caps import Way, may_repeat
from services.publish.delivery.claim import claim, hand_back
from services.publish.delivery.row import LEASE_MS, Outcome, Row
from services.publish.delivery.settle import FIRST_LOOK_MS, LOOKS_FOR_LOST, settle
from services.publish.delivery.step import step_of
from tests.publish.delivery_rows import (
    BLIND,
    BOLD,
    BUSY,
    DONE,
    HOUR,
    KEYED,
    LIMITED,
    LOST,
    NAMED,
    NOW,
    SEARCHED,
    WAYS,
    WINDOW,
    after,
    newer,
    rows,
    sending,
    wants,
)

THERE = Outcome("there", remote_id="p7")
MISSING = Outcome("missing")
UNSEEN = Outcome("retry", "503")


def lost(way: Way, row: Row | None = None) -> Row:
    return settle(sending(row or wants(1), NOW, way), LOST, NOW, 5_000, way)


def looked(row: Row, *outcomes: Outcome, way: Way, wait: int | None = 9_000) -> Row:
    for outcome in outcomes:
        leased = claim(row, row.due_at, way)
        assert leased
        assert (leased.state, step_of(leased, way.caps)) == ("unknown", "find")
        assert leased.lease_until == row.due_at + LEASE_MS
        row = settle(leased, outcome, row.due_at, wait, way)
    return row


# Class A and B


@pytest.mark.parametrize("way", [NAMED, KEYED, LIMITED])
def test_where_a_repetition_is_known_a_lost_put_is_just_sent_again(way: Way) -> None:
    again = sending(lost(way), NOW + 5_000, way)
    assert (again.sending_version, again.attempt) == (1, 2)


@pytest.mark.parametrize("way", [NAMED, KEYED, LIMITED])
def test_where_a_repetition_is_known_a_worker_that_ended_costs_a_lease_and_no_more(
    way: Way,
) -> None:
    again = sending(sending(wants(1), NOW, way), NOW + LEASE_MS, way)
    assert (again.sending_version, again.epoch) == (1, 2)


def test_after_the_window_of_its_key_a_lost_put_is_looked_for() -> None:
    row = replace(lost(LIMITED), due_at=NOW + WINDOW)
    assert looked(row, THERE, way=LIMITED).state == "delivered"


def test_the_window_of_a_key_counts_from_the_first_call() -> None:
    row = lost(LIMITED)
    for minutes in (10, 20, 30, 40):
        now = NOW + minutes * 60_000
        row = settle(sending(replace(row, due_at=now), now, LIMITED), BUSY, now, 5_000, LIMITED)
    late = claim(replace(row, due_at=NOW + WINDOW), NOW + WINDOW, LIMITED)
    assert late
    assert late.state == "unknown"


def test_a_put_that_was_only_ever_refused_for_now_is_sent_after_the_window_too() -> None:
    busy = after(wants(1), BUSY, BUSY, way=LIMITED)
    assert sending(busy, NOW + 2 * WINDOW, LIMITED).sending_version == 1


def test_a_newer_version_has_another_key_so_the_lost_one_is_looked_for_first() -> None:
    row = newer(lost(LIMITED), 2)
    found = looked(row, THERE, way=LIMITED)
    assert (found.state, found.sent_version, found.remote_id) == ("waiting", 1, "p7")
    edit = sending(found, found.due_at, LIMITED)
    assert (edit.sending_version, step_of(edit, LIMITED.caps)) == (2, "edit")


def test_a_row_that_was_handed_back_still_knows_which_version_was_lost() -> None:
    claimed = sending(newer(lost(KEYED), 2), NOW, replace(KEYED, caps=NAMED.caps))
    back = hand_back(claimed, NOW)
    late = claim(back, NOW, LIMITED)
    assert late
    assert (late.state, late.sending_version, late.sending_since) == ("unknown", 1, NOW)


def test_to_edit_what_stands_there_may_be_repeated_everywhere() -> None:
    for way in (SEARCHED, BLIND):
        row = lost(way, newer(after(wants(1), DONE, way=way), 2))
        assert (row.state, row.due_at) == ("waiting", NOW + 5_000)
        assert sending(row, row.due_at, way).remote_id == "p1"


# Class C


def test_a_put_that_is_lost_where_one_can_look_is_looked_for_soon() -> None:
    row = lost(SEARCHED)
    assert (row.state, row.due_at, row.error) == ("unknown", NOW + FIRST_LOOK_MS, LOST.error)


def test_a_put_whose_worker_ended_where_one_can_look_is_looked_for_at_once() -> None:
    row = claim(sending(wants(1), NOW, SEARCHED), NOW + LEASE_MS, SEARCHED)
    assert row
    assert (row.state, row.lease_until) == ("unknown", NOW + 2 * LEASE_MS)
    assert (row.lost_version, row.lost_since) == (1, NOW)


def test_a_put_that_is_found_is_delivered_under_the_name_it_has_there() -> None:
    row = looked(lost(SEARCHED), UNSEEN, MISSING, THERE, way=SEARCHED)
    assert (row.state, row.sent_version, row.remote_id) == ("delivered", 1, "p7")
    assert (row.due_at, row.lost_version) == (0, 0)


def test_a_put_that_is_missing_twice_is_sent_again_when_its_next_try_is_due() -> None:
    once = looked(lost(SEARCHED), MISSING, way=SEARCHED)
    assert (once.state, once.due_at) == ("unknown", NOW + 2 * FIRST_LOOK_MS)
    twice = looked(once, MISSING, way=SEARCHED)
    assert (twice.state, twice.due_at) == ("waiting", once.due_at + 9_000)
    assert LOOKS_FOR_LOST == 2
    again = sending(twice, twice.due_at, SEARCHED)
    assert (again.attempt, step_of(again, SEARCHED.caps)) == (2, "deliver")


def test_a_put_that_is_missing_after_its_last_try_is_dead_and_says_why() -> None:
    row = looked(lost(SEARCHED), MISSING, MISSING, way=SEARCHED, wait=None)
    assert (row.state, row.error) == ("dead", LOST.error)


def test_a_look_that_tells_nothing_is_followed_by_another_and_never_by_a_call() -> None:
    row = looked(lost(SEARCHED), *[UNSEEN] * 50, way=SEARCHED)
    assert (row.state, row.looks, row.error) == ("unknown", 50, "503")


def test_what_became_wanted_during_the_look_goes_next() -> None:
    leased = claim(lost(SEARCHED), NOW + FIRST_LOOK_MS, SEARCHED)
    assert leased
    row = settle(newer(leased, 2), THERE, NOW + HOUR, 9_000, SEARCHED)
    assert (row.state, row.sent_version, row.due_at) == ("waiting", 1, NOW + HOUR)


def test_a_look_that_was_handed_back_is_due_at_once() -> None:
    leased = claim(lost(SEARCHED), NOW + FIRST_LOOK_MS, SEARCHED)
    assert leased
    back = hand_back(leased, NOW + HOUR)
    assert (back.state, back.due_at, back.lease_until) == ("unknown", NOW + HOUR, 0)


# Class D


def test_a_put_that_is_lost_where_nobody_can_look_waits_for_a_person() -> None:
    row = lost(BLIND)
    assert (row.state, row.due_at, row.error) == ("unknown", 0, LOST.error)
    assert claim(row, NOW + 100 * HOUR, BLIND) is None


def test_a_destination_may_rather_have_it_twice_than_not_at_all() -> None:
    assert sending(lost(BOLD), NOW + 5_000, BOLD).attempt == 2
    assert sending(sending(wants(1), NOW, BOLD), NOW + LEASE_MS, BOLD).attempt == 2


def test_a_newer_put_waits_until_somebody_knows_what_became_of_the_lost_one() -> None:
    during = settle(newer(sending(wants(1), NOW, BLIND), 2), LOST, NOW, 5_000, BLIND)
    for row in (newer(lost(BLIND), 2), during):
        assert (row.state, row.want_version, row.error) == ("unknown", 2, LOST.error)


def test_a_kill_does_not_wait_for_a_lost_put() -> None:
    for way in (SEARCHED, BLIND):
        killed = newer(lost(way), 1, "kill")
        assert (killed.state, killed.due_at, killed.lease_until) == ("waiting", NOW, 0)


def test_a_bug_after_the_call_leaves_it_open_whether_it_arrived() -> None:
    for reached in (True, False):
        bug = Outcome("broken", "bug", reached=reached)
        row = settle(sending(wants(1), NOW, BLIND), bug, NOW, None, BLIND)
        assert (row.state, row.lost_version) == ("dead", int(reached))


# All of them


@given(rows(), st.sampled_from(WAYS), st.integers(0, 3 * HOUR))
def test_nothing_that_may_stand_there_is_sent_blindly(row: Row, way: Way, late: int) -> None:
    now = max(row.due_at, row.lease_until) + late
    claimed = claim(row, now, way)
    if claimed is None or claimed.state != "sending" or row.is_kill:
        return
    ended = row.state == "sending" and row.sending_op == "put"
    may_stand = row.lost_version > 0 or ended
    assert not may_stand or may_repeat(claimed, way.caps, now) or way.on_unknown == "resend"
