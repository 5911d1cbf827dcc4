"""What no peer keeps: the promises about the life of a story, from ingest's door to every exit."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import feedparser
import lxml.html
import pytest

from shared.streams import Keys
from tests.publish.newsroom import URI, Newsroom, is_in, told, until
from tests.publish.receiver import Receiver, answer

SECRET = "央行宣布升息兩碼"  # noqa: S105
STORIES = 100


def is_live(newsroom: Newsroom, uri: str = URI) -> Callable[[], Any]:
    async def claim() -> str:
        return await newsroom.path_of(uri)

    return claim


async def shown(newsroom: Newsroom, uri: str, path: str) -> list[str]:
    """What a reader of a story's page sees at an XPath."""
    page = await newsroom.site.get(await newsroom.path_of(uri))
    found = lxml.html.document_fromstring(page.text).xpath(path)
    return [" ".join(one.text_content().split()) for one in found]


async def test_a_kill_that_comes_before_v1_refuses_it_and_v1_is_seen_nowhere(
    newsroom: Newsroom,
) -> None:
    await newsroom.kill()
    assert await newsroom.send(1, headline=SECRET) == "killed"
    assert await newsroom.send(5, headline=SECRET) == "killed"
    await newsroom.send(1, uri="urn:other")
    await until(told(newsroom, ("published", 1)))  # whatever was sent before has long been through
    assert await newsroom.exits_with(SECRET) == set()
    assert await newsroom.path_of() == ""
    assert await newsroom.send(2, headline=SECRET, reinstate=True) == "accepted"
    await until(told(newsroom, ("published", 2)))


async def test_the_same_event_a_hundred_times_is_one_delivery_at_each_receiver(
    newsroom: Newsroom,
) -> None:
    async with Receiver() as other:
        await newsroom.subscribe("other", other.url)
        await asyncio.sleep(1)  # the postroom looks for new destinations twice a second
        outcomes = await asyncio.gather(*(newsroom.send(1) for _ in range(100)))
        assert sorted(outcomes) == ["accepted"] + ["duplicate"] * 99
        await until(is_in(newsroom, "delivered"))
        await until(is_in(newsroom, "delivered", "other"))
        await asyncio.sleep(1)
        assert newsroom.heard() == [("published", 1)]
        assert len(other.received) == 1
    items = (await newsroom.site.get("/feed.json")).json()["items"]
    assert [item["id"] for item in items] == [URI]


async def test_an_embargoed_story_is_absent_from_every_exit_until_its_time(
    newsroom: Newsroom,
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=4)
    text = {"headline": SECRET, "body_text": f"{SECRET}，即日起實施。", "tags": ["升息"]}
    assert await newsroom.send(1, **text, embargoed=due.isoformat()) == "held"
    related = [{"uri": URI, "headline": SECRET}]
    await newsroom.send(1, uri="urn:next", tags=["升息"], related=related, headline="銀行股上漲")
    await until(is_live(newsroom, "urn:next"))
    await until(told(newsroom, ("published", 1)))
    while datetime.now(UTC) < due:
        # The stream carries the other story as its newsroom sent it, with the headline in a link.
        assert {e for e in await newsroom.exits_with(SECRET) if "article." not in e} == set()
        assert SECRET not in (await newsroom.ingest.get(f"/v1/articles/{URI}")).text
        await asyncio.sleep(0.1)
    path = await until_live(newsroom)
    assert datetime.now(UTC) >= due
    assert SECRET in (await newsroom.site.get(path)).text
    pages = {"index.html", "feed.xml", "atom.xml", "feed.json", "webhook"}
    await until(says(newsroom, SECRET, pages))
    await until(has_card(newsroom, "urn:next", SECRET))
    [notice] = [n for n in notices(newsroom) if n["data"]["uri"] == URI]
    assert datetime.fromisoformat(notice["data"]["date_published"]) >= due


