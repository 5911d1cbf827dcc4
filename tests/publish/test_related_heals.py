"""Related links heal: a later story joins the lists of its neighbours, a lost one is replaced."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.publish.desk_keys import DeskKeys
from shared.streams import PUBLISHED, Keys
from tests.enrich.samples import TRANSIT, TRANSIT_FOLLOW_UP, TYPHOON, any_han
from tests.publish.newsroom import Newsroom, open_newsroom, until

OLDER, LATER, OTHER = "urn:n:2", "urn:n:3", "urn:n:4"
HEADLINES = {
    OLDER: "蔣萬安視察捷運萬大線 後年全線通車",
    LATER: "捷運萬大線號誌異常 捷運局：通車不受影響",
    OTHER: "海燕颱風逼近 氣象署發布海警",
}
BODIES = {OLDER: TRANSIT, LATER: TRANSIT_FOLLOW_UP, OTHER: TYPHOON}


@pytest.fixture
async def newsroom(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """One in which lists do not rest."""
    unrested = {"WIREDESK_ENRICH__REMAKE_REST_SECONDS": "0"}
    async with open_newsroom(redis, redis_url, tmp_path, **unrested) as running:
        yield running


async def send(news: Newsroom, uri: str) -> None:
    assert await news.send(uri=uri, headline=HEADLINES[uri], body_text=BODIES[uri]) == "accepted"
    await until(lambda: news.path_of(uri))


async def links(news: Newsroom, uri: str) -> list[str]:
    """The related stories that the ninjs document of an article names."""
    found = (await news.site.get(f"/v1/articles/{uri}")).json().get("associations", [])
    return [one["uri"] for one in found if one.get("rel") == "related"]


async def page(news: Newsroom, uri: str) -> str:
    return (await news.site.get(await news.path_of(uri))).text


async def until_quiet(news: Newsroom) -> None:
    """Wait until no list is to be made anew, none waits for the desk, and nothing to be built."""
    keys = DeskKeys(Keys())
    waiting = (keys.stirred(0), keys.remade(0), keys.dirty(0))

    async def is_quiet() -> bool:
        return not await news.redis.exists(*waiting)

    await until(is_quiet)


async def test_an_older_page_gains_a_link_when_a_later_story_comes(newsroom: Newsroom) -> None:
    await send(newsroom, OLDER)
    await until_quiet(newsroom)
    assert await links(newsroom, OLDER) == []
    await send(newsroom, OTHER)
    await send(newsroom, LATER)
    await until_quiet(newsroom)
    assert await links(newsroom, OLDER) == [LATER]
    shown = await page(newsroom, OLDER)
    assert HEADLINES[LATER] in shown
    assert await newsroom.path_of(LATER) in shown
    assert await links(newsroom, LATER) == [OLDER]
    assert HEADLINES[LATER] not in await page(newsroom, OTHER)


async def test_nobody_is_told_of_a_list_that_was_made_anew(newsroom: Newsroom) -> None:
    await send(newsroom, OLDER)
    await until_quiet(newsroom)
    before = (await newsroom.site.get("/v1/changes")).json()["changes"]
    await send(newsroom, LATER)
    await until_quiet(newsroom)
    assert await links(newsroom, OLDER) == [LATER]
    await until(lambda: _heard(newsroom, 2))
    await asyncio.sleep(1)
    assert newsroom.heard() == [("published", 1), ("published", 1)]
    assert await newsroom.redis.xlen(Keys().stream(PUBLISHED, "routine", 0)) == 2
    after = (await newsroom.site.get("/v1/changes")).json()["changes"]
    assert after[:1] == before
    assert [change["uri"] for change in after] == [OLDER, LATER]


async def _heard(newsroom: Newsroom, count: int) -> bool:
    return len(newsroom.heard()) >= count


async def test_a_kill_refills_the_lists_that_held_the_story(newsroom: Newsroom) -> None:
    uris = [f"urn:n:{number}" for number in range(20, 30)]
    for number, uri in enumerate(uris):
        text = f"捷運萬大線第{number}標。{any_han(80, number)}"
        await newsroom.send(uri=uri, headline=f"萬大線第{number}標進度", body_text=text)
    await until(lambda: newsroom.path_of(uris[-1]))
    await until_quiet(newsroom)
    before = {uri: await links(newsroom, uri) for uri in uris}
    killed = before[uris[0]][0]
    holders = [uri for uri in uris if killed in before[uri] and uri != killed]
    await newsroom.kill(killed)
    await until(lambda: _is_gone(newsroom, killed))
    await until_quiet(newsroom)
    after = {uri: await links(newsroom, uri) for uri in holders}
    assert len(holders) > 1
    assert all(killed not in found for found in after.values())
    assert {uri: len(found) for uri, found in after.items()} == {
        uri: len(before[uri]) for uri in holders
    }


async def _is_gone(newsroom: Newsroom, uri: str) -> bool:
    return (await newsroom.site.get(f"/v1/articles/{uri}")).status_code == 410


async def test_a_correction_that_no_longer_fits_leaves_the_lists(newsroom: Newsroom) -> None:
    for uri in (OLDER, LATER):
        await send(newsroom, uri)
    await until_quiet(newsroom)
    assert await links(newsroom, OLDER) == [LATER]
    await newsroom.send(2, LATER, headline=HEADLINES[OTHER], body_text=TYPHOON)
    await until(lambda: _is_version(newsroom, LATER, 2))
    await until_quiet(newsroom)
    assert await links(newsroom, OLDER) == []


async def _is_version(newsroom: Newsroom, uri: str, version: int) -> bool:
    told = (await newsroom.site.get(f"/v1/articles/{uri}")).json()
    return bool(told["version"] == str(version))
