"""One kill at one destination: how far it comes, and what proves it."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.caps import Caps, Way
from services.publish.delivery.claim import claim
from services.publish.delivery.row import LEASE_MS, Outcome, Row
from services.publish.delivery.settle import (
    FIRST_LOOK_MS,
    FIRST_PROOF_MS,
    HOUR_MS,
    LOOKS_FOR_KILLED,
    NOTICE,
    settle,
)
from services.publish.delivery.step import NAMELESS, UNDELETABLE, step_of
from tests.publish.delivery_rows import (
    BLIND,
    BUSY,
    DONE,
    KEYED,
    LIMITED,
    LOST,
    NOW,
    SEARCHED,
    STONE,
    WAYS,
    after,
    newer,
    sending,
    wants,
)

THERE, MISSING, UNSEEN = (
    Outcome("there", remote_id="p1"),
    Outcome("missing"),
    Outcome("retry", "503"),
)
IMPOSSIBLE = Outcome("impossible", "older than 48 hours")
EDITED = Way(Caps(idempotency="key", edits=True, deletes=False, finds=False, verifies=False))
REPEATED = Way(Caps(idempotency="none", edits=False, deletes=True, finds=True, verifies=True))


def killed(way: Way) -> Row:
    """A kill that is due, of a post that stands there under the name p1."""
    return newer(after(wants(1), DONE, way=way), 1, "kill")


def called(row: Row, *outcomes: Outcome, way: Way, wait: int | None = 2_000) -> Row:
    for outcome in outcomes:
        leased = claim(row, row.due_at, way)
        assert leased
        row = settle(leased, outcome, row.due_at, wait, way)
    return row


def step(row: Row, way: Way) -> object:
    leased = claim(row, row.due_at, way)
    assert leased
    return step_of(leased, way.caps)


# Taken away


def test_where_nobody_can_look_accepted_is_the_most_there_is() -> None:
    row = called(killed(KEYED), DONE, way=KEYED)
    assert (row.state, row.proof, row.sent_at, row.proven_at, row.due_at) == (
        "delivered",
        "accepted",
        NOW,
        0,
        0,
    )


def test_a_destination_that_says_so_itself_is_believed() -> None:
    row = called(killed(KEYED), Outcome("done", is_proof=True), way=KEYED)
    assert (row.proof, row.proven_at, row.due_at) == ("gone", NOW, 0)


def test_where_one_can_look_a_look_follows_and_proves_it() -> None:
    row = called(killed(SEARCHED), DONE, way=SEARCHED)
    assert (row.state, row.proof, row.due_at) == ("delivered", "accepted", NOW + FIRST_PROOF_MS)
    assert step(row, SEARCHED) == "find"
    gone = called(row, UNSEEN, MISSING, way=SEARCHED)
    assert (gone.state, gone.proof, gone.due_at, gone.may_have_it) == (
        "delivered",
        "gone",
        0,
        False,
    )
    assert gone.proven_at == NOW + FIRST_PROOF_MS + 2_000


def test_what_can_still_be_seen_is_looked_at_again_and_then_taken_away_again() -> None:
    row = called(killed(SEARCHED), DONE, way=SEARCHED)
    seen = called(row, *[THERE] * (LOOKS_FOR_KILLED - 1), way=SEARCHED)
    assert (seen.state, seen.proof, seen.may_have_it) == ("delivered", "accepted", True)
    again = called(seen, THERE, way=SEARCHED)
    assert (again.state, step(again, SEARCHED)) == ("waiting", "delete")
    assert called(again, DONE, MISSING, way=SEARCHED).proof == "gone"


def test_a_kill_above_one_that_is_still_looked_at_goes_on_looking() -> None:
    looking = called(killed(SEARCHED), DONE, way=SEARCHED)
    row = newer(looking, 2, "kill")
    assert (row.state, row.proof, row.due_at) == ("cancelled", "accepted", looking.due_at)
    assert called(row, MISSING, way=SEARCHED).proof == "gone"
    assert step(called(row, THERE, way=SEARCHED), SEARCHED) == "delete"


def test_a_kill_of_what_never_arrived_is_proven_without_a_call() -> None:
    row = newer(wants(1), 1, "kill")
    assert (row.state, row.proof, row.proven_at) == ("cancelled", "gone", NOW)


def test_a_kill_that_was_told_and_not_taken_is_sent() -> None:
    row = called(killed(KEYED), BUSY, way=KEYED)
    assert (row.state, row.proof) == ("waiting", "sent")
    unheard = called(killed(KEYED), replace(BUSY, reached=False), way=KEYED)
    assert (unheard.state, unheard.proof) == ("waiting", "")


def test_every_post_of_a_story_that_could_not_be_edited_is_named() -> None:
    second = newer(after(wants(1), DONE, way=REPEATED), 2)
    assert step(second, REPEATED) == "deliver"
    both = called(second, Outcome("done", remote_id="p2"), way=REPEATED)
    assert both.remote_id == "p1 p2"
    assert newer(both, 2, "kill").remote_id == "p1 p2"


# Without a name


def test_a_kill_of_a_lost_put_looks_for_its_name_and_then_deletes_it() -> None:
    row = newer(settle(sending(wants(1), NOW, LIMITED), LOST, NOW, 5_000, LIMITED), 1, "kill")
    assert step(row, LIMITED) == "find"
    found = called(row, UNSEEN, THERE, way=LIMITED)
    assert (found.remote_id, step(found, LIMITED)) == ("p1", "delete")
    assert called(found, DONE, MISSING, way=LIMITED).proof == "gone"


def test_a_lost_put_that_is_missing_twice_is_gone() -> None:
    row = newer(settle(sending(wants(1), NOW, LIMITED), LOST, NOW, 5_000, LIMITED), 1, "kill")
    once = called(row, MISSING, way=LIMITED)
    assert (once.state, once.due_at) == ("waiting", NOW + FIRST_LOOK_MS)
    twice = called(once, MISSING, way=LIMITED)
    assert (twice.state, twice.proof, twice.may_have_it) == ("delivered", "gone", False)


def test_a_kill_of_a_lost_put_where_nobody_can_look_is_impossible_and_says_so() -> None:
    row = newer(settle(sending(wants(1), NOW, BLIND), LOST, NOW, 5_000, BLIND), 1, "kill")
    outcome = step(row, BLIND)
    assert outcome == Outcome("impossible", NAMELESS, reached=False)
    assert isinstance(outcome, Outcome)
    stuck = called(row, outcome, way=BLIND)
    assert (stuck.state, stuck.proof, stuck.error) == ("waiting", "impossible", NAMELESS)
    assert stuck.due_at == NOW + HOUR_MS


# What cannot be deleted


def test_what_can_be_neither_deleted_nor_edited_is_impossible_by_the_hour() -> None:
    row = killed(STONE)
    outcome = step(row, STONE)
    assert outcome == Outcome("impossible", UNDELETABLE, reached=False)
    assert isinstance(outcome, Outcome)
    stuck = called(row, outcome, outcome, outcome, way=STONE)
    assert (stuck.state, stuck.proof, stuck.may_have_it) == ("waiting", "impossible", True)
    assert stuck.due_at == NOW + 3 * HOUR_MS


def test_what_cannot_be_deleted_is_edited_into_a_notice_and_the_report_says_so() -> None:
    row = killed(EDITED)
    assert step(row, EDITED) == "notice"
    done = called(row, BUSY, DONE, way=EDITED)
    assert (done.state, done.proof, done.error, done.due_at) == (
        "delivered",
        "impossible",
        NOTICE,
        0,
    )
    assert not done.may_have_it


def test_a_platform_that_will_not_delete_gets_the_notice_at_once() -> None:
    row = called(killed(BLIND), IMPOSSIBLE, way=BLIND)
    assert (row.proof, row.due_at, step(row, BLIND)) == ("impossible", NOW, "notice")
    done = called(row, DONE, way=BLIND)
    assert (done.state, done.proof) == ("delivered", "impossible")
    stuck = called(row, IMPOSSIBLE, way=BLIND)
    assert (stuck.state, stuck.due_at) == ("waiting", NOW + HOUR_MS)


def test_a_platform_that_would_not_delete_and_has_it_no_more_has_it_no_more() -> None:
    row = called(killed(BLIND), IMPOSSIBLE, Outcome("done", is_proof=True), way=BLIND)
    assert (row.state, row.proof) == ("delivered", "gone")


# Always


@given(
    st.sampled_from(WAYS),
    st.lists(
        st.sampled_from(
            [BUSY, LOST, UNSEEN, THERE, MISSING, IMPOSSIBLE, Outcome("refused"), Outcome("broken")]
        ),
        max_size=20,
    ),
)
def test_a_kill_is_never_forgotten(way: Way, outcomes: list[Outcome]) -> None:
    """Until it is proven it is due, within an hour and a lease, and never dead or unknown."""
    row = killed(way)
    for outcome in outcomes:
        if not row.due_at:
            break
        now = row.due_at
        row = called(row, outcome, way=way, wait=60_000)
        assert row.state in ("waiting", "delivered")
        assert row.due_at or row.proof == "gone"
        assert row.due_at <= now + HOUR_MS + LEASE_MS


@pytest.mark.parametrize("way", WAYS)
def test_a_reinstated_story_is_a_new_post_whatever_became_of_the_kill(way: Way) -> None:
    gone = called(killed(way), Outcome("done", is_proof=True), way=way)
    back = sending(newer(gone, 2), NOW + LEASE_MS, way)
    assert (back.remote_id, step_of(back, way.caps)) == ("", "deliver")