@pytest.mark.parametrize("second", ["killed", "replaced"])
async def test_what_is_killed_or_replaced_under_embargo_is_never_seen(
    newsroom: Newsroom, second: str
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    await newsroom.send(1, headline=SECRET, embargoed=due.isoformat())
    if second == "killed":
        await newsroom.kill()
    else:
        await newsroom.send(2, headline="利率不變")
        await until(told(newsroom, ("published", 2)))
    await asyncio.sleep(2)
    assert await newsroom.exits_with(SECRET) == set()


@pytest.mark.timeout(120)
async def test_a_hundred_embargoed_stories_leave_within_a_second_of_their_time(
    newsroom: Newsroom, record_property: Callable[[str, object], None]
) -> None:
    due = datetime.now(UTC) + timedelta(seconds=6)
    uris = [f"urn:embargo:{number}" for number in range(STORIES)]
    sent = (newsroom.send(1, uri=uri, embargoed=due.isoformat()) for uri in uris)
    assert set(await asyncio.gather(*sent)) == {"held"}
    lags: dict[str, list[float]] = {"ingest.released": [], "publish.live": []}
    await until(all_are_live(newsroom, uris), 60)
    for uri in uris:
        for at, step in await steps(newsroom, uri):
            if step in lags:
                lags[step].append(at - due.timestamp())
    p95 = {step: quantiles(seconds, n=20)[18] for step, seconds in lags.items()}
    record_property("release lag p95, seconds", p95)
    assert min(lags["ingest.released"]) >= 0
    assert p95["ingest.released"] < 1


async def test_a_kill_removes_the_card_from_all_pages_that_linked_the_story(
    newsroom: Newsroom,
) -> None:
    linking = [f"urn:linking:{number}" for number in range(12)]
    await newsroom.send(1, headline=SECRET)
    for uri in linking:
        await newsroom.send(1, uri=uri, headline=f"{uri}報導", related=[{"uri": URI}])
    for uri in linking:
        await until(has_card(newsroom, uri, SECRET))
    await newsroom.kill()
    for uri in linking:
        await until(has_card(newsroom, uri, SECRET, False), 2)

    async def is_in_no_file() -> bool:
        return not any(one.endswith(".html") for one in await newsroom.exits_with(SECRET))

    await until(is_in_no_file, 2)


KINDS = {
    # kind: its date moves, the page says, feeds put before the headline
    "correction": (True, ["更正傷者應為兩人。"], "【更正】"),
    "update": (True, ["更新傷者應為兩人。"], ""),
    "refile": (False, [], ""),
    "repeat": (False, [], ""),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_correction_an_update_a_refile_and_a_repeat_do_each_what_they_should(
    newsroom: Newsroom, kind: str
) -> None:
    moves, note, prefix = KINDS[kind]
    await newsroom.send(1, headline="三人受傷", language="zh-Hant")
    await until(told(newsroom, ("published", 1)))
    [before] = await entries(newsroom, "三人受傷")
    correction = {"kind": kind, "text": "傷者應為兩人。"}
    await asyncio.sleep(1.1)  # feeds tell whole seconds
    await newsroom.send(2, headline="兩人受傷", language="zh-Hant", correction=correction)
    await until(told(newsroom, ("updated", 2)))
    [after] = await entries(newsroom, f"{prefix}兩人受傷")
    assert (after.id, after.link, after.published) == (before.id, before.link, before.published)
    assert (after.updated > before.updated) is moves
    assert await shown(newsroom, URI, "//*[@class='note']/p[1]") == note
    may_tell = {
        f"wiredesk:{{0}}:article.{n}:routine" for n in ("received", "enriched", "published")
    } | {"webhook"}

    async def is_only_where_it_was_sent() -> bool:
        return await newsroom.exits_with("三人受傷") <= may_tell

    await until(is_only_where_it_was_sent)  # feeds follow the page
    data = notices(newsroom)[-1]["data"]
    assert data["correction"] == correction
    assert (data["date_published"] == data["date_modified"]) is not moves


async def test_an_expired_story_leaves_lists_and_feeds_and_is_delivered_to_nobody_any_more(
    newsroom: Newsroom,
) -> None:
    newsroom.receiver.plan(answer(503, retry_after="3"), answer(204))
    ends = datetime.now(UTC) + timedelta(seconds=2.5)
    await newsroom.send(1, headline="限時特賣", expires=ends.isoformat())
    path = await until_live(newsroom)
    await until(told(newsroom, ("published", 1)))
    await until(says(newsroom, "限時特賣", set(), {"index.html", "feed.xml", "atom.xml"}))
    assert timedelta() <= datetime.now(UTC) - ends < timedelta(seconds=2)
    page = await newsroom.site.get(path)
    assert page.status_code == 200
    assert "已過時效" in page.text
    await until(is_in(newsroom, "dead"))
    row = await newsroom.row()
    assert row
    assert row.error == "expired"
    assert newsroom.heard() == [("published", 1)]


async def test_a_rewrite_is_led_to_from_the_old_story_and_outlives_its_kill_for_all_to_see(
    newsroom: Newsroom,
) -> None:
    await newsroom.send(1, headline="地震初報")
    await newsroom.send(1, uri="urn:rewrite", headline="地震完整報導", evolved_from=URI)
    await until_live(newsroom)
    rewrite = await until_live(newsroom, "urn:rewrite")

    async def leads_on() -> bool:
        links = await shown(newsroom, URI, "//*[contains(@class, 'newer')]//a")
        return links == ["地震完整報導"]

    await until(leads_on)
    await newsroom.kill()
    await until(told(newsroom, ("withdrawn", 1)))
    assert (await newsroom.site.get(rewrite)).status_code == 200
    known = (await newsroom.ingest.get(f"/v1/articles/{URI}")).json()
    assert [(one["uri"], one["state"]) for one in known["rewritten_as"]] == [
        ("urn:rewrite", "live")
    ]


def notices(newsroom: Newsroom) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in newsroom.receiver.received]


async def until_live(newsroom: Newsroom, uri: str = URI) -> str:
    await until(is_live(newsroom, uri))
    return await newsroom.path_of(uri)


def says(
    newsroom: Newsroom,
    words: str,
    where: set[str],
    nowhere: frozenset[str] | set[str] = frozenset(),
) -> Callable[[], Any]:
    async def claim() -> bool:
        found = await newsroom.exits_with(words)
        return where <= found and not nowhere & found

    return claim


def has_card(newsroom: Newsroom, uri: str, headline: str, wanted: bool = True) -> Callable[[], Any]:  # noqa: FBT001, FBT002
    async def claim() -> bool:
        if not await newsroom.path_of(uri):
            return False
        cards = await shown(newsroom, uri, "//aside[@class='related']//h3")
        return (headline in cards) is wanted

    return claim


def all_are_live(newsroom: Newsroom, uris: list[str]) -> Callable[[], Any]:
    async def claim() -> bool:
        told = [[step for _, step in await steps(newsroom, uri)] for uri in uris]
        return all("publish.live" in one for one in told)

    return claim


async def steps(newsroom: Newsroom, uri: str) -> list[tuple[float, str]]:
    """The story's timeline: seconds since 1970, and the step."""
    found = await newsroom.redis.xrange(Keys().of(uri, "timeline"))
    return [(int(at.split(b"-")[0]) / 1000, fields[b"step"].decode()) for at, fields in found]


async def entries(newsroom: Newsroom, title: str) -> list[Any]:
    """The entries of the Atom feed, once it has one of this title."""

    async def claim() -> list[Any]:
        feed = feedparser.parse((await newsroom.site.get("/atom.xml")).content)
        return [entry for entry in feed.entries if entry.title == title]

    await until(claim)
    return await claim()
