"""Ingest through its front door: what is answered, and that bad input harms nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from redis.asyncio import Redis

from services.ingest.app import build
from shared.settings import Settings
from shared.streams import INBOX, RECEIVED, Keys, dead_letters

KEY = "wd_test_0123456789abcdef"
FLASH, ROUTINE = Keys().streams(RECEIVED)
STORY: dict[str, Any] = {
    "uri": "urn:news:1",
    "headline": "環狀線北環段動工　2031年全線通車",
    "body_html": "<p>台北市政府今日舉行動工典禮。</p>",
}


@pytest.fixture
async def api(redis: Redis, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A running ingest, asked over ASGI with a good key."""
    environ = {"WIREDESK_REDIS__URL": redis_url, "WIREDESK_INGEST__KEYS": KEY}
    app = build(Settings.load(None, environ)).app()
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client,
    ):
        yield client


async def post(
    api: httpx.AsyncClient, body: object, headers: dict[str, str] | None = None
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await api.post("/v1/articles", content=content, headers=headers)


async def streams_are_empty(redis: Redis) -> bool:
    return not await redis.xlen(FLASH) and not await redis.xlen(ROUTINE)


async def test_a_good_article_is_accepted_and_on_its_way(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    answer = await post(api, STORY)
    assert answer.status_code == 202
    told = {"uri": "urn:news:1", "version": 1, "outcome": "accepted", "lane": "routine"}
    assert answer.json() == told
    assert await redis.xlen(ROUTINE) == 1


async def test_sending_again_is_safe(api: httpx.AsyncClient, redis: Redis) -> None:
    await post(api, STORY)
    answer = await post(api, STORY)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "duplicate")
    assert await redis.xlen(ROUTINE) == 1


async def test_other_content_for_the_same_version_is_a_conflict(api: httpx.AsyncClient) -> None:
    await post(api, STORY)
    answer = await post(api, STORY | {"headline": "別的標題"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["uri"], answer.json()["version"]) == ("urn:news:1", 1)


async def test_an_older_version_is_told_that_it_is_stale(api: httpx.AsyncClient) -> None:
    await post(api, STORY | {"version": 3})
    answer = await post(api, STORY | {"version": 2})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "stale")


async def test_an_embargoed_article_is_held(api: httpx.AsyncClient, redis: Redis) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await post(api, STORY | {"embargoed": later})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "held")
    assert await streams_are_empty(redis)


async def test_an_embargo_ends_within_a_second(api: httpx.AsyncClient, redis: Redis) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    await post(api, STORY | {"embargoed": due.isoformat()})
    async with asyncio.timeout(5):
        while not await redis.xlen(ROUTINE):
            assert datetime.now(UTC) < due + timedelta(seconds=1)
            await asyncio.sleep(0.01)
    assert datetime.now(UTC) >= due


async def test_a_kill_needs_a_reason_and_no_version(api: httpx.AsyncClient, redis: Redis) -> None:
    await post(api, STORY | {"version": 4})
    refused = await api.delete("/v1/articles/urn:news:1")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "reason"
    answer = await api.delete("/v1/articles/urn:news:1", params={"reason": "來源撤稿"})
    assert answer.status_code == 202
    assert answer.json() | {"outcome": "accepted"} == {
        "uri": "urn:news:1",
        "version": 4,
        "outcome": "accepted",
        "lane": "flash",
    }
    assert await redis.xlen(FLASH) == 1
    late = await post(api, STORY | {"version": 5})
    assert (late.status_code, late.json()["outcome"]) == (202, "killed")


