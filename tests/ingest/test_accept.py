"""The rule of acceptance: the table of its docstring, and that it ends the same in any order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from services.ingest.accept import Decision, Known, judge
from shared.article import Article

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


def put(version: int, **more: object) -> Article:
    return Article.model_validate({"uri": "urn:a", "version": version, "headline": "標題", **more})


def kill(version: int) -> Article:
    return put(version, pubstatus="canceled")


def known(version: int = 2, **more: object) -> Known:
    return Known(**{"version": version, "digest": "same", "state": "live", **more})


@pytest.mark.parametrize(
    ("before", "article", "digest", "outcome", "state"),
    [
        (None, put(1), "x", "accepted", "live"),
        (None, put(1, embargoed=SOON), "x", "held", "held"),
        (None, put(1, date_published=SOON), "x", "held", "held"),
        (None, put(1, embargoed=NOW), "x", "accepted", "live"),
        (None, put(1, pubstatus="withheld"), "x", "accepted", "withheld"),
        (None, kill(1), "x", "accepted", "killed"),
        (known(), put(3), "x", "accepted", "live"),
        (known(), put(3, embargoed=SOON), "x", "held", "held"),
        (known(), put(2), "same", "duplicate", "live"),
        (known(), put(2), "other", "conflict", "live"),
        (known(), put(1), "x", "stale", "live"),
        (known(), kill(1), "x", "accepted", "killed"),
        (known(), kill(2), "x", "accepted", "killed"),
        (known(state="withheld"), put(3), "x", "accepted", "live"),
        (known(state="held"), put(3), "x", "accepted", "live"),
        (known(state="held"), kill(2), "x", "accepted", "killed"),
        (known(state="killed"), put(3), "x", "killed", "killed"),
        (known(state="killed"), kill(3), "x", "duplicate", "killed"),
        (known(state="killed"), put(2, reinstate=True), "x", "killed", "killed"),
        (known(state="killed"), put(3, reinstate=True), "x", "accepted", "live"),
        (known(version=5, reinstated=4), kill(3), "x", "stale", "live"),
        (known(version=5, reinstated=4), kill(4), "x", "accepted", "killed"),
    ],
)
def test_the_table_of_the_rule_holds(
    before: Known | None, article: Article, digest: str, outcome: str, state: str
) -> None:
    decision = judge(before, article, digest, NOW)
    assert (decision.outcome, decision.state) == (outcome, state)


def test_a_kill_takes_the_version_of_what_it_kills() -> None:
    assert judge(known(version=7), kill(2), "x", NOW).article.version == 7


def after(events: tuple[Article, ...]) -> Known | None:
    row: Known | None = None
    for article in events:
        row = _next(row, judge(row, article, f"{article.version}", NOW))
    return row


def _next(row: Known | None, decision: Decision) -> Known | None:
    if decision.outcome not in ("accepted", "held"):
        return row
    version = decision.article.version
    return Known(version, f"{version}", decision.state, decision.reinstated)


@given(st.sets(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 6))
def test_a_killed_story_stays_killed_in_whatever_order_its_events_arrive(
    versions: set[int], killed: int
) -> None:
    events = [*map(put, sorted(versions)), kill(killed)]
    ends = {after(order).state for order in permutations(events) if after(order)}
    assert ends == {"killed"}


@given(st.permutations([put(version) for version in range(1, 6)]))
def test_the_highest_version_wins_in_whatever_order_versions_arrive(events: list[Article]) -> None:
    end = after(tuple(events))
    assert end is not None
    assert end.version == 5
