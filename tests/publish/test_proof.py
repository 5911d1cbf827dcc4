"""How far a withdrawal has come, when it is over, and what is late by which deadline."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from services.publish.delivery.by_hand import acknowledge
from services.publish.delivery.proof import (
    DAY_MS,
    Removal,
    Withdrawal,
    is_over,
    overdue,
    removals,
)
from services.publish.delivery.row import Outcome, Row
from services.publish.site.shows import shows
from tests.publish.delivery_rows import BUSY, DONE, NOW, SEARCHED, after, newer, rows, wants

URI = "tag:example.tw,2026:a"
KILL = Withdrawal(URI, 1, accepted_at=NOW, planned=1)
CHANNELS = {"line": "webhook", "account": "mastodon"}
PATH = "/news/河岸/k3f9a2m7q4xwb"


def killed(row: Row) -> Row:
    return newer(row, 1, "kill")


def place(withdrawal: Withdrawal, row: Row | None, known: tuple[str, ...] = ("line",)) -> Removal:
    found = removals(withdrawal, [row] if row else [], known)
    return next(one for one in found if one.place == "line")


def late(withdrawal: Withdrawal, row: Row | None, age_ms: int) -> list[tuple[str, str]]:
    places = removals(withdrawal, [row] if row else [], CHANNELS.keys())
    told = overdue(withdrawal, places, CHANNELS, NOW + age_ms, 120_000)
    return [(one.place, deadline) for one, deadline in told]


@pytest.mark.parametrize(
    ("row", "proof", "is_done"),
    [
        (killed(after(wants(1), DONE)), "waiting", False),
        (after(killed(after(wants(1), DONE)), BUSY), "sent", False),
        (after(killed(after(wants(1), DONE)), DONE), "accepted", True),
        (after(killed(after(wants(1), DONE)), DONE, way=SEARCHED), "accepted", False),
        (after(killed(after(wants(1), DONE)), Outcome("done", is_proof=True)), "gone", True),
        (after(killed(after(wants(1), DONE)), Outcome("impossible")), "impossible", False),
        (killed(wants(1)), "gone", True),
        (after(wants(1), DONE), "waiting", False),
    ],
    ids=["due", "sent", "accepted", "looked at", "gone", "impossible", "never there", "unplanned"],
)
def test_each_step_of_a_kill_has_its_word(row: Row, proof: str, *, is_done: bool) -> None:
    found = place(KILL, row)
    assert (found.proof, found.is_done) == (proof, is_done)


def test_a_removed_destination_cannot_be_told_unless_it_has_nothing() -> None:
    assert place(KILL, killed(after(wants(1), DONE)), known=()).proof == "impossible"
    done = after(killed(after(wants(1), DONE)), DONE)
    assert (place(KILL, done, known=()).proof, place(KILL, done, known=()).is_done) == (
        "accepted",
        True,
    )


def test_an_acknowledged_kill_is_done_and_keeps_its_proof_and_its_reason() -> None:
    row = acknowledge(after(killed(after(wants(1), DONE)), BUSY), "by telephone", NOW)
    assert row
    found = place(KILL, row)
    assert (found.proof, found.is_done, found.acknowledged) == ("sent", True, "by telephone")


def test_until_it_is_planned_every_destination_there_is_counts_as_waiting() -> None:
    unplanned = replace(KILL, planned=0, website_at=NOW, feeds_at=NOW)
    found = removals(unplanned, [], ["line", "account"])
    assert [(one.place, one.is_done) for one in found[2:]] == [("account", False), ("line", False)]
    assert not is_over(unplanned, found[:2])
    planned = replace(unplanned, planned=1)
    assert is_over(planned, removals(planned, [], ["line", "account"]))


def test_the_times_of_a_receipt_are_those_of_the_kill_alone() -> None:
    sent = after(wants(1), DONE)
    waiting = place(KILL, killed(sent))
    assert (waiting.called_at, waiting.accepted_at) == (0, 0)
    done = place(KILL, after(newer(replace(sent, sent_at=NOW - 9), 1, "kill"), DONE))
    assert (done.called_at, done.accepted_at) == (NOW, NOW)


def test_our_own_places_are_late_after_two_seconds() -> None:
    assert late(KILL, None, 2_000) == []
    assert late(KILL, None, 2_001) == [("website", "live"), ("feeds", "live")]
    assert late(replace(KILL, website_at=NOW), None, 2_001) == [("feeds", "live")]


def test_a_first_call_is_late_after_five_seconds_and_elsewhere_after_ten() -> None:
    seen = replace(KILL, website_at=NOW, feeds_at=NOW)
    row = killed(after(wants(1), DONE))
    assert late(seen, row, 5_000) == []
    assert late(seen, row, 5_001) == [("line", "call")]
    account = replace(row, destination="account")
    assert late(seen, account, 10_000) == []
    assert late(seen, account, 10_001) == [("account", "call")]
    assert late(seen, after(row, BUSY), 60_000) == []


def test_what_is_not_proven_is_late_once_and_again_after_a_day() -> None:
    seen = replace(KILL, website_at=NOW, feeds_at=NOW)
    row = after(killed(after(wants(1), DONE)), BUSY)
    assert late(seen, row, 120_000) == []
    assert late(seen, row, 120_001) == [("line", "proof")]
    assert late(seen, row, DAY_MS + 1) == [("line", "proof"), ("line", "day")]
    assert late(seen, after(row, DONE), DAY_MS + 1) == []


@given(rows(), st.integers(1, 6), st.integers(-5_000, 2 * DAY_MS))
def test_what_is_done_is_never_late_and_what_is_late_is_not_done(
    row: Row, version: int, age_ms: int
) -> None:
    kill = replace(KILL, version=version, planned=version, website_at=NOW, feeds_at=NOW)
    found = place(kill, row)
    told = late(kill, row, age_ms)
    assert not (found.is_done and told)
    assert found.is_done == is_over(kill, removals(kill, [row], ["line"]))
    if found.is_done and not found.acknowledged:
        assert not row.may_have_it
        assert found.proof in ("accepted", "gone", "impossible")


# What files show


@pytest.mark.parametrize(
    ("name", "body", "shown"),
    [
        ("index.html", f'<a href="{PATH}">河岸</a>', True),
        ("index.html", '<a href="/news/%E6%B2%B3%E5%B2%B8/k3f9a2m7q4xwb">河岸</a>', True),
        ("index.html", "<p>河岸</p>", False),
        ("feed.xml", f"<item><link>https://a.example{PATH}</link></item>", True),
        ("atom.xml", f'<at:deleted-entry ref="{URI}" when="2026"/>', False),
        ("feed.json", f'{{"items": [{{"url": "https://a.example{PATH}"}}]}}', True),
        ("feed.json", f'{{"_news": {{"deleted": [{{"url": "{PATH}"}}]}}, "items": []}}', False),
        ("feed.json", f'{{"broken": "{PATH}"', True),
        ("list.json", f'["{PATH}"]', True),
    ],
)
def test_a_file_shows_a_story_when_it_leads_to_it(name: str, body: str, *, shown: bool) -> None:
    assert shows(name, body.encode(), PATH) == shown
