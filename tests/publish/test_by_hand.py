"""What people may do to a delivery: have it made again, or say that it is dealt with."""

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.by_hand import acknowledge, replay
from services.publish.delivery.caps import Way
from services.publish.delivery.claim import claim
from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import Row
from services.publish.delivery.settle import settle
from tests.publish.delivery_rows import (
    BLIND,
    BUSY,
    DONE,
    HOUR,
    KEYED,
    LIMITED,
    LOST,
    NO_CONNECTION,
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


def lost(way: Way) -> Row:
    return settle(sending(wants(1), NOW, way), LOST, NOW, 5_000, way)


def key(row: Row) -> str:
    return message_key(row.uri, row.want_version, row.want_op, row.destination, row.copy)


# Replay


def test_a_replay_gives_a_dead_row_the_whole_schedule_and_its_time_again() -> None:
    dead = after(wants(1), *[NO_CONNECTION] * 11, wait=5_000)
    dead = after(dead, NO_CONNECTION, wait=None)
    again = replay(dead, NOW + 90 * HOUR, KEYED)
    assert again
    assert (again.state, again.attempt, again.wanted_at) == ("waiting", 0, NOW + 90 * HOUR)
    assert (again.want_version, again.want_op) == (1, "put")
    assert key(again) == key(dead)


def test_a_delivery_that_waits_for_its_next_try_is_tried_at_once() -> None:
    waiting = after(wants(1), BUSY, wait=20 * HOUR)
    again = replay(waiting, NOW + 1, KEYED)
    assert again
    assert again.due_at == NOW + 1


@pytest.mark.parametrize("way", WAYS)
def test_what_was_delivered_is_not_sent_again(way: Way) -> None:
    assert replay(after(wants(1), DONE, way=way), NOW, way) is None


def test_forced_it_is_sent_again_under_another_key_each_time() -> None:
    delivered = after(wants(1), DONE)
    once = replay(delivered, NOW, KEYED, force=True)
    assert once
    twice = replay(after(once, DONE), NOW, KEYED, force=True)
    assert twice
    assert len({key(delivered), key(once), key(twice)}) == 3
    assert sending(once).remote_id == "p1"


def test_neither_a_call_under_way_nor_a_cancelled_row_nor_one_never_tried_is_replayed() -> None:
    for force in (False, True):
        assert replay(sending(wants(1)), NOW, KEYED, force=force) is None
        assert replay(newer(wants(1), 1, "kill"), NOW, KEYED, force=force) is None
        assert replay(wants(1), NOW, KEYED, force=force) is None


def test_a_replay_of_what_nobody_knows_sends_it_as_the_person_wishes() -> None:
    again = replay(lost(BLIND), NOW + HOUR, BLIND)
    assert again
    assert sending(again, NOW + HOUR, BLIND).sending_version == 1


def test_a_replay_of_what_can_be_looked_for_looks_first() -> None:
    old = after(lost(LIMITED), BUSY, wait=None, way=LIMITED)
    for row, way in ((lost(SEARCHED), SEARCHED), (old, LIMITED)):
        again = replay(row, NOW + WINDOW, way)
        assert again
        assert (again.state, again.due_at, again.looks) == ("unknown", NOW + WINDOW, 0)


def test_forced_it_is_sent_without_a_look() -> None:
    again = replay(lost(SEARCHED), NOW, SEARCHED, force=True)
    assert again
    assert sending(again, NOW, SEARCHED).sending_version == 1


def test_a_look_under_way_does_not_undo_a_replay() -> None:
    leased = claim(lost(SEARCHED), NOW + HOUR, SEARCHED)
    assert leased
    again = replay(leased, NOW + HOUR, SEARCHED, force=True)
    assert again
    assert (again.lease_until, again.epoch > leased.epoch) == (0, True)


# Acknowledge


def test_a_kill_that_cannot_be_proven_ends_when_a_person_says_so() -> None:
    stuck = after(newer(after(wants(1), DONE), 1, "kill"), BUSY)
    row = acknowledge(stuck, "they deleted it by hand", NOW)
    assert row
    assert (row.state, row.due_at, row.proof) == ("dead", 0, "sent")
    assert (row.acknowledged, row.error) == ("they deleted it by hand", "503")
    assert claim(row, NOW + 100 * HOUR, KEYED) is None


def test_an_acknowledged_kill_can_be_taken_up_again_and_a_newer_version_forgets_it() -> None:
    stuck = after(newer(after(wants(1), DONE), 1, "kill"), BUSY)
    row = acknowledge(stuck, "by telephone", NOW)
    assert row
    again = replay(row, NOW, KEYED)
    assert again
    assert (again.state, again.acknowledged) == ("waiting", "")
    assert newer(row, 2).acknowledged == ""


def test_a_kill_that_is_proven_or_accepted_needs_nobody() -> None:
    accepted = after(newer(after(wants(1), DONE), 1, "kill"), DONE)
    assert acknowledge(accepted, "seen", NOW) is None
    assert acknowledge(newer(wants(1), 1, "kill"), "seen", NOW) is None
    looking = after(newer(after(wants(1), DONE), 1, "kill"), DONE, way=SEARCHED)
    row = acknowledge(looking, "seen", NOW)
    assert row
    assert (row.state, row.proof, row.due_at) == ("dead", "accepted", 0)


def test_a_put_that_a_person_found_there_is_delivered_and_what_waited_for_it_goes_on() -> None:
    row = acknowledge(newer(lost(BLIND), 2), "it is there", NOW + 9, "p9")
    assert row
    assert (row.state, row.sent_version, row.remote_id) == ("waiting", 1, "p9")
    edit = sending(row, NOW + 9, BLIND)
    assert (edit.sending_version, edit.remote_id) == (2, "p9")
    alone = acknowledge(lost(BLIND), "it is there", NOW, "p9")
    assert alone
    assert (alone.state, alone.sent_version, alone.error) == ("delivered", 1, "")


@pytest.mark.parametrize("row", [wants(1), after(wants(1), DONE), sending(wants(1))])
def test_what_is_on_its_way_or_delivered_needs_nobody(row: Row) -> None:
    assert acknowledge(row, "seen", NOW) is None


@given(rows(), st.sampled_from(WAYS), st.booleans())
def test_every_row_is_whole_whatever_people_do(row: Row, way: Way, force: bool) -> None:  # noqa: FBT001
    again = replay(row, NOW, way, force=force)
    seen = acknowledge(row, "seen", NOW)
    for one in filter(None, (row, again, seen)):
        assert (one.lease_until > 0) <= (one.due_at > 0)
        assert one.due_at > 0 or one.state not in ("waiting", "sending")
        assert one.state != "sending" or one.lease_until
        assert one.attempt >= 0
        assert not (one.is_kill and one.state == "dead" and not one.acknowledged)
        assert not (one.is_kill and one.state == "unknown")
        assert one.state != "delivered" or one.wants == (
            one.sent_version,
            int(one.sent_op == "kill"),
        )
        assert one.state != "cancelled" or (one.is_kill and not one.may_have_it)