async def test_a_sender_can_ask_what_became_of_an_article(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/articles/urn:news:1")).status_code == 404
    await post(api, STORY)
    answer = await api.get("/v1/articles/urn:news:1")
    assert (answer.json()["version"], answer.json()["state"]) == (1, "live")


async def test_a_sender_is_told_what_is_live_what_is_held_and_until_when(
    api: httpx.AsyncClient,
) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    await post(api, STORY)
    await post(api, STORY | {"version": 2, "embargoed": later.isoformat()})
    rewrite = {"uri": "urn:news:2", "headline": "改寫", "evolved_from": "urn:news:1"}
    assert (await post(api, rewrite)).json()["outcome"] == "held"  # it waits for its original
    told = (await api.get("/v1/articles/urn:news:1")).json()
    assert (told["version"], told["state"], told["live_version"]) == (2, "held", 1)
    assert datetime.fromisoformat(told["due"]) == later
    [other] = told["rewritten_as"]
    assert (other["uri"], other["state"], other["due"]) == ("urn:news:2", "held", told["due"])


async def test_a_batch_answers_line_by_line(api: httpx.AsyncClient) -> None:
    lines = [json.dumps(STORY), "not json", json.dumps(STORY | {"uri": "urn:news:2"})]
    answer = await api.post("/v1/articles:batch", content="\n".join(lines))
    outcomes = [json.loads(line)["outcome"] for line in answer.text.splitlines()]
    assert outcomes == ["accepted", "invalid", "accepted"]


async def test_two_articles_in_one_line_of_a_batch_are_refused_and_neither_is_taken(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    two = json.dumps({"articles": [STORY, STORY | {"uri": "urn:news:2"}]})
    one = json.dumps(STORY | {"uri": "urn:news:3"})
    answer = await api.post("/v1/articles:batch", content=f"{two}\n{one}")
    refused, taken = map(json.loads, answer.text.splitlines())
    assert refused["outcome"] == "invalid"
    assert [fault["field"] for fault in refused["errors"]] == ["articles"]
    assert (taken["uri"], taken["outcome"]) == ("urn:news:3", "accepted")
    assert await redis.xlen(ROUTINE) == 1


@pytest.mark.parametrize(
    "version", ["9" * 15, "9007199254740991", "9007199254740992", "9" * 16, "9" * 5_000]
)
async def test_a_huge_version_in_the_query_is_taken_as_it_is_or_refused_by_name(
    api: httpx.AsyncClient, version: str
) -> None:
    answer = await api.post("/v1/articles", params={"version": version}, json=STORY)
    if len(version) < 16 or version == "9007199254740991":  # 2^53 - 1
        assert (answer.status_code, answer.json()["version"]) == (202, int(version))
    else:
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == ["version"]


@pytest.mark.parametrize("version", ["0", "-1", "1.5", "１", "1e3", " 1", "v1", "0x1"])
async def test_a_version_in_the_query_that_is_no_version_is_refused_by_name(
    api: httpx.AsyncClient, version: str
) -> None:
    answer = await api.post("/v1/articles", params={"version": version}, json=STORY)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["version"]


BAD: dict[str, tuple[bytes, set[str]]] = {
    "broken JSON": (b'{"uri": "urn:a", ', {"body"}),
    "not an object": (b"[1, 2]", {"body"}),
    "nothing": (b"", {"body"}),
    "several wrong types": (
        b'{"uri": 7, "headline": ["x"], "urgency": "3", "images": "no"}',
        {"uri", "headline", "urgency", "images"},
    ),
    "missing fields": (b'{"version": 1}', {"uri"}),
    "an unknown pubstatus": (
        b'{"uri": "urn:a", "headline": "x", "pubstatus": "gone"}',
        {"pubstatus"},
    ),
    "version 0": (b'{"uri": "urn:a", "headline": "x", "version": 0}', {"version"}),
    "no headline": (b'{"uri": "urn:a"}', {"headline"}),
    "a NUL": (b'{"uri": "urn:a", "headline": "a\\u0000b"}', {"headline"}),
    "a lone surrogate": (b'{"uri": "urn:a", "headline": "\\ud800"}', {"headline"}),
    "two of these": (
        b'{"uri": "urn:a", "headline": "\\udc00", "slugline": "\\u0000"}',
        {"headline", "slugline"},
    ),
    "a date without zone": (
        b'{"uri": "urn:a", "headline": "x", "embargoed": "2026-11-23T08:00:00"}',
        {"embargoed"},
    ),
    "infinity": (b'{"uri": "urn:a", "headline": "x", "version": 1e999}', {"version"}),
    "a blank in the uri": (b'{"uri": "urn a", "headline": "x"}', {"uri"}),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_told_which_fields_are_wrong_and_leaves_no_trace(
    api: httpx.AsyncClient, redis: Redis, name: str
) -> None:
    body, fields = BAD[name]
    answer = await post(api, body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert fields <= {fault["field"] for fault in answer.json()["errors"]}
    assert all(fault["reason"] for fault in answer.json()["errors"])
    assert await streams_are_empty(redis)
    assert not [key async for key in redis.scan_iter("*ledger*")]


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in chunks"])
async def test_a_body_of_10_megabytes_is_refused_while_it_comes(
    api: httpx.AsyncClient, redis: Redis, *, declared: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1_000_000

    content = b"x" * 10_000_000 if declared else chunks()
    answer = await api.post("/v1/articles", content=content)
    assert answer.status_code == 413
    assert await streams_are_empty(redis)


async def test_html_in_the_body_is_made_safe(api: httpx.AsyncClient, redis: Redis) -> None:
    await post(api, STORY | {"body_html": '<p onclick="x()">文<script>alert(1)</script></p>'})
    [(_, fields)] = await redis.xrange(ROUTINE)
    body = json.loads(fields[b"body"])
    assert body["body_html"] == "<p>文</p>"
    assert body["body_text"] == "文"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wd_wrong", "Basic d2Q6", "Bearer \x7f"])
async def test_without_a_good_key_nothing_is_done(
    api: httpx.AsyncClient, redis: Redis, header: str
) -> None:
    answer = await post(api, STORY, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await streams_are_empty(redis)


async def test_without_any_key_configured_everybody_is_refused(
    redis: Redis, redis_url: str
) -> None:
    app = build(Settings.load(None, {"WIREDESK_REDIS__URL": redis_url})).app()
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ingest") as client,
    ):
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
            answer = await client.post("/v1/articles", json=STORY, headers=headers)
            assert answer.status_code == 401


async def test_the_openapi_document_is_valid_and_every_path_in_it_is_there(
    api: httpx.AsyncClient,
) -> None:
    document = (await api.get("/openapi.json")).json()
    validate(document)
    for path, methods in document["paths"].items():
        for method in methods:
            answer = await api.request(method.upper(), path.replace("{uri}", "urn:x"))
            assert answer.status_code not in (405, 500)


async def test_the_inbox_stream_is_judged_like_http(api: httpx.AsyncClient, redis: Redis) -> None:
    await redis.xadd("wiredesk:inbox", {"json": json.dumps(STORY)})
    await redis.xadd("wiredesk:inbox", {"json": '{"uri": "urn:b"}'})
    await redis.xadd("wiredesk:inbox", {"text": "no such field"})
    async with asyncio.timeout(10):
        while await redis.xlen(dead_letters(INBOX)) < 2 or not await redis.xlen(ROUTINE):
            await asyncio.sleep(0.05)
    dead = [fields[b"error"] for _, fields in await redis.xrange(dead_letters(INBOX))]
    assert b"headline" in dead[0]
    assert b"json" in dead[1]
