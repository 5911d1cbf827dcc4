"""Desk, files and builder together: what readers can open after any run of events."""

import asyncio
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.lists import slug_of
from services.publish.site.build import BATCH, Builder, find_feeds
from services.publish.site.files import Files
from services.publish.site.pages import Pages
from shared.tasks import end
from tests.publish.newspaper import SITE, Newspaper, kill, story, uri_of


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


async def test_a_story_gets_its_page_its_lists_and_their_feeds(paper: Newspaper) -> None:
    await paper.tell(story("a", tags=["公園"]), story("b"))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == "live|a1"
    assert paper.file("/") == "生活||b1|a1"
    assert paper.file("/section/生活/") == "生活|生活|b1|a1"
    assert paper.file("/tag/公園/feed.xml") == "a1"
    assert await paper.dirty.first(9) == []


async def test_a_name_marked_many_times_is_built_once(paper: Newspaper) -> None:
    await paper.tell(*(story("a", version) for version in range(1, 20)))
    assert await paper.builder.rebuild_dirty() == 3  # the page, all news, the section
    assert await paper.builder.rebuild_dirty() == 0


async def test_a_list_has_the_newest_and_no_more_than_the_site_wants(paper: Newspaper) -> None:
    await paper.tell(*(story(f"n{number}") for number in range(8)))
    await paper.builder.rebuild_dirty()
    assert paper.file("/feed.xml") == "n71|n61|n51|n41|n31"


