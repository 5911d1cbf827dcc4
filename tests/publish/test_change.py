"""The rules of the change feed: what is news, what a cursor says, what a question may be."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from services.publish.changes import items
from services.publish.changes.change import Change, change_of, from_json, to_json
from services.publish.changes.cursor import BadCursor, Cursor, log_id, read, write
from services.publish.changes.pace import BURST_SECONDS, Bucket, ask
from services.publish.changes.page import Told, page_of
from services.publish.changes.query import BadQuery, Query, parse
from services.publish.desk_row import Row
from services.publish.desk_rule import decide
from shared.article import Article
from tests.publish.newspaper import kill, story
from tests.publish.stories import SITE

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TAIPEI = ZoneInfo("Asia/Taipei")
ALL = ("after", "since", "limit", "wait")

cursors = st.builds(
    Cursor,
    st.binary(min_size=6, max_size=6),
    st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=9).map(tuple),
)


def row_of(*articles: Article) -> Row:
    row: Row | None = None
    for article in articles:
        row = decide(row, article, now=NOW, zone=TAIPEI).row
    assert row
    return row


def news(*articles: Article, before: Change | None = None) -> Change | None:
    return change_of(row_of(*articles), before)


FIRST = news(story("a"))
GONE = news(story("a"), kill("a"))
HELD = news(story("a"), story("a", 2, pubstatus="withheld"))


@pytest.mark.parametrize(
    ("articles", "before", "told"),
    [
        ([story("a")], None, ("published", 1)),
        ([story("a")], FIRST, None),
        ([story("a"), story("a", 2)], FIRST, ("updated", 2)),
        ([story("a"), story("a", tags=["公園"])], FIRST, ("updated", 1)),
        ([story("a"), story("a", 2)], None, ("published", 2)),
        ([story("a"), kill("a")], FIRST, ("withdrawn", 1)),
        ([story("a"), kill("a")], GONE, None),
        ([story("a"), kill("a"), kill("a", 2)], GONE, ("withdrawn", 2)),
        ([story("a"), story("a", 2, pubstatus="withheld")], FIRST, ("withdrawn", 2)),
        ([story("a"), story("a", 2, pubstatus="withheld"), kill("a", 2)], HELD, ("withdrawn", 2)),
        ([story("a"), kill("a"), story("a", 2, reinstate=True)], GONE, ("published", 2)),
        ([kill("a")], None, None),
        ([story("a", pubstatus="withheld")], None, None),
    ],
)
def test_what_is_news(
    articles: list[Article], before: Change | None, told: tuple[str, int] | None
) -> None:
    change = news(*articles, before=before)
    assert (change and (change.type, change.version)) == told


def test_a_withheld_and_a_killed_story_are_told_apart() -> None:
    assert (HELD and HELD.pubstatus, GONE and GONE.pubstatus) == ("withheld", "canceled")
    assert (HELD and HELD.words, GONE and GONE.words) == ({}, {})


def test_what_editors_tell_each_other_is_no_news() -> None:
    assert news(story("a", ednote="先別發")) == FIRST


def test_a_change_is_kept_as_it_is() -> None:
    for change in (
        FIRST,
        GONE,
        news(story("a", correction={"kind": "correction", "text": "七時"})),
    ):
        assert change
        assert from_json(to_json(change)) == change


def test_an_item_says_all_that_a_reader_needs_to_act() -> None:
    change = news(story("a", urgency=1, correction={"kind": "correction", "text": "應為七時"}))
    assert change
    at = Cursor(log_id(["x"]), (1_795_397_400_000_000,))
    told = items.item(SITE, Told(change, 1_795_397_400_123_456, at))
    assert told.pop("digest")
    assert told == {
        "uri": "tag:example.tw,2026:a",
        "version": 1,
        "type": "published",
        "pubstatus": "usable",
        "lane": "flash",
        "url": SITE.url(change.path),
        "ninjs": "https://daily.example/v1/articles/tag%3Aexample.tw%2C2026%3Aa",
        "headline": "a1",
        "section": "生活",
        "date_published": "2026-11-23T01:30:00Z",
        "date_modified": "2026-11-23T01:30:00Z",
        "correction": {"kind": "correction", "text": "應為七時"},
        "changed": "2026-11-23T01:30:00.123456Z",
        "cursor": write(at),
    }


def test_an_item_of_a_withdrawal_says_what_to_take_away_and_nothing_of_its_text() -> None:
    assert GONE
    told = items.item(SITE, Told(GONE, 1_795_397_400_000_000, Cursor(log_id(["x"]), (1,))))
    names = {"uri", "version", "type", "pubstatus", "lane", "url", "changed", "cursor"}
    assert set(told) == names


def test_an_event_is_one_id_and_one_line_of_data() -> None:
    change = news(story("a", correction={"kind": "update", "text": "第一行\n\ndata: 第二行\r"}))
    assert change
    at = Cursor(log_id(["x"]), (7,))
    lines = items.event(SITE, Told(change, 7, at)).decode().split("\n")
    assert [line.partition(": ")[0] for line in lines] == ["id", "data", "", ""]
    assert json.loads(lines[1].removeprefix("data: "))["cursor"] == write(at)
    assert "\r" not in lines[1]


@given(cursors)
def test_a_cursor_is_read_as_it_was_written_and_safe_in_an_address(cursor: Cursor) -> None:
    text = write(cursor)
    assert read(text) == cursor
    assert text.replace("-", "").replace("_", "").isalnum()


@given(cursors, st.data())
def test_a_cursor_that_was_cut_or_changed_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = write(cursor)
    at = data.draw(st.integers(0, len(text) - 2))  # the last one may hold bits that mean nothing
    other = data.draw(st.sampled_from("AZaz09-_").filter(lambda one: one != text[at]))
    for broken in (text[:at], text[:at] + other + text[at + 1 :], text + text, text + "AAAA"):
        with pytest.raises(BadCursor):
            read(broken)


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_of_cursors_fail_otherwise(text: str) -> None:
    with suppress(BadCursor):
        assert write(read(text))


def test_the_name_of_a_log_changes_with_any_of_its_partitions() -> None:
    names = {log_id(["a", "b"]), log_id(["a", "c"]), log_id(["b", "a"]), log_id(["a"])}
    assert len(names) == 4


@given(st.lists(st.sets(st.integers(1, 60), max_size=9), min_size=1, max_size=4), st.integers(1, 5))
def test_pages_merge_partitions_by_number_and_lose_none(parts: list[set[int]], limit: int) -> None:
    assert FIRST
    kept = to_json(FIRST)
    at, seen = Cursor(b"sample", (0,) * len(parts)), []
    while True:
        rest = [
            [(number, kept) for number in sorted(part) if number > read_up_to]
            for part, read_up_to in zip(parts, at.numbers, strict=True)
        ]
        page = page_of(at, rest, limit)
        if not page.changes:
            break
        seen += [told.number for told in page.changes]
        assert page.next == page.changes[-1].cursor
        at = page.next
    assert seen == sorted(number for part in parts for number in part)


@pytest.mark.parametrize(
    ("pairs", "query"),
    [
        ([], Query()),
        ([("limit", "1000"), ("wait", "30")], Query(limit=1000, wait=30.0)),
        ([("wait", "0.25")], Query(wait=0.25)),
        ([("since", "2026-11-23T09:30:00+08:00")], Query(since=1_795_397_400_000_000)),
        ([("since", "1960-01-01T00:00:00Z")], Query(since=0)),
    ],
)
def test_a_good_question_is_understood(pairs: list[tuple[str, str]], query: Query) -> None:
    assert parse(pairs, names=ALL) == query


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("after", "")], ["after"]),
        ([("after", "12345")], ["after"]),
        ([("since", "2026-11-23T09:30:00")], ["since"]),
        ([("since", "yesterday"), ("limit", "0")], ["since", "limit"]),
        ([("limit", "1001")], ["limit"]),
        ([("limit", "-1"), ("limit", "٣")], ["limit", "limit"]),
        ([("wait", "30.5")], ["wait"]),
        ([("wait", "nan")], ["wait"]),
        ([("wait", "1"), ("wait", "2")], ["wait"]),
        ([("aftr", "x")], ["aftr"]),
        ([("since", "2026-11-23T09:30:00Z"), ("after", write(Cursor(b"sample", (1,))))], ["after"]),
    ],
)
def test_a_bad_question_is_refused_by_name(pairs: list[tuple[str, str]], fields: list[str]) -> None:
    with pytest.raises(BadQuery) as refused:
        parse(pairs, names=ALL)
    assert [fault.field for fault in refused.value.fields] == fields


@given(st.lists(st.tuples(st.sampled_from([*ALL, "x"]), st.text(max_size=40)), max_size=5))
def test_no_question_makes_the_parser_fail_otherwise(pairs: list[tuple[str, str]]) -> None:
    with suppress(BadQuery):
        assert 1 <= parse(pairs, names=ALL).limit <= 1000


def test_who_asks_slowly_is_never_held_up() -> None:
    bucket: Bucket | None = None
    for second in range(1000):
        bucket, wait = ask(bucket, float(second), 1.0)
        assert wait == 0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=200), st.floats(0.01, 50))
def test_never_more_are_let_through_than_the_pace_allows(
    gaps: list[float], per_second: float
) -> None:
    bucket, now, passed = None, 0.0, 0
    for gap in gaps:
        now += gap
        bucket, wait = ask(bucket, now, per_second)
        passed += wait == 0
        assert wait <= 1 / per_second + 1e-6
    assert 1 <= passed <= (now + BURST_SECONDS) * per_second + 1


def test_who_waits_as_long_as_told_may_ask() -> None:
    bucket, wait = Bucket(0.25, 100.0), 0.0
    bucket, wait = ask(bucket, 100.0, 2.0)
    assert wait == pytest.approx(0.375)
    assert ask(bucket, 100.0 + wait + 1e-9, 2.0)[1] == 0
