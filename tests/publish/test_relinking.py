"""Related links that were made anew, on their way to the desk: in order, and told to nobody."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.desk_changes import PAGE
from services.publish.desk_keys import DeskKeys
from services.publish.expiry import Expiry
from services.publish.relinking import Relinking
from services.publish.site.files import Files
from shared.article import RelatedLink
from shared.remade import CHANGED, LOST, Remade
from tests.publish.newspaper import NOW, Newspaper, kill, story, uri_of

KEPT = 3
"""How many partitions the newspaper has."""


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


def remade(name: str, number: int, *others: str, version: int = 1) -> Remade:
    links = (RelatedLink(uri=uri_of(other), creator="wiredesk") for other in others)
    return Remade(uri=uri_of(name), version=version, number=number, links=tuple(links))


def tray(paper: Newspaper, name: str) -> str:
    return DeskKeys(paper.keys).remade(paper.keys.partition(uri_of(name)))


async def put(paper: Newspaper, one: Remade) -> None:
    key = DeskKeys(paper.keys).remade(paper.keys.partition(one.uri))
    await paper.redis.hset(key, one.uri, one.model_dump_json())


def relinking(paper: Newspaper) -> Relinking:
    files = Files(paper.root)
    return Relinking(paper.redis, paper.keys, paper.desk, files, asyncio.Event())


async def look(paper: Newspaper, *lists: Remade) -> int:
    """What one look settles when enrich has stored these lists; then the site is built."""
    for one in lists:
        await put(paper, one)
    settled = await relinking(paper).look_once()
    await paper.builder.rebuild_dirty()
    return settled


async def stirred(paper: Newspaper) -> dict[str, float]:
    keys = DeskKeys(paper.keys)
    parts = [
        await paper.redis.zrange(keys.stirred(partition), 0, -1, withscores=True)
        for partition in range(KEPT)
    ]
    return {uri.decode().rpartition(":")[2]: score for part in parts for uri, score in part}


async def test_the_page_shows_the_new_list_and_no_date_moves(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    before = await paper.desk.row(uri_of("a"))
    assert await look(paper, remade("a", 1, "b")) == 1
    after = await paper.desk.row(uri_of("a"))
    assert "b1>" in await paper.page("a")
    assert before
    assert after
    assert (after.version, after.modified) == (before.version, before.modified)
    assert await paper.redis.exists(tray(paper, "a")) == 0


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_an_older_list_never_replaces_a_newer_one(
    paper: Newspaper, order: tuple[int, int]
) -> None:
    await paper.tell(story("a"), story("b"), story("c"))
    lists = {1: remade("a", 1, "b"), 2: remade("a", 2, "c")}
    for number in order:
        assert await look(paper, lists[number]) == 1
    assert (await paper.page("a")).startswith("live|a1|c1>")


async def test_an_older_list_that_is_late_changes_nothing_even_after_an_equal_one(
    paper: Newspaper,
) -> None:
    await paper.tell(story("a"), story("b"))
    await look(paper, remade("a", 2))
    await look(paper, remade("a", 1, "b"))
    assert await paper.page("a") == "live|a1"


async def test_a_list_waits_for_its_version_and_is_too_late_for_the_next(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    assert await look(paper, remade("a", 1, "b", version=2)) == 0
    assert await paper.page("a") == "live|a1"
    await paper.tell(story("a", 2))
    assert await look(paper) == 1
    assert "b1>" in await paper.page("a")
    await paper.tell(story("a", 3))
    assert await look(paper, remade("a", 2, "b", version=2)) == 1
    assert await paper.page("a") == "live|a3"


async def test_a_version_that_is_put_again_keeps_the_newer_list(paper: Newspaper) -> None:
    """Its entry is read again when publish dies before it has acknowledged it."""
    await paper.tell(story("a"), story("b"))
    await look(paper, remade("a", 1, "b"))
    await paper.tell(story("a"))
    await paper.builder.rebuild_dirty()
    assert "b1>" in await paper.page("a")


async def test_a_killed_story_gets_no_list(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"), kill("a"))
    assert await look(paper, remade("a", 1, "b")) == 1
    assert (await paper.page("a")).startswith("gone|")


async def test_a_kill_reaches_a_page_that_gained_the_card_later(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    await look(paper, remade("a", 1, "b"))
    await paper.tell(kill("b"))
    await paper.builder.rebuild_dirty()
    assert await paper.page("a") == "live|a1"
    assert await stirred(paper) == {"a": LOST}


async def test_who_showed_a_story_is_called_when_it_changes_or_goes_and_not_when_it_comes(
    paper: Newspaper,
) -> None:
    related = [{"uri": uri_of("b")}]
    await paper.tell(story("a", related=related), story("b", expires=_soon()))
    assert await stirred(paper) == {}
    await paper.tell(story("b", 2, expires=_soon()))
    assert await stirred(paper) == {"a": CHANGED}
    paper.now = NOW + timedelta(hours=2)
    await Expiry(paper.desk, asyncio.Event(), lambda: paper.now).look_once(paper.now)
    assert await stirred(paper) == {"a": CHANGED + LOST}


def _soon() -> str:
    return (NOW + timedelta(hours=1)).isoformat()


async def test_the_sequence_of_changes_does_not_tell_of_a_list(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    await paper.builder.rebuild_dirty()
    before = await paper.changes.heads()
    await look(paper, remade("a", 1, "b"))
    assert await paper.changes.heads() == before


async def test_a_list_waits_while_the_page_of_its_story_is_built(paper: Newspaper) -> None:
    """Else a version would be announced before the sequence of changes tells of it."""
    await paper.tell(story("a"), story("b"))
    await put(paper, remade("a", 1, "b"))
    async with Files(paper.root).alone(PAGE + uri_of("a")):
        looking = asyncio.create_task(relinking(paper).look_once())
        before = await paper.desk.row(uri_of("a"))
        await asyncio.sleep(0.2)
        assert await paper.desk.row(uri_of("a")) == before
    assert await looking == 1
    assert await paper.desk.row(uri_of("a")) != before


async def test_a_list_that_stands_already_is_not_told_as_made_anew(paper: Newspaper) -> None:
    await paper.tell(story("a"), story("b"))
    with capture_logs() as lines:
        await look(paper, remade("a", 1, "b"))
        await look(paper, remade("a", 2, "b"))
    assert [line["event"] for line in lines] == ["article.relinked"]


async def test_what_is_no_list_is_told_and_thrown_away(paper: Newspaper) -> None:
    await paper.redis.hset(tray(paper, "a"), uri_of("a"), "{}")
    with capture_logs() as lines:
        assert await look(paper) == 1
    assert [line["event"] for line in lines] == ["article.rejected"]
    assert await paper.redis.exists(tray(paper, "a")) == 0
