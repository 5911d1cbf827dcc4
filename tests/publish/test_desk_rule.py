"""Whatever order events come in, the desk ends where the newsroom meant it to end."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.publish.desk_row import Row, from_hash, to_hash
from services.publish.desk_rule import Decision, aged, decide, mint_path
from shared.article import Article, CorrectionKind

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
URI = "tag:example.tw,2026:river-park"


def story(version: int = 1, **fields: object) -> Article:
    plain = {"uri": URI, "version": version, "headline": f"河濱公園第 {version} 版"}
    return Article.model_validate_json(json.dumps({**plain, **fields}, default=datetime.isoformat))


def kill(version: int) -> Article:
    return Article(uri=URI, version=version, pubstatus="canceled")


def hold(version: int) -> Article:
    return Article(uri=URI, version=version, pubstatus="withheld")


def after(*events: Article, start: datetime = NOW) -> Decision:
    """The last decision, when the events come a minute apart."""
    row: Row | None = None
    decision: Decision | None = None
    for minute, event in enumerate(events):
        decision = decide(row, event, now=start + timedelta(minutes=minute), zone=TAIPEI)
        row = decision.row
    assert decision
    return decision


def visible(row: Row) -> tuple[int, str, str, list[int]]:
    told = [note.version for note in row.notes]
    return row.version, row.state, row.article.headline if row.article else "", told


def accepted(kinds: Sequence[str]) -> list[Article]:
    """A history as ingest can have accepted it: what it refuses never reaches the desk.

    All that follows a reinstatement says so, too.
    """
    events: list[Article] = []
    version, killed = 0, False
    for kind in kinds:
        if kind == "kill":
            version = max(version, 1)
            events.append(kill(version))
            killed = True
        else:
            version += 1
            told = {"correction": {"kind": "correction"}} if kind == "correction" else {}
            event = hold(version) if kind == "hold" else story(version, **told)
            events.append(event.model_copy(update={"reinstate": killed}))
    return events


KINDS = st.sampled_from(["put", "put", "correction", "hold", "kill"])
HISTORIES = st.lists(KINDS, min_size=1, max_size=7).map(accepted)


@given(HISTORIES, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_where_the_newsroom_ended(
    history: list[Article], random: Random
) -> None:
    arrival = [*history, *random.choices(history, k=2)]
    random.shuffle(arrival)
    assert visible(after(*arrival).row) == visible(after(*history).row)


@given(HISTORIES)
def test_the_newest_event_decides_what_is_seen(history: list[Article]) -> None:
    states = {"usable": "live", "withheld": "withheld", "canceled": "gone"}
    row = after(*history).row
    assert (row.version, row.state) == (history[-1].version, states[history[-1].pubstatus])


@given(HISTORIES)
def test_nothing_but_a_reinstatement_brings_a_killed_story_back(history: list[Article]) -> None:
    killed = after(*history, kill(99)).row
    for version in (1, 98, 99, 100):
        row = decide(killed, story(version), now=NOW, zone=TAIPEI).row
        assert row.state == "gone"
        assert row.article is None
    assert decide(killed, story(99, reinstate=True), now=NOW, zone=TAIPEI).outcome == "stale"
    back = decide(killed, story(100, reinstate=True), now=NOW, zone=TAIPEI).row
    assert back.state == "live"


@given(HISTORIES)
def test_a_row_read_back_from_its_hash_is_the_same_row(history: list[Article]) -> None:
    last = story(99, section="生活", tags=["公園"], expires=NOW, correction={"kind": "update"})
    row = after(*history, last).row
    hashed = {name.encode(): value.encode() for name, value in to_hash(row).items()}
    assert from_hash(hashed) == row


def test_a_path_is_minted_from_the_local_date_and_kept_over_all_versions() -> None:
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # the 23rd in Taipei
    path = after(story(1), start=late).row.path
    assert path == mint_path(URI, late, TAIPEI)
    assert path.startswith("/news/20261123/")
    assert len(path.rpartition("/")[2]) == 13
    weeks_later = after(story(1), start=late).row
    for event in (story(2), hold(3), kill(4), story(5, reinstate=True)):
        weeks_later = decide(
            weeks_later, event, now=late + timedelta(weeks=event.version), zone=TAIPEI
        ).row
        assert weeks_later.path == path


def test_the_first_publication_never_moves_whatever_later_versions_claim() -> None:
    earlier = NOW - timedelta(days=400)
    row = after(story(1), story(2, date_published=earlier)).row
    assert row.published == NOW
    assert row.article
    assert row.article.date_published == NOW


def test_a_newsroom_may_say_when_a_story_was_first_published_but_not_in_the_future() -> None:
    before, ahead = NOW - timedelta(days=3), NOW + timedelta(days=3)
    assert after(story(1, date_published=before)).row.published == before
    assert after(story(1, date_published=ahead)).row.published == NOW


def test_a_later_version_moves_the_date_of_modification() -> None:
    assert after(story(1)).row.modified == NOW
    assert after(story(1), story(2)).row.modified == NOW + timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["refile", "repeat"])
def test_a_refile_or_repeat_changes_the_text_and_no_date(kind: CorrectionKind) -> None:
    row = after(story(1), story(2, headline="改一字", correction={"kind": kind})).row
    assert row.modified == NOW
    assert row.article
    assert row.article.headline == "改一字"


@pytest.mark.parametrize("kind", ["correction", "update", None])
def test_a_correction_an_update_and_a_plain_version_move_it(kind: CorrectionKind | None) -> None:
    told = {"correction": {"kind": kind}} if kind else {}
    assert after(story(1), story(2, **told)).row.modified == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(("kind", "moves"), [("correction", True), ("update", False)])
def test_an_update_without_news_says_so_by_the_date_it_keeps_and_a_correction_cannot(
    kind: CorrectionKind,
    moves: bool,  # noqa: FBT001
) -> None:
    row = after(
        story(1, date_modified=NOW), story(2, date_modified=NOW, correction={"kind": kind})
    ).row
    assert row.modified == NOW + timedelta(minutes=moves)


def test_a_story_under_embargo_was_first_seen_when_that_ended() -> None:
    early, embargo = NOW - timedelta(hours=3), NOW - timedelta(seconds=1)
    assert after(story(1, date_published=early, embargoed=embargo)).row.published == embargo
    assert after(story(1, embargoed=embargo)).row.published == NOW


def test_a_correction_that_was_overtaken_is_still_told() -> None:
    correction = story(2, correction={"kind": "correction", "text": "更正"})
    late = after(story(1), story(3), correction)
    assert late.outcome == "noted"
    assert visible(late.row) == (3, "live", "河濱公園第 3 版", [2])
    assert after(story(1), story(3), correction, correction).outcome == "stale"


def test_a_kill_takes_the_notes_too_and_a_late_correction_from_before_it_tells_nothing() -> None:
    correction = story(2, correction={"kind": "correction", "text": "更正"})
    back = after(story(1), correction, kill(3), story(4, reinstate=True), correction)
    assert back.outcome == "stale"
    assert visible(back.row) == (4, "live", "河濱公園第 4 版", [])


def test_an_expired_story_keeps_its_page_and_stands_in_no_list() -> None:
    soon = NOW + timedelta(hours=1)
    row = after(story(1, section="生活", expires=soon)).row
    assert (row.expired, [one.name for one in row.listed]) == (False, ["all", "section:生活"])
    over = aged(row, soon)
    assert (over.expired, over.listed, over.state) == (True, (), "live")
    assert over.live
    assert over.live.expired
    assert aged(over, soon - timedelta(minutes=5)) == row  # the clock had been ahead


def test_a_story_that_comes_too_late_to_be_news_is_never_listed() -> None:
    row = after(story(1, expires=NOW)).row
    assert (row.state, row.listed) == ("live", ())


def test_a_later_version_may_expire_later_or_never_or_be_withheld() -> None:
    over = story(1, expires=NOW)
    for later in (story(2), story(2, expires=NOW + timedelta(days=1))):
        assert after(over, later).row.listed
    away = after(over, hold(2)).row
    assert (away.state, away.expired) == ("withheld", False)


def test_a_clock_that_runs_back_never_moves_the_modification_back() -> None:
    row = after(story(1)).row
    earlier = decide(row, story(2), now=NOW - timedelta(hours=1), zone=TAIPEI).row
    assert earlier.modified == NOW


def test_the_same_version_again_changes_nothing() -> None:
    once, twice = after(story(1)), after(story(1), story(1))
    assert twice.outcome == "again"
    assert twice.row == once.row


def test_the_same_version_with_better_enrichment_replaces_the_text_and_no_date() -> None:
    again = after(story(1, tags=["公園"]), story(1, tags=["公園", "河濱"]))
    assert again.outcome == "applied"
    assert again.row.modified == NOW
    assert [one.slug for one in again.row.lists] == ["", "公園", "河濱"]


def test_a_kill_beats_a_put_of_the_same_version_in_either_order() -> None:
    assert after(story(2), kill(2)).row.state == "gone"
    assert after(kill(2), story(2)).row.state == "gone"


def test_a_kill_of_an_older_version_takes_nothing_away() -> None:
    decision = after(story(3), kill(2))
    assert decision.outcome == "noted"
    assert visible(decision.row) == visible(after(story(3)).row)


def test_a_kill_of_an_unknown_story_refuses_its_late_first_version_and_has_no_page() -> None:
    row = after(kill(1), story(1)).row
    assert (row.state, row.path, row.tombstone) == ("gone", "", None)


def test_nothing_of_a_killed_text_is_kept() -> None:
    row = after(story(1, body_text="第一段。"), kill(1)).row
    assert "第一段" not in "".join(to_hash(row).values())


def test_a_tombstone_keeps_the_moment_of_the_first_kill() -> None:
    stone = after(story(1), kill(1), kill(2)).row.tombstone
    assert stone
    assert stone.when == NOW + timedelta(minutes=1)


def test_a_version_that_overtook_the_reinstatement_before_it_brings_the_story_back() -> None:
    overtook = after(story(1), kill(2), story(4, reinstate=True))
    assert visible(overtook.row) == (4, "live", "河濱公園第 4 版", [])
    assert after(story(1), kill(2), story(4, reinstate=True), story(3, reinstate=True)).outcome == (
        "stale"
    )


def test_a_story_withheld_before_it_was_ever_seen_has_no_path() -> None:
    assert after(hold(1)).row.path == ""
    assert after(story(1), hold(2)).row.path != ""


def test_a_former_section_is_remembered_so_that_its_readers_hear_of_a_kill() -> None:
    row = after(story(1, section="生活"), story(2, section="地方"), kill(3)).row
    assert [one.name for one in row.stood_in] == ["all", "section:生活", "section:地方"]
    assert row.lists == ()
