"""GET /v1/articles/{uri} on the website's port: live, gone, or not to be seen."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from tests.publish.newspaper import kill, story, uri_of
from tests.publish.served import Served, serving

A = f"/v1/articles/{uri_of('a')}"


@pytest.fixture
async def paper(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(redis, redis_url, tmp_path) as served:
        yield served


async def test_a_live_story_is_a_document_that_a_copy_must_ask_for_again(paper: Served) -> None:
    await paper.emit(story("a", 3))
    answer = await paper.site.get(A)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    assert (told["uri"], told["version"]) == (uri_of("a"), "3")
    head = await paper.site.head(A)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == answer.headers["etag"]


async def test_who_has_it_is_not_sent_it_again_until_it_changes(paper: Served) -> None:
    await paper.emit(story("a"))
    etag = (await paper.site.get(A)).headers["etag"]
    again = await paper.site.get(A, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    await paper.emit(story("a", 2))
    changed = await paper.site.get(A, headers={"if-none-match": etag})
    assert (changed.status_code, changed.json()["version"]) == (200, "2")


async def test_the_date_is_that_of_the_change_once_its_second_is_over(
    paper: Served, redis: Redis
) -> None:
    await paper.emit(story("a"))
    in_a_minute = time.time_ns() // 1_000 + 60_000_000
    await redis.zadd("wiredesk:{0}:changes", {uri_of("a"): in_a_minute})
    assert "last-modified" not in (await paper.site.get(A)).headers
    await redis.zadd("wiredesk:{0}:changes", {uri_of("a"): 1_795_397_400_900_000})
    answer = await paper.site.get(A)
    assert answer.headers["last-modified"] == "Mon, 23 Nov 2026 01:30:00 GMT"
    since = {"if-modified-since": answer.headers["last-modified"]}
    assert (await paper.site.get(A, headers=since)).status_code == 304


async def test_a_killed_story_leaves_a_tombstone_and_a_withheld_one_nothing(
    paper: Served,
) -> None:
    await paper.emit(story("a", headline="不該留下"), kill("a"))
    gone = await paper.site.get(A)
    assert gone.status_code == 410
    assert (gone.json()["pubStatus"], gone.json()["version"]) == ("canceled", "1")
    assert gone.headers["cache-control"] == "no-store"
    assert "不該留下" not in gone.text
    await paper.emit(story("b"), story("b", 2, pubstatus="withheld"))
    held = await paper.site.get(f"/v1/articles/{uri_of('b')}")
    assert (held.status_code, held.headers["content-type"]) == (404, "application/problem+json")


async def test_what_was_never_seen_here_is_not_found(paper: Served) -> None:
    await paper.emit(story("a"))
    for uri in ("urn:unknown", "", "..%2F..%2Fetc%2Fpasswd", "%00", "%E7%9F", "a%0Ab", "x" * 3000):
        answer = await paper.site.get(f"/v1/articles/{uri}")
        assert answer.status_code == 404, uri
    assert "etc/passwd" in (await paper.site.get("/v1/articles/..%2Fetc%2Fpasswd")).text


async def test_a_story_is_not_shown_before_its_page_is(paper: Served, redis: Redis) -> None:
    await paper.emit(story("a"))
    await redis.zrem("wiredesk:{0}:changes", uri_of("a"))
    assert (await paper.site.get(A)).status_code == 404


async def test_any_uri_has_an_address(paper: Served) -> None:
    for uri in ("https://x.example/a?b=c#d", "tag:新聞,2026:一", "urn:100%", "a//b"):
        await paper.emit(story("a").model_copy(update={"uri": uri}))
        answer = await paper.site.get(f"/v1/articles/{quote(uri, safe='')}")
        assert (answer.status_code, answer.json().get("uri")) == (200, uri)
    [one] = [one for one in await paper.changes() if one["uri"] == "https://x.example/a?b=c#d"]
    address = one["ninjs"].removeprefix("https://daily.example")
    assert (await paper.site.get(address)).status_code == 200


async def test_it_takes_no_parameters_and_says_how_to_write_a_question_mark(
    paper: Served,
) -> None:
    answer = await paper.site.get("/v1/articles/https://x.example/a?b=c")
    assert answer.status_code == 400
    assert "%3F" in answer.json()["errors"][0]["reason"]


async def test_no_headline_of_a_killed_story_stands_in_another_ones_document(
    paper: Served,
) -> None:
    await paper.emit(story("b", headline="將被撤下"))
    await paper.emit(story("a", related=[{"uri": uri_of("b"), "headline": "將被撤下"}]))
    assert "將被撤下" in (await paper.site.get(A)).text
    await paper.emit(kill("b"))
    assert "將被撤下" not in (await paper.site.get(A)).text
