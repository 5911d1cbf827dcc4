"""One row of the delivery ledger when workers end, nobody knows, or it is given up."""

from dataclasses import replace

from hypothesis import given, strategies as st

from services.publish.delivery.row import (
    LEASE_MS,
    POISON_CLAIMS,
    POISON_PAUSE_MS,
    Outcome,
    Row,
    claim,
    replay,
    settle,
    want,
)
from tests.publish.delivery_rows import (
    BUSY,
    DONE,
    HOUR,
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

# A worker that ends in mid-call


def test_a_put_that_may_be_shown_twice_becomes_unknown_when_its_lease_runs_out() -> None:
    row = claim(sending(wants(1)), NOW + LEASE_MS, repeatable=False)
    assert row
    assert (row.state, row.due_at, row.lease_until) == ("unknown", 0, 0)
    assert row.error
    assert row.may_have_it
    assert claim(row, NOW + HOUR, repeatable=False) is None


def test_an_interrupted_kill_is_repeated_even_where_puts_are_not() -> None:
    kill = sending(newer(after(wants(1), DONE), 1, "kill"))
    assert sending(kill, NOW + LEASE_MS, repeatable=False).sending_op == "kill"


def test_a_kill_is_sent_when_the_lease_of_a_put_runs_out() -> None:
    killed = newer(sending(wants(1)), 1, "kill")
    assert sending(killed, NOW + LEASE_MS, repeatable=False).sending_op == "kill"
    assert sending(killed, NOW + LEASE_MS).may_have_it


def test_a_newer_put_waits_until_somebody_knows_what_became_of_the_unknown_one() -> None:
    unknown = settle(sending(wants(1)), LOST, NOW, 5_000)
    held = newer(unknown, 2)
    assert (held.state, held.error) == ("unknown", LOST.error)
    also = settle(newer(sending(wants(1)), 2), LOST, NOW, 5_000)
    assert also.state == "unknown"
    found = settle(held, Outcome("done", remote_id="p7"), NOW + 5, None)
    assert (found.state, found.sent_version, found.remote_id) == ("waiting", 1, "p7")
    assert sending(found, NOW + 5).sending_version == 2


def test_an_unknown_put_that_was_looked_for_in_vain_is_sent_again() -> None:
    unknown = settle(sending(wants(1)), LOST, NOW, 5_000)
    missing = settle(unknown, Outcome("retry", "not found", reached=False), NOW + 5, 0)
    assert (missing.state, missing.due_at) == ("waiting", NOW + 5)


def test_a_kill_does_not_wait_for_an_unknown_put() -> None:
    unknown = settle(sending(wants(1)), LOST, NOW, 5_000)
    killed = newer(unknown, 1, "kill")
    assert (killed.state, killed.due_at) == ("waiting", NOW)


def test_a_kill_is_never_unknown() -> None:
    kill = sending(newer(after(wants(1), DONE), 1, "kill"))
    settled = settle(kill, LOST, NOW, 5_000)
    assert (settled.state, settled.due_at, settled.proof) == ("waiting", NOW + 5_000, "sent")


def claimed_in_vain(row: Row, times: int) -> Row:
    for _ in range(times):
        row = sending(row, max(row.due_at, row.lease_until))
    return row


def test_a_put_that_ends_three_workers_is_dead() -> None:
    poison = claimed_in_vain(wants(1), POISON_CLAIMS)
    dead = claim(poison, poison.due_at, repeatable=True)
    assert dead
    assert (dead.state, dead.lease_until, dead.may_have_it) == ("dead", 0, True)
    assert str(POISON_CLAIMS) in dead.error


def test_an_outcome_of_any_kind_or_a_newer_version_starts_the_count_of_claims_again() -> None:
    twice = claimed_in_vain(wants(1), POISON_CLAIMS - 1)
    assert settle(twice, BUSY, NOW, 0).claims == 0
    assert newer(twice, 2).claims == 0


def test_a_kill_that_ends_its_workers_goes_on_with_a_pause_for_ever() -> None:
    kill = claimed_in_vain(newer(after(wants(1), DONE), 1, "kill"), 20)
    assert claim(kill, kill.lease_until + POISON_PAUSE_MS - 1, repeatable=True) is None
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
    assert settled.due_at - NOW <= 30 * LEASE_MS


def test_what_only_a_person_can_mend_is_no_attempt() -> None:
    stopped = after(wants(1), *[Outcome("stopped", "401")] * 40)
    assert (stopped.state, stopped.attempt, stopped.error) == ("waiting", 0, "401")


def test_a_kill_that_only_a_person_can_help_counts_its_tries_so_that_it_slows_down() -> None:
    kill = newer(after(wants(1), DONE), 1, "kill")
    assert after(kill, *[Outcome("stopped", "401")] * 5).attempt == 5


def test_a_first_post_is_not_made_when_it_is_old_news() -> None:
    late = NOW + 6 * HOUR + 1
    old = claim(wants(1), late, repeatable=True, give_up_after=6 * HOUR)
    assert old
    assert (old.state, old.error) == ("dead", "old news by now")
    in_time = claim(wants(1), late - 1, repeatable=True, give_up_after=6 * HOUR)
    assert in_time
    assert in_time.state == "sending"


def test_what_expired_while_it_waited_is_not_sent_as_news_any_more() -> None:
    row = replace(wants(1), expires_at=NOW + HOUR)
    late = claim(row, NOW + HOUR, repeatable=True)
    assert late
    assert (late.state, late.error) == ("dead", "expired")
    in_time = claim(row, NOW + HOUR - 1, repeatable=True)
    assert in_time
    assert in_time.state == "sending"
    again = replay(late, NOW + 2 * HOUR, repeatable=True)
    assert again
    tried = claim(again, NOW + 2 * HOUR, repeatable=True)
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
        claimed = claim(row, NOW + 60 * HOUR, repeatable=True, give_up_after=6 * HOUR)
        assert claimed
        assert claimed.state == "sending"


# Replay


def test_a_replay_gives_a_dead_row_the_whole_schedule_and_its_time_again() -> None:
    dead = after(wants(1), *[NO_CONNECTION] * 11, wait=5_000)
    dead = after(dead, NO_CONNECTION, wait=None)
    again = replay(dead, NOW + 90 * HOUR, repeatable=False)
    assert again
    assert (again.state, again.attempt, again.wanted_at) == ("waiting", 0, NOW + 90 * HOUR)
    assert (again.want_version, again.want_op) == (1, "put")


def test_what_was_delivered_is_replayed_only_where_it_would_not_be_shown_twice() -> None:
    delivered = after(wants(1), DONE)
    assert replay(delivered, NOW, repeatable=False) is None
    again = replay(delivered, NOW, repeatable=True)
    assert again
    assert sending(again).remote_id == "p1"


def test_neither_a_call_under_way_nor_a_cancelled_row_is_replayed() -> None:
    assert replay(sending(wants(1)), NOW, repeatable=True) is None
    assert replay(newer(wants(1), 1, "kill"), NOW, repeatable=True) is None


@given(rows(), st.booleans())
def test_every_row_is_whole(row: Row, repeatable: bool) -> None:  # noqa: FBT001
    again = replay(row, NOW, repeatable=repeatable)
    for one in filter(None, (row, again)):
        assert (one.lease_until > 0) == (one.state == "sending")
        assert (one.due_at > 0) == (one.state in ("waiting", "sending"))
        assert one.attempt >= 0
        assert not (one.is_kill and one.state == "dead")
        assert one.state != "delivered" or one.wants == (
            one.sent_version,
            int(one.sent_op == "kill"),
        )
        assert one.state != "cancelled" or (one.is_kill and not one.may_have_it)
