"""The desk on a real Redis: compare-and-set, lists, marks, partitions."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from services.publish.desk import Desk
from services.publish.dirty import Dirty
from services.publish.lists import ALL
from services.publish.live import Listing
from shared.article import Article
from shared.streams import Keys

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LIFE = Listing("section", "生活", "生活")
LONG_AGO = NOW - timedelta(days=365)


def story(name: str = "a", version: int = 1, **fields: object) -> Article:
    plain = {"uri": f"tag:example.tw,2026:{name}", "version": version, "headline": f"消息{name}"}
    return Article.model_validate_json(json.dumps({**plain, "section": "生活", **fields}))


def kill(name: str = "a", version: int = 1) -> Article:
    return story(name, version, pubstatus="canceled")


def uri_of(name: str) -> str:
    return story(name).uri


@pytest.fixture(params=[1, 5], ids=["one partition", "five partitions"])
def keys(request: pytest.FixtureRequest) -> Keys:
    return Keys(request.param)


@pytest.fixture
def desk(redis: Redis, keys: Keys) -> Desk:
    return Desk(redis, keys, ZoneInfo("Asia/Taipei"))


@pytest.fixture
def dirty(redis: Redis, keys: Keys) -> Dirty:
    return Dirty(redis, keys)


async def headlines(desk: Desk, listing: Listing, count: int = 50) -> list[str]:
    return [live.article.headline for live in await desk.newest(listing, count)]


async def clean(dirty: Dirty) -> None:
    for name in await dirty.first(1000):
        await dirty.clear(await dirty.marks(name))


async def test_an_older_version_never_replaces_a_newer_one(desk: Desk) -> None:
    await desk.put(story(version=2, headline="新"), NOW)
    decision = await desk.put(story(version=1, headline="舊"), NOW)
    assert decision.outcome == "stale"
    assert await headlines(desk, ALL) == ["新"]


async def test_versions_racing_from_many_tasks_end_at_the_newest(desk: Desk) -> None:
    versions = [story(version=version, headline=f"第{version}版") for version in range(1, 13)]
    random.shuffle(versions)
    await asyncio.gather(*(desk.put(version, NOW) for version in versions))
    assert await headlines(desk, ALL) == ["第12版"]
    row = await desk.row(uri_of("a"))
    assert row
    assert row.version == 12


async def test_a_kill_racing_with_its_own_version_always_wins(desk: Desk) -> None:
    for number in range(10):
        events = [story(f"r{number}"), kill(f"r{number}"), story(f"r{number}")]
        random.shuffle(events)
        await asyncio.gather(*(desk.put(event, NOW) for event in events))
    assert await headlines(desk, ALL) == []


async def test_a_list_merges_all_partitions_newest_first(desk: Desk) -> None:
    for number in range(20):
        await desk.put(story(f"n{number:02}"), NOW + timedelta(minutes=number))
    expected = [f"消息n{number:02}" for number in range(19, 12, -1)]
    assert await headlines(desk, ALL, count=7) == expected
    assert await headlines(desk, LIFE, count=7) == expected


async def test_a_changed_section_or_tag_leaves_the_old_list(desk: Desk) -> None:
    await desk.put(story(tags=["公園"]), NOW)
    await desk.put(story(version=2, section="地方", tags=["河濱"]), NOW)
    assert await headlines(desk, LIFE) == []
    assert await headlines(desk, Listing("tag", "公園", "公園")) == []
    assert await headlines(desk, Listing("section", "地方", "地方")) == ["消息a"]
    assert await headlines(desk, Listing("tag", "河濱", "河濱")) == ["消息a"]


async def test_two_spellings_of_one_slug_are_one_list(desk: Desk) -> None:
    await desk.put(story(tags=["臺北"]), NOW)
    await desk.put(story(version=2, tags=["台北"]), NOW)
    assert await headlines(desk, await desk.listing("tag:台北")) == ["消息a"]


async def test_a_kill_leaves_every_list_and_a_tombstone_in_all_it_ever_stood_in(desk: Desk) -> None:
    await desk.put(story(), NOW)
    await desk.put(story(version=2, section="地方"), NOW)
    await desk.put(kill(version=2), NOW)
    assert await headlines(desk, ALL) == []
    for listing in (ALL, LIFE, Listing("section", "地方", "地方")):
        assert [stone.uri for stone in await desk.killed(listing, LONG_AGO)] == [uri_of("a")]
    assert await desk.killed(ALL, NOW + timedelta(days=1)) == []


async def test_a_withheld_story_leaves_its_lists_without_a_tombstone(desk: Desk) -> None:
    await desk.put(story(), NOW)
    await desk.put(story(version=2, pubstatus="withheld"), NOW)
    assert await headlines(desk, ALL) == []
    assert await desk.killed(ALL, LONG_AGO) == []


async def test_a_reinstated_story_has_no_tombstone_and_its_old_path(desk: Desk) -> None:
    first = await desk.put(story(), NOW)
    await desk.put(kill(), NOW)
    await desk.put(story(version=2, reinstate=True), NOW + timedelta(days=9))
    assert await desk.killed(ALL, LONG_AGO) == []
    assert [live.path for live in await desk.newest(LIFE, 9)] == [first.row.path]


async def test_a_kill_of_an_unknown_story_shows_nowhere(desk: Desk) -> None:
    await desk.put(kill(version=3), NOW)
    assert (await desk.put(story(version=3), NOW)).outcome == "stale"
    assert await desk.killed(ALL, LONG_AGO) == []


async def test_sections_are_those_with_articles_the_fullest_first(desk: Desk) -> None:
    for name, section in (("a", "財經"), ("b", "生活"), ("c", "生活"), ("d", "國際")):
        await desk.put(story(name, section=section), NOW)
    await desk.put(kill("d"), NOW)
    assert [one.label for one in await desk.sections()] == ["生活", "財經"]


async def test_a_list_is_called_what_the_newsroom_called_it(desk: Desk) -> None:
    await desk.put(story(tags=["AI 城市/治理"]), NOW)
    listing = await desk.listing("tag:ai-城市-治理")
    assert listing == Listing("tag", "ai-城市-治理", "AI 城市/治理")
    assert await desk.listing("all") == ALL


async def test_every_change_marks_the_page_and_all_lists_it_enters_or_leaves(
    desk: Desk, dirty: Dirty
) -> None:
    await desk.put(story(), NOW)
    await clean(dirty)
    await desk.put(story(version=2, section="地方"), NOW)
    marked = {f"page:{uri_of('a')}", "list:all", "list:section:生活", "list:section:地方"}
    assert set(await dirty.first(99)) == marked


async def test_a_kill_marks_the_lists_it_stood_in_long_ago(desk: Desk, dirty: Dirty) -> None:
    await desk.put(story(), NOW)
    await desk.put(story(version=2, section="地方"), NOW)
    await clean(dirty)
    await desk.put(kill(version=2), NOW)
    assert {"list:section:生活", "list:section:地方"} <= set(await dirty.first(99))


async def test_the_same_event_again_marks_again_so_that_a_lost_page_is_built(
    desk: Desk, dirty: Dirty
) -> None:
    await desk.put(story(), NOW)
    await clean(dirty)
    assert (await desk.put(story(), NOW)).outcome == "again"
    assert set(await dirty.first(99)) == {f"page:{uri_of('a')}", "list:all", "list:section:生活"}


async def test_a_stale_event_marks_nothing(desk: Desk, dirty: Dirty) -> None:
    await desk.put(story(version=2), NOW)
    await clean(dirty)
    await desk.put(story(version=1), NOW)
    assert await dirty.first(99) == []


@pytest.mark.parametrize(
    "change",
    [kill("shown"), story("shown", 2, headline="改題"), story("shown", 2, description="變")],
)
async def test_pages_that_show_a_story_are_rebuilt_when_its_card_changes(
    desk: Desk, dirty: Dirty, change: Article
) -> None:
    await desk.put(story("shown"), NOW)
    showing = [f"s{number}" for number in range(6)]
    for name in showing:
        await desk.put(story(name, related=[{"uri": uri_of("shown")}]), NOW)
    await clean(dirty)
    await desk.put(change, NOW)
    pages = {name for name in await dirty.first(99) if name.startswith("page:")}
    assert pages == {f"page:{uri_of(name)}" for name in ("shown", *showing)}


async def test_a_card_that_looks_the_same_rebuilds_no_other_page(desk: Desk, dirty: Dirty) -> None:
    await desk.put(story("shown"), NOW)
    await desk.put(story("s", related=[{"uri": uri_of("shown")}]), NOW)
    await clean(dirty)
    await desk.put(story("shown", 2, body_text="補一段。"), NOW)
    assert f"page:{uri_of('s')}" not in await dirty.first(99)


async def test_a_page_is_rebuilt_when_a_story_it_names_appears_later(
    desk: Desk, dirty: Dirty
) -> None:
    await desk.put(story("s", related=[{"uri": uri_of("later")}]), NOW)
    await clean(dirty)
    await desk.put(story("later"), NOW)
    assert f"page:{uri_of('s')}" in await dirty.first(99)


async def test_a_mark_set_anew_during_a_rebuild_outlives_it(desk: Desk, dirty: Dirty) -> None:
    await desk.put(story(), NOW)
    before = await dirty.marks("list:all")
    await desk.put(story(version=2), NOW)
    await dirty.clear(before)
    assert await dirty.marks("list:all")
    await dirty.clear(await dirty.marks("list:all"))
    assert not await dirty.marks("list:all")


async def test_a_token_read_before_another_process_cleared_it_clears_nothing_later(
    desk: Desk, dirty: Dirty
) -> None:
    await desk.put(story(), NOW)
    slow = await dirty.marks("list:all")
    await dirty.clear(await dirty.marks("list:all"))
    await desk.put(story(version=2), NOW)
    await dirty.clear(slow)
    assert await dirty.marks("list:all")


async def test_what_a_kill_marks_is_rebuilt_before_a_backlog(redis: Redis) -> None:
    desk, dirty = Desk(redis, Keys(), ZoneInfo("Asia/Taipei")), Dirty(redis, Keys())
    await desk.put(story("old", section="國際"), NOW)
    await clean(dirty)
    for number in range(9):
        await desk.put(story(f"b{number}", tags=[f"標籤{number}"]), NOW)
    await desk.put(kill("old"), NOW)
    await desk.put(story("last"), NOW)
    urgent = {f"page:{uri_of('old')}", "list:all", "list:section:國際"}
    assert set(await dirty.first(3)) == urgent


async def test_a_postponed_mark_waits_behind_all_others(redis: Redis) -> None:
    desk, dirty = Desk(redis, Keys(), ZoneInfo("Asia/Taipei")), Dirty(redis, Keys())
    await desk.put(kill("x"), NOW)
    await desk.put(story("a"), NOW)
    await dirty.postpone(await dirty.marks(f"page:{uri_of('x')}"))
    assert (await dirty.first(99))[-1] == f"page:{uri_of('x')}"


async def test_all_keys_of_one_change_lie_in_one_slot(redis: Redis, desk: Desk, keys: Keys) -> None:
    await desk.put(story("solo", tags=["公園"]), NOW)
    names = [key.decode() async for key in redis.scan_iter("*")]
    assert {name.split(":")[1] for name in names} == {f"{{{keys.partition(uri_of('solo'))}}}"}


async def test_a_large_text_with_any_character_comes_back_as_it_was(desk: Desk) -> None:
    text = '引號"反斜線\\換行\n表情😀零寬\u200b' * 5_000
    await desk.put(story(body_text=text), NOW)
    (live,) = await desk.newest(ALL, 1)
    assert live.article.body_text == text