async def test_a_kill_takes_the_page_the_list_entries_and_the_cards(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b", related=[{"uri": uri_of("a")}]))
    await paper.builder.rebuild_dirty()
    assert (await paper.page("b")).startswith("live|b1|a1>/news/")
    await paper.tell(kill("a"))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == f"gone|{uri_of('a')}"
    assert await paper.page("b") == "live|b1"
    assert paper.file("/") == "生活||b1"
    assert paper.file("/feed.xml") == f"b1|-{uri_of('a')}"


async def test_a_tombstone_leaves_the_feeds_after_thirty_days(paper: Newspaper) -> None:
    await paper.tell(story("a"), kill("a"))
    paper.now += timedelta(days=31)
    await paper.tell(story("b"))
    await paper.builder.rebuild_dirty()
    assert paper.file("/feed.xml") == "b1"
    assert await paper.page("a") == f"gone|{uri_of('a')}"


async def test_a_withheld_story_has_a_notice_until_it_comes_back(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("a", 2, pubstatus="withheld"))
    await paper.builder.rebuild_dirty()
    row = await paper.desk.row(uri_of("a"))
    assert row
    assert await paper.page("a") == f"withheld|{row.path}"
    await paper.tell(story("a", 3))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == "live|a3"


async def test_a_story_killed_before_it_came_leaves_nothing_on_disk(paper: Newspaper) -> None:
    await paper.tell(kill("a", 2), story("a", 1))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == ""
    assert not (paper.root / "news").exists()


async def test_an_empty_disk_gets_the_whole_site_again(paper: Newspaper) -> None:
    await paper.tell(story("a", tags=["公園"]), story("b"), kill("b"))
    await paper.builder.rebuild_dirty()
    before = {path: paper.file(path) for path in ("/", "/tag/公園/", "/section/生活/feed.xml")}
    shutil.rmtree(paper.root)
    paper.root.mkdir()
    (paper.root / ".locks").mkdir()
    await paper.builder.open()
    await paper.builder.rebuild_dirty()
    assert {path: paper.file(path) for path in before} == before
    assert await paper.page("a") == "live|a1"
    assert await paper.page("b") == f"gone|{uri_of('b')}"


async def test_a_card_shows_the_present_headline(paper: Newspaper) -> None:
    link = {"uri": uri_of("a"), "headline": "當時的標題"}
    await paper.tell(story("a"), story("b", related=[link]), story("a", 2, headline="新標題"))
    await paper.builder.rebuild_dirty()
    assert (await paper.page("b")).startswith("live|b1|新標題>/news/")


async def test_links_the_newsroom_gave_stay_and_guesses_about_unknown_stories_go(
    paper: Newspaper,
) -> None:
    related = [
        {"headline": "只有標題"},
        {"headline": "別家報導", "url": "https://example.org/1"},
        {"uri": uri_of("unknown"), "headline": "還沒到"},
        {"uri": uri_of("never"), "headline": "猜的", "creator": "wiredesk"},
        {"uri": uri_of("killed"), "headline": "已撤"},
        {"uri": uri_of("a"), "headline": "自己"},
    ]
    await paper.tell(story("killed"), kill("killed"), story("a", related=related))
    await paper.builder.rebuild_dirty()
    expected = "live|a1|只有標題>|別家報導>https://example.org/1|還沒到>"
    assert await paper.page("a") == expected


async def test_a_story_killed_before_it_came_leaves_the_cards_that_announced_it(
    paper: Newspaper,
) -> None:
    related = [{"uri": uri_of("planned"), "headline": "將要刊出"}]
    await paper.tell(story("a", related=related))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == "live|a1|將要刊出>"
    await paper.tell(kill("planned"))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == "live|a1"


async def test_a_page_asked_for_is_built_at_once_and_not_again(paper: Newspaper) -> None:
    await paper.tell(story("a"))
    await paper.builder.build_page(uri_of("a"))
    assert await paper.page("a") == "live|a1"
    assert f"page:{uri_of('a')}" not in await paper.dirty.first(9)
    assert "list:all" in await paper.dirty.first(9)


async def test_what_a_crash_left_unbuilt_is_built_by_the_next_process(
    paper: Newspaper, redis: Redis
) -> None:
    await paper.tell(story("a"))
    marks = await paper.dirty.marks("list:all")
    await paper.builder.build_page(uri_of("a"))
    reborn = Newspaper(redis, paper.root)
    assert await reborn.dirty.marks("list:all") == marks
    await reborn.builder.rebuild_dirty()
    assert reborn.file("/") == "生活||a1"


async def test_lists_that_cannot_be_built_hold_up_no_other(paper: Newspaper) -> None:
    broken = [f"壞標籤{number}" for number in range(3 * BATCH)]
    await paper.tell(story("bad", headline="無法排版", section="", tags=broken))
    await paper.tell(*(story(f"n{number}", tags=[f"標籤{number}"]) for number in range(2 * BATCH)))
    with capture_logs() as lines:
        while await paper.dirty.marks("list:all"):
            await paper.builder.rebuild_dirty()
    assert {line["mark"] for line in lines} <= {f"list:tag:{slug_of(tag)}" for tag in broken}
    assert paper.file("/tag/標籤15/feed.xml") == "n151"
    assert paper.file("/feed.xml").startswith("n151|")
    assert len(await paper.dirty.first(99)) == len(broken)


async def test_a_wake_up_is_answered_at_once(paper: Newspaper) -> None:
    wake = asyncio.Event()
    keeper = asyncio.create_task(paper.builder.keep_fresh(wake))
    await asyncio.sleep(0.4)  # now it waits for its next round
    await paper.tell(story("a"))
    wake.set()
    await asyncio.sleep(0.4)  # less than the second it would wait by itself
    assert paper.file("/feed.xml") == "a1"
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper


async def test_what_is_urgent_does_not_wait_for_what_was_begun_before(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    await paper.builder.rebuild_dirty()
    wake = asyncio.Event()
    keepers = [asyncio.create_task(keeper) for keeper in paper.builder.keepers(wake)]
    async with Files(paper.root).alone("list:tag:慢"):  # somebody else is slow with this one
        await paper.tell(story("c", tags=[{"name": "慢"}]))
        wake.set()
        async with asyncio.timeout(5):
            while not paper.file("/feed.xml").startswith("c1"):
                await asyncio.sleep(0.02)
        await paper.tell(kill("b"))
        wake.set()
        async with asyncio.timeout(5):
            while f"-{uri_of('b')}" not in paper.file("/feed.xml"):
                await asyncio.sleep(0.02)
    await end(keepers)


async def test_in_a_rush_a_list_rests_unless_it_is_urgent_and_no_change_is_lost(
    paper: Newspaper,
) -> None:
    await paper.tell(story("a"))
    await paper.builder.rebuild_dirty(60)
    await paper.tell(story("b"))
    await paper.builder.rebuild_dirty(60)
    assert await paper.page("b") == "live|b1"
    assert paper.file("/feed.xml") == "a1"
    await paper.tell(kill("a"))
    await paper.builder.rebuild_dirty(60)
    assert paper.file("/feed.xml") == f"b1|-{uri_of('a')}"
    await paper.tell(story("c"))
    await paper.builder.rebuild_dirty()
    assert paper.file("/feed.xml").startswith("c1|b1")


async def test_between_lists_others_may_work_but_what_is_urgent_does_not_wait(
    paper: Newspaper,
) -> None:
    await paper.builder.open()
    await paper.tell(*(story(str(n), section=f"第{n}版") for n in range(2 * BATCH)))
    slowly = asyncio.create_task(paper.builder.rebuild_dirty(60, give_way=1e6))
    async with asyncio.timeout(5):
        while not list((paper.root / "section").glob("*/feed.xml")):
            await asyncio.sleep(0.01)
    await paper.tell(kill("9"))
    urgent = asyncio.create_task(paper.builder.keep_urgent(asyncio.Event(), asyncio.Event()))
    async with asyncio.timeout(5):
        while f"-{uri_of('9')}" not in paper.file("/feed.xml"):
            await asyncio.sleep(0.01)
    assert not slowly.done()
    await end([slowly, urgent])


async def test_the_builder_comes_back_to_what_rested(paper: Newspaper) -> None:
    wake = asyncio.Event()
    keeper = asyncio.create_task(paper.builder.keep_fresh(wake))
    for name in ("a", "b", "c"):
        await paper.tell(story(name))
        wake.set()
        await asyncio.sleep(0.3)
    async with asyncio.timeout(3):
        while paper.file("/feed.xml") != "c1|b1|a1":
            await asyncio.sleep(0.02)
    await end([keeper])


async def test_the_real_pages_and_feeds_fit_the_builder(redis: Redis, tmp_path: Path) -> None:
    paper = Newspaper(redis, tmp_path)
    paper.builder = Builder(
        SITE,
        paper.desk,
        paper.dirty,
        Files(tmp_path),
        paper.changes,
        pages=lambda sections: Pages(SITE, sections),
        feeds=find_feeds(),
        clock=lambda: paper.now,
    )
    await paper.tell(story("a", headline="河濱公園新步道啟用"), story("b", headline="撤下的"))
    await paper.tell(kill("b"))
    await paper.builder.rebuild_dirty()
    assert "河濱公園新步道啟用" in await paper.page("a")
    for path in ("/", "/section/生活/", *(f"/{feed.FILE_NAME}" for feed in find_feeds().values())):
        assert "河濱公園新步道啟用" in paper.file(path), path
        assert "撤下的" not in paper.file(path), path
    assert "撤下的" not in await paper.page("b")
    assert uri_of("b") in paper.file("/atom.xml")
