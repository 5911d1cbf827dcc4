"""The rule of acceptance, row by row of its table."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.accept import Known, judge, release
from shared.article import Article

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOON, LATER = NOW + timedelta(minutes=5), NOW + timedelta(minutes=9)


def put(version: int, **more: object) -> Article:
    return Article.model_validate({"uri": "urn:a", "version": version, "headline": "標題", **more})


def kill(version: int) -> Article:
    return put(version, pubstatus="canceled")


def withhold(version: int, **more: object) -> Article:
    return put(version, pubstatus="withheld", **more)


def known(version: int = 2, **more: object) -> Known:
    return Known(**{"version": version, "digest": "same", "state": "live", "live": 2, **more})


KILLED = known(state="killed", live=0)
BACK = known(version=5, live=5, reinstated=4)


@pytest.mark.parametrize(
    ("before", "article", "digest", "outcome", "state"),
    [
        (None, put(1), "x", "accepted", "live"),
        (None, put(1, embargoed=SOON), "x", "held", "held"),
        (None, put(1, date_published=SOON), "x", "held", "held"),
        (None, put(1, embargoed=NOW), "x", "accepted", "live"),
        (None, withhold(1), "x", "accepted", "withheld"),
        (None, kill(1), "x", "accepted", "killed"),
        (known(), put(3), "x", "accepted", "live"),
        (known(), put(3, embargoed=SOON), "x", "held", "held"),
        (known(), withhold(3, embargoed=SOON), "x", "accepted", "withheld"),
        (known(), withhold(3, date_published=SOON), "x", "accepted", "withheld"),
        (known(), put(2), "same", "duplicate", "live"),
        (known(), put(2), "other", "conflict", "live"),
        (known(), withhold(2), "other", "conflict", "live"),
        (known(), put(1), "x", "stale", "live"),
        (known(), kill(1), "x", "accepted", "killed"),
        (known(), kill(2), "x", "accepted", "killed"),
        (known(state="withheld"), put(3), "x", "accepted", "live"),
        (known(state="held"), put(3), "x", "accepted", "live"),
        (known(state="held"), put(3, embargoed=SOON), "x", "held", "held"),
        (known(state="held"), withhold(3), "x", "accepted", "withheld"),
        (known(state="held"), put(1), "x", "stale", "held"),
        (known(state="held"), kill(2), "x", "accepted", "killed"),
        (KILLED, put(3), "x", "killed", "killed"),
        (KILLED, put(2), "same", "killed", "killed"),
        (KILLED, withhold(3), "x", "killed", "killed"),
        (KILLED, kill(1), "x", "duplicate", "killed"),
        (KILLED, kill(2), "x", "duplicate", "killed"),
        (KILLED, kill(3), "x", "accepted", "killed"),
        (KILLED, put(2, reinstate=True), "x", "killed", "killed"),
        (KILLED, put(3, reinstate=True), "x", "accepted", "live"),
        (KILLED, put(3, reinstate=True, embargoed=SOON), "x", "held", "held"),
        (KILLED, withhold(3, reinstate=True), "x", "accepted", "withheld"),
        (BACK, kill(3), "x", "stale", "live"),
        (BACK, kill(4), "x", "accepted", "killed"),
    ],
)
def test_the_table_of_the_rule_holds(
    before: Known | None, article: Article, digest: str, outcome: str, state: str
) -> None:
    decision = judge(before, article, digest, NOW)
    assert (decision.outcome, decision.known.state) == (outcome, state)


def test_a_kill_takes_the_version_of_what_it_kills() -> None:
    assert judge(known(version=7), kill(2), "x", NOW).article.version == 7


def test_a_kill_of_a_killed_story_with_a_higher_version_kills_up_to_there() -> None:
    killed = judge(KILLED, kill(9), "x", NOW).known
    assert judge(killed, put(9, reinstate=True), "x", NOW).outcome == "killed"
    assert judge(killed, put(10, reinstate=True), "x", NOW).outcome == "accepted"


def test_a_kill_clears_embargo_and_schedule_and_goes_on_without_the_text() -> None:
    held = put(
        3,
        embargoed=SOON,
        date_published=LATER,
        body_text="機密",
        pubstatus="canceled",
        ednote="來源撤回",
    )
    gone = judge(known(), held, "x", NOW)
    assert gone.due is None
    assert gone.article == Article(uri="urn:a", version=3, pubstatus="canceled", ednote="來源撤回")


def test_a_withheld_version_under_embargo_acts_at_once_and_its_text_stays_here() -> None:
    gone = judge(known(), withhold(3, embargoed=SOON, body_text="機密"), "x", NOW)
    assert gone.article == Article(uri="urn:a", version=3, pubstatus="withheld")


def test_what_is_live_stays_live_while_a_later_version_is_held() -> None:
    held = judge(known(), put(3, embargoed=SOON), "x", NOW)
    assert (held.known.version, held.known.live, held.due) == (3, 2, SOON)
    assert release(held.known, held.article, SOON).known.live == 3


@pytest.mark.parametrize("takes_away", [kill(3), withhold(3)])
def test_nothing_is_live_once_the_story_is_taken_away(takes_away: Article) -> None:
    assert judge(known(), takes_away, "x", NOW).known.live == 0


def test_a_held_version_waits_for_the_later_of_embargo_and_schedule() -> None:
    for one in (
        put(1, embargoed=SOON, date_published=LATER),
        put(1, embargoed=LATER, date_published=SOON),
    ):
        held = judge(None, one, "x", NOW)
        assert held.due == LATER
        assert release(held.known, held.article, SOON).outcome == "held"
        assert release(held.known, held.article, LATER).outcome == "accepted"


def test_a_rewrite_waits_for_the_article_it_evolved_from() -> None:
    held = judge(None, put(1), "x", NOW, not_before=SOON)
    assert (held.outcome, held.due) == ("held", SOON)
    postponed = release(held.known, held.article, SOON, not_before=LATER)
    assert (postponed.outcome, postponed.due) == ("held", LATER)
    assert release(held.known, held.article, LATER, not_before=LATER).outcome == "accepted"


def test_an_original_that_is_due_holds_nothing_back() -> None:
    assert judge(None, put(1), "x", NOW, not_before=NOW).outcome == "accepted"


def test_a_late_reinstatement_is_noted_so_that_a_still_later_kill_does_not_undo_it() -> None:
    late = judge(known(version=4), put(3, reinstate=True), "x", NOW)
    assert late.outcome == "stale"
    assert judge(late.known, kill(2), "x", NOW).outcome == "stale"
    assert judge(late.known, kill(3), "x", NOW).outcome == "accepted"


def test_what_follows_a_reinstatement_says_reinstate_too_because_it_may_overtake_it() -> None:
    back = judge(KILLED, put(3, reinstate=True, embargoed=SOON), "x", NOW)
    assert back.outcome == "held"
    follows = judge(back.known, put(4), "y", NOW)
    assert follows.article.reinstate
    assert judge(follows.known, put(4), "y", NOW).outcome == "duplicate"
