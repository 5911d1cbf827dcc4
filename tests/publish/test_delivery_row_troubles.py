"""One row of the delivery ledger when workers end, nobody knows, or it is given up."""

from dataclasses import replace

from hypothesis import given, strategies as st

from services.publish.delivery.by_hand import replay
from services.publish.delivery.claim import POISON_CLAIMS, POISON_PAUSE_MS, claim
from services.publish.delivery.row import LEASE_MS, Outcome, Row, want
from services.publish.delivery.settle import settle
from tests.publish.delivery_rows import (
    BLIND,
    BUSY,
    DONE,
    HOUR,
    KEYED,
    LOST,
    NOW,
    VERDICTS,
    after,
    newer,
    sending,
    wants,
)

# A worker that ends in mid-call


def test_a_put_that_may_be_shown_twice_becomes_unknown_when_its_lease_runs_out() -> None:
    row = claim(sending(wants(1)), NOW + LEASE_MS, BLIND)
    assert row
    assert (row.state, row.due_at, row.lease_until) == ("unknown", 0, 0)
    assert row.error
    assert row.may_have_it
    assert claim(row, NOW + HOUR, BLIND) is None


def test_an_interrupted_kill_is_repeated_even_where_puts_are_not() -> None:
    kill = sending(newer(after(wants(1), DONE), 1, "kill"))
    assert sending(kill, NOW + LEASE_MS, BLIND).sending_op == "kill"


def test_a_kill_is_sent_when_the_lease_of_a_put_runs_out() -> None:
    killed = newer(sending(wants(1)), 1, "kill")
    assert sending(killed, NOW + LEASE_MS, BLIND).sending_op == "kill"
    assert sending(killed, NOW + LEASE_MS).may_have_it


def test_a_kill_is_never_unknown() -> None:
    kill = sending(newer(after(wants(1), DONE), 1, "kill"))
    settled = settle(kill, LOST, NOW, 5_000, KEYED)
    assert (settled.state, settled.due_at, settled.proof) == ("waiting", NOW + 5_000, "sent")


def claimed_in_vain(row: Row, times: int) -> Row:
    for _ in range(times):
        row = sending(row, max(row.due_at, row.lease_until))
    return row


def test_a_put_that_ends_three_workers_is_dead() -> None:
    poison = claimed_in_vain(wants(1), POISON_CLAIMS)
    dead = claim(poison, poison.due_at, KEYED)
    assert dead
    assert (dead.state, dead.lease_until, dead.may_have_it) == ("dead", 0, True)
    assert str(POISON_CLAIMS) in dead.error


def test_an_outcome_of_any_kind_or_a_newer_version_starts_the_count_of_claims_again() -> None:
    twice = claimed_in_vain(wants(1), POISON_CLAIMS - 1)
    assert settle(twice, BUSY, NOW, 0, KEYED).claims == 0
    assert newer(twice, 2).claims == 0


def test_a_kill_that_ends_its_workers_goes_on_with_a_pause_for_ever() -> None:
    kill = claimed_in_vain(newer(after(wants(1), DONE), 1, "kill"), 20)
    assert claim(kill, kill.lease_until + POISON_PAUSE_MS - 1, KEYED) is None
    assert sending(kill, kill.lease_until + POISON_PAUSE_MS).sending_op == "kill"


# Giving up


def test_a_put_is_dead_when_the_schedule_is_over_and_says_why() -> None:
    dead = after(wants(1), BUSY, wait=None)
    assert (dead.state, dead.error, dead.failing_since, dead.due_at) == ("dead", "503", NOW, 0)


@given(VERDICTS, st.sampled_from([None, 5_000]))
def test_a_kill_is_never_dead(verdict: str, wait: int | None) -> None:
    kill = newer(after(wants(1), DONE), 1, "kill")
    settled = after(kill, *[Outcome(verdict)] * 30, wait=wait) if verdict != "done" else kill
    assert settled.state == "waiting"
    assert settled.due_at - NOW <= 30 * HOUR


def test_what_only_a_person_can_mend_is_no_attempt() -> None:
    stopped = after(wants(1), *[Outcome("stopped", "401")] * 40)
    assert (stopped.state, stopped.attempt, stopped.error) == ("waiting", 0, "401")


def test_a_kill_that_only_a_person_can_help_counts_its_tries_so_that_it_slows_down() -> None:
    kill = newer(after(wants(1), DONE), 1, "kill")
    assert after(kill, *[Outcome("stopped", "401")] * 5).attempt == 5


def test_a_first_post_is_not_made_when_it_is_old_news() -> None:
    late = NOW + 6 * HOUR + 1
    old = claim(wants(1), late, KEYED, give_up_after=6 * HOUR)
    assert old
    assert (old.state, old.error) == ("dead", "old news by now")
    in_time = claim(wants(1), late - 1, KEYED, give_up_after=6 * HOUR)
    assert in_time
    assert in_time.state == "sending"


def test_what_expired_while_it_waited_is_not_sent_as_news_any_more() -> None:
    row = replace(wants(1), expires_at=NOW + HOUR)
    late = claim(row, NOW + HOUR, KEYED)
    assert late
    assert (late.state, late.error) == ("dead", "expired")
    in_time = claim(row, NOW + HOUR - 1, KEYED)
    assert in_time
    assert in_time.state == "sending"
    again = replay(late, NOW + 2 * HOUR, KEYED)
    assert again
    tried = claim(again, NOW + 2 * HOUR, KEYED)
    assert tried
    assert tried.state == "dead"


def test_a_later_version_says_anew_when_it_expires() -> None:
    over = replace(wants(1), expires_at=NOW)
    longer = want(over, replace(wants(2), expires_at=NOW + HOUR))
    assert longer
    assert longer.expires_at == NOW + HOUR


def test_a_correction_or_a_kill_of_what_stands_there_is_never_old_news() -> None:
    there = after(wants(1), DONE)
    for row in (newer(there, 2), newer(there, 2, "kill")):
        claimed = claim(row, NOW + 60 * HOUR, KEYED, give_up_after=6 * HOUR)
        assert claimed
        assert claimed.state == "sending"
