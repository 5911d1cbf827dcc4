"""A story whose time is over: out of lists, feeds and cards within a second; its page stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.expiry import Expiry
from shared.article import Article
from shared.streams import Keys
from shared.tasks import end
from tests.publish.newspaper import NOW, Newspaper, kill, story, uri_of

SOON = NOW + timedelta(hours=1)
UNTIL = {"expires": SOON.isoformat()}


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


def expiry(paper: Newspaper) -> Expiry:
    return Expiry(paper.desk, asyncio.Event(), lambda: paper.now)


async def look(paper: Newspaper, *, after: timedelta = timedelta()) -> int:
    """What one look at that time after the expiry changes; then the site is built."""
    paper.now = SOON + after
    changed = await expiry(paper).look_once(paper.now)
    await paper.builder.rebuild_dirty()
    return changed


async def test_it_leaves_lists_feeds_and_cards_at_its_time_and_its_page_says_so(
    paper: Newspaper,
) -> None:
    related = [{"uri": uri_of("sale")}]
    await paper.tell(story("sale", tags=["特賣"], **UNTIL), story("other", related=related))
    assert await look(paper, after=-timedelta(milliseconds=1)) == 0
    assert paper.file("/feed.xml") == "other1|sale1"
    assert "sale1>" in await paper.page("other")
    assert await look(paper) == 1
    assert await paper.page("sale") == "expired|sale1"
    assert await paper.page("other") == "live|other1"
    for path in ("/", "/feed.xml", "/section/生活/", "/tag/特賣/feed.xml"):
        assert "sale1" not in paper.file(path), path
    assert await look(paper) == 0


async def test_an_expired_story_leaves_no_tombstone_for_it_was_not_withdrawn(
    paper: Newspaper,
) -> None:
    await paper.tell(story("sale", **UNTIL))
    await look(paper)
    assert paper.file("/feed.xml") == ""


async def test_a_story_that_comes_when_its_time_is_over_has_a_page_only(paper: Newspaper) -> None:
    paper.now = SOON
    await paper.tell(story("sale", **UNTIL))
    await paper.builder.rebuild_dirty()
    assert await paper.page("sale") == "expired|sale1"
    assert paper.file("/") == ""
    assert await look(paper) == 0


async def test_a_later_version_without_expiry_brings_it_back(paper: Newspaper) -> None:
    await paper.tell(story("sale", **UNTIL))
    await look(paper)
    await paper.tell(story("sale", 2))
    assert await look(paper, after=timedelta(days=9)) == 0
    assert paper.file("/feed.xml") == "sale2"


@pytest.mark.parametrize("away", [kill("sale"), story("sale", 2, pubstatus="withheld")])
async def test_what_is_taken_away_before_it_expires_does_not_expire(
    paper: Newspaper, away: Article
) -> None:
    await paper.tell(story("sale", **UNTIL), away)
    assert await look(paper, after=timedelta(days=1)) == 0


async def test_a_clock_that_was_ahead_takes_nothing_away_for_good(paper: Newspaper) -> None:
    await paper.tell(story("sale", **UNTIL))
    assert await look(paper, after=timedelta(minutes=30)) == 1
    with capture_logs() as lines:
        assert await look(paper, after=-timedelta(minutes=30)) == 1
    assert [line["event"] for line in lines] == ["article.relisted"]
    steps = await paper.redis.xrange(Keys(3).of(uri_of("sale"), "timeline"))
    assert [step[b"step"] for _, step in steps] == [b"publish.expired", b"publish.relisted"]
    assert paper.file("/feed.xml") == "sale1"
    assert await look(paper) == 1
    assert paper.file("/feed.xml") == ""


async def test_processes_whose_clocks_differ_a_little_do_not_quarrel(paper: Newspaper) -> None:
    await paper.tell(story("sale", **UNTIL))
    assert await look(paper) == 1
    assert await look(paper, after=-timedelta(seconds=30)) == 0


async def test_what_expired_while_nobody_was_there_leaves_at_the_next_start(
    paper: Newspaper, redis: Redis
) -> None:
    await paper.tell(story("sale", **UNTIL), story("other"))
    await paper.builder.rebuild_dirty()
    reborn = Newspaper(redis, paper.root, now=SOON + timedelta(days=1))
    async with watching(reborn):
        await until_file(reborn, "/feed.xml", "other1")


async def test_a_hundred_that_expire_at_once_leave_the_front_page_within_a_second(
    paper: Newspaper,
) -> None:
    paper.now = SOON - timedelta(minutes=101)  # a story is told every minute
    await paper.tell(*(story(f"n{number}", **UNTIL) for number in range(99)), story("stays"))
    async with watching(paper):
        await until_file(paper, "/feed.xml", "stays1|n981|n971|n961|n951", seconds=30)
        paper.now = SOON
        await until_file(paper, "/feed.xml", "stays1", seconds=2)


@asynccontextmanager
async def watching(paper: Newspaper) -> AsyncIterator[None]:
    """The watch and the builder as the service runs them."""
    wake = asyncio.Event()
    watch = Expiry(paper.desk, wake, lambda: paper.now).watch()
    tasks = [asyncio.create_task(watch), asyncio.create_task(paper.builder.keep_fresh(wake))]
    try:
        yield
    finally:
        await end(tasks)


async def until_file(paper: Newspaper, path: str, text: str, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while paper.file(path) != text:
            await asyncio.sleep(0.02)
