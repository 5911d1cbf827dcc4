"""One row of the delivery ledger: what it wants, and what becomes of that during a call."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.claim import claim
from services.publish.delivery.row import LEASE_MS, Op, Outcome, Row, want
from services.publish.delivery.settle import settle
from tests.publish.delivery_rows import (
    BUSY,
    DONE,
    HOUR,
    KEYED,
    LOST,
    NO_CONNECTION,
    NOW,
    VERDICTS,
    after,
    newer,
    rows,
    sending,
    wants,
)

# What is wanted


@given(rows(), st.integers(1, 9), st.sampled_from(["put", "kill"]))
def test_a_row_never_wants_less_than_it_did(row: Row, version: int, op: Op) -> None:
    changed = want(row, wants(version, op))
    if wants(version, op).wants <= row.wants:
        assert changed is None
    else:
        assert changed
        assert (changed.want_version, changed.want_op) == (version, op)


@given(rows(), st.integers(7, 9), st.sampled_from(["put", "kill"]))
def test_wanting_the_same_twice_changes_nothing(row: Row, version: int, op: Op) -> None:
    assert want(newer(row, version, op), wants(version, op)) is None


def test_a_kill_beats_a_put_of_the_same_version_and_not_the_reverse() -> None:
    assert newer(wants(2), 2, "kill").want_op == "kill"
    assert want(newer(wants(2), 2, "kill"), wants(2)) is None


def test_a_newer_version_does_not_wait_out_the_failures_of_the_older_one() -> None:
    failing = after(wants(1), BUSY, BUSY, BUSY, wait=10 * HOUR)
    fresh = newer(failing, 2)
    assert (fresh.due_at, fresh.attempt, fresh.failing_since, fresh.error) == (NOW, 0, 0, "")


def test_a_newer_version_gives_a_dead_row_another_life() -> None:
    dead = after(wants(1), Outcome("refused", "422"), wait=None)
    assert newer(dead, 2).state == "waiting"


def test_a_kill_of_an_article_never_planned_is_a_tombstone_that_refuses_the_late_put() -> None:
    tombstone = want(None, wants(1, "kill"))
    assert tombstone
    assert (tombstone.state, tombstone.proof, tombstone.due_at) == ("cancelled", "gone", 0)
    assert want(tombstone, wants(1)) is None
    assert newer(tombstone, 2).state == "waiting"


def test_a_kill_before_anything_was_sent_cancels_without_a_call() -> None:
    killed = newer(wants(1), 1, "kill")
    assert (killed.state, killed.due_at) == ("cancelled", 0)
    assert claim(killed, NOW + HOUR, KEYED) is None


def test_a_kill_of_a_row_that_never_got_a_connection_cancels_without_a_call() -> None:
    row = after(wants(1), NO_CONNECTION, NO_CONNECTION, NO_CONNECTION)
    assert not row.may_have_it
    assert newer(row, 1, "kill").state == "cancelled"


@pytest.mark.parametrize("outcome", [BUSY, LOST, Outcome("refused", "422"), Outcome("stopped")])
def test_a_kill_after_a_call_that_may_have_arrived_is_sent(outcome: Outcome) -> None:
    killed = newer(after(after(wants(1), NO_CONNECTION), outcome, wait=None), 1, "kill")
    assert (killed.state, killed.due_at) == ("waiting", NOW)


def test_one_failed_connection_does_not_undo_that_an_earlier_call_arrived() -> None:
    assert after(wants(1), BUSY, NO_CONNECTION).may_have_it
    assert after(newer(after(wants(1), DONE), 2), NO_CONNECTION).may_have_it


def test_after_an_acknowledged_kill_nothing_is_there_until_a_put_is_sent_again() -> None:
    killed = after(newer(after(wants(1), DONE), 1, "kill"), DONE)
    assert (killed.state, killed.proof, killed.may_have_it) == ("delivered", "accepted", False)
    back = newer(killed, 2)
    assert not back.may_have_it
    assert newer(back, 2, "kill").state == "cancelled"
    assert sending(back).may_have_it
    assert after(back, BUSY).may_have_it


def test_a_kill_above_an_acknowledged_kill_needs_no_call_and_keeps_its_proof() -> None:
    killed = after(newer(after(wants(1), DONE), 1, "kill"), DONE)
    again = newer(killed, 2, "kill")
    assert (again.state, again.proof) == ("cancelled", "accepted")


# During a call


def test_what_becomes_wanted_during_a_call_waits_for_it_and_goes_next() -> None:
    call = sending(wants(1))
    wanted = newer(call, 2)
    assert claim(wanted, NOW + LEASE_MS - 1, KEYED) is None
    assert wanted.due_at == call.due_at
    settled = settle(wanted, DONE, NOW + 9, None, KEYED)
    assert (settled.state, settled.sent_version, settled.due_at) == ("waiting", 1, NOW + 9)
    assert sending(settled, NOW + 9).sending_version == 2


@given(VERDICTS, st.sampled_from([None, 10 * HOUR]))
def test_a_kill_wanted_during_a_call_goes_next_whatever_became_of_the_call(
    verdict: str, wait: int | None
) -> None:
    wanted = newer(sending(wants(1)), 1, "kill")
    settled = settle(wanted, Outcome(verdict, "error"), NOW + 9, wait, KEYED)
    assert (settled.state, settled.due_at, settled.attempt) == ("waiting", NOW + 9, 0)


def test_a_kill_wanted_during_a_call_that_found_no_connection_is_cancelled() -> None:
    wanted = newer(sending(wants(1)), 1, "kill")
    assert settle(wanted, NO_CONNECTION, NOW, 5_000, KEYED).state == "cancelled"


def test_the_failures_of_an_older_version_do_not_count_for_the_newer_one() -> None:
    failing = after(wants(1), BUSY, BUSY)
    wanted = newer(sending(failing, failing.due_at), 2, "kill")
    settled = settle(wanted, BUSY, NOW + HOUR, 5_000, KEYED)
    assert (settled.attempt, settled.failing_since, settled.error) == (0, 0, "")


def test_a_reinstatement_wanted_while_the_kill_is_sent_makes_a_new_post() -> None:
    kill = sending(newer(after(wants(1), DONE), 1, "kill"))
    back = settle(newer(kill, 2), DONE, NOW + 9, None, KEYED)
    assert (back.state, back.sent_op) == ("waiting", "kill")
    assert sending(back, NOW + 9).remote_id == ""


def test_an_update_edits_the_post_that_is_there() -> None:
    assert sending(newer(after(wants(1), DONE), 2)).remote_id == "p1"


def test_a_name_minted_before_the_first_call_is_kept_over_its_tries_and_a_crash() -> None:
    minted = replace(sending(wants(1)), remote_id="rkey")
    again = sending(minted, NOW + LEASE_MS)
    assert again.remote_id == "rkey"
    unsent = settle(minted, NO_CONNECTION, NOW, 0, KEYED)
    assert sending(unsent).remote_id == "rkey"


def test_each_claim_has_its_own_epoch() -> None:
    first = sending(wants(1))
    second = sending(first, NOW + LEASE_MS)
    third = sending(settle(second, BUSY, NOW, 0, KEYED))
    assert (first.epoch, second.epoch, third.epoch) == (1, 2, 3)


def test_a_live_lease_is_respected_even_if_the_row_is_due() -> None:
    row = replace(sending(wants(1)), due_at=NOW)
    assert claim(row, NOW + LEASE_MS - 1, KEYED) is None
    assert claim(row, NOW + LEASE_MS, KEYED)


@given(rows(), st.integers(-HOUR, 2 * HOUR))
def test_a_row_under_a_live_lease_or_not_due_is_never_claimed(row: Row, late: int) -> None:
    now = NOW + late
    claimed = claim(row, now, KEYED)
    if not row.due_at or row.due_at > now or row.lease_until > now:
        assert claimed is None
    else:
        assert claimed
        assert claimed.state in ("dead", "unknown") or claimed.lease_until == now + LEASE_MS
