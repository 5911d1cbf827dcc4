"""Who is told of a new article, a correction and a kill."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.publish.delivery.claim import claim
from services.publish.delivery.filter import Filter
from services.publish.delivery.plan import plan
from services.publish.delivery.row import Op, Outcome, Row, State, want
from services.publish.delivery.settle import settle
from shared.article import Article
from tests.publish.delivery_rows import KEYED

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
MILLIS = int(NOW.timestamp() * 1000)
DONE = Outcome("done", remote_id="p1")
EVERYTHING = Filter()


@dataclass(frozen=True)
class Receiver:
    name: str
    filter: Filter = EVERYTHING
    max_age_hours: float | None = None


ALL = Receiver("all")
SPORT = Receiver("sport", Filter.parse("section:運動"))


def put(version: int = 1, **fields: object) -> Article:
    plain = {"uri": "tag:a", "version": version, "headline": "中職總冠軍賽", "section": "運動"}
    return Article.model_validate({**plain, **fields})


def kill(version: int = 1) -> Article:
    return Article(uri="tag:a", version=version, pubstatus="canceled")


def told(
    article: Article, rows: Sequence[Row] = (), receivers: Sequence[Receiver] = (ALL, SPORT)
) -> list[tuple[str, int, Op]]:
    return [
        (row.destination, row.want_version, row.want_op)
        for row in plan(article, receivers, rows, NOW)
    ]


def heard(
    events: Sequence[Article],
    rows: Sequence[Row] = (),
    receivers: Sequence[Receiver] = (ALL, SPORT),
) -> list[Row]:
    """The rows after some events."""
    known = {row.destination: row for row in rows}
    for article in events:
        for wanted in plan(article, receivers, list(known.values()), NOW):
            row = want(known.get(wanted.destination), wanted)
            known |= {wanted.destination: row} if row else {}
    return list(known.values())


def sent(rows: Sequence[Row], outcome: Outcome = DONE) -> list[Row]:
    """The rows after a call each, for those that have one to make."""
    done = []
    for row in rows:
        call = claim(row, max(row.due_at, MILLIS), KEYED)
        done.append(settle(call, outcome, MILLIS, 5_000, KEYED) if call else row)
    return done


def states(rows: Sequence[Row]) -> dict[str, tuple[State, int, Op]]:
    return {row.destination: (row.state, row.want_version, row.want_op) for row in rows}


def test_a_new_article_goes_to_whoever_wants_it_at_once() -> None:
    rows = plan(put(section="財經"), [ALL, SPORT], [], NOW)
    assert [row.destination for row in rows] == ["all"]
    assert (rows[0].due_at, rows[0].wanted_at, rows[0].state) == (MILLIS, MILLIS, "waiting")


def test_a_correction_goes_to_earlier_receivers_and_to_new_matches() -> None:
    finance, sport = Receiver("finance", Filter.parse("section:財經")), SPORT
    rows = sent(heard([put(1)], receivers=[finance, sport]))
    moved = put(2, section="財經")
    assert told(moved, rows, [finance, sport]) == [("finance", 2, "put"), ("sport", 2, "put")]


@pytest.mark.parametrize("outcome", [Outcome("retry", "503"), Outcome("unknown", "no answer")])
def test_who_may_have_it_counts_as_an_earlier_receiver(outcome: Outcome) -> None:
    rows = sent(heard([put(1)], receivers=[SPORT]), outcome)
    assert told(put(2, section="財經"), rows, [SPORT]) == [("sport", 2, "put")]


def test_who_was_about_to_get_it_gets_nothing_when_the_next_version_is_not_wanted_there() -> None:
    rows = heard([put(1), put(2, section="財經")], receivers=[SPORT])
    assert states(rows) == {"sport": ("cancelled", 1, "kill")}
    back = heard([put(3)], rows, [SPORT])
    assert states(back) == {"sport": ("waiting", 3, "put")}


def test_a_kill_goes_to_whoever_may_have_it_even_when_filters_changed_or_it_was_removed() -> None:
    rows = sent(heard([put(1)]))
    changed = [replace(SPORT, filter=Filter.parse("section:財經"))]
    assert told(kill(1), rows, changed) == [("all", 1, "kill"), ("sport", 1, "kill")]
    assert {row.state for row in heard([kill(1)], rows, changed)} == {"waiting"}


def test_a_withheld_article_is_taken_away_and_comes_back_with_a_later_version() -> None:
    rows = sent(heard([put(1)]))
    held = sent(heard([put(2, pubstatus="withheld")], rows))
    assert states(held)["all"] == ("delivered", 2, "kill")
    assert told(put(3), held) == [("all", 3, "put"), ("sport", 3, "put")]


def test_a_put_overtaken_by_its_kill_is_refused_by_a_tombstone() -> None:
    rows = heard([kill(1)])
    assert {row.state for row in rows} == {"cancelled"}
    assert told(put(1), rows) == []
    assert told(put(1), rows, [ALL, Receiver("added-later")]) == []


def test_a_reinstated_article_goes_by_the_filter_of_today() -> None:
    killed = sent(heard([kill(1)], sent(heard([put(1)]))))
    assert told(put(2, section="財經"), killed) == [("all", 2, "put")]
    assert told(put(2), heard([kill(1)])) == [("all", 2, "put"), ("sport", 2, "put")]


def test_a_kill_under_way_goes_on_where_the_reinstated_article_is_not_wanted() -> None:
    killing = heard([kill(1)], sent(heard([put(1)])))
    rows = heard([put(2, section="財經")], killing)
    assert states(rows) == {"all": ("waiting", 2, "put"), "sport": ("waiting", 1, "kill")}


def test_a_removed_destination_gets_no_puts() -> None:
    rows = sent(heard([put(1)]))
    assert told(put(2), rows, [ALL]) == [("all", 2, "put")]


def test_old_news_is_no_first_post_but_its_corrections_go_to_who_has_it() -> None:
    social = Receiver("social", max_age_hours=6)
    fresh, old = (put(1, date_published=NOW - timedelta(hours=h)) for h in (6, 6.01))
    assert told(fresh, receivers=[social])
    assert told(old, receivers=[social]) == []
    correction = old.model_copy(update={"version": 2})
    assert told(correction, sent(heard([fresh], receivers=[social])), [social])
    assert told(correction, heard([fresh], receivers=[social]), [social])
    killed = sent(heard([kill(1)], sent(heard([fresh], receivers=[social])), [social]))
    assert told(correction, killed, [social]) == []


def test_an_expired_article_is_no_first_post_but_its_corrections_go_to_who_has_it() -> None:
    ends = NOW + timedelta(hours=1)
    assert [row.expires_at for row in plan(put(expires=ends), [ALL], [], NOW)] == [
        int(ends.timestamp() * 1000)
    ]
    assert told(put(expires=NOW)) == []
    has_it = sent(heard([put(1)]))
    assert told(put(2, expires=NOW), has_it) == [("all", 2, "put"), ("sport", 2, "put")]
    assert told(kill(2), has_it) == [("all", 2, "kill"), ("sport", 2, "kill")]


def test_an_event_older_than_what_is_wanted_concerns_nobody_not_even_a_new_destination() -> None:
    rows = heard([put(2)])
    assert told(put(1), rows, [ALL, Receiver("added-later")]) == []
    assert told(kill(1), rows) == []


def test_an_event_heard_again_reaches_who_missed_it_and_changes_nothing_else() -> None:
    half = heard([put(2)], receivers=[ALL])
    whole = heard([put(2)], half)
    assert states(whole) == {"all": ("waiting", 2, "put"), "sport": ("waiting", 2, "put")}
    assert heard([put(2)], whole) == whole


def test_an_event_heard_again_after_an_interrupted_plan_still_reaches_the_others() -> None:
    first = heard([put(1)], receivers=[SPORT])
    moved = put(2, section="財經")
    interrupted = heard([moved], first, [SPORT])
    assert told(moved, interrupted) == [("all", 2, "put")]


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_in_any_order_everybody_ends_with_the_last_event(order: tuple[int, int, int]) -> None:
    events = [put(1), put(2), kill(2)]
    rows = heard([events[index] for index in order])
    assert {(row.want_version, row.want_op) for row in rows} == {(2, "kill")}
    assert {row.state for row in rows} == {"cancelled"}
