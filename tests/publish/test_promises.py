"""What no peer keeps: the promises of delivery, each with a real receiver and a real Redis.

From ingest's door on, all services run in this process, wired as they are in production.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.enrich import app as enrich
from services.ingest import app as ingest
from services.publish import app as publish
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from shared.settings import Settings
from shared.streams import Keys
from tests.publish.receiver import Receiver, answer, hang

KEY = "wd_test_0123456789abcdef"
URI = "urn:promise:1"


@dataclass
class Newsroom:
    """Everything up, and one receiver subscribed."""

    redis: Redis
    ingest: httpx.AsyncClient
    site: httpx.AsyncClient
    receiver: Receiver

    async def send(self, version: int = 1, uri: str = URI, **more: Any) -> str:  # noqa: ANN401
        story = {"uri": uri, "version": version, "headline": f"第{version}版", **more}
        reply = await self.ingest.post("/v1/articles", json=story)
        return str(reply.json()["outcome"])

    async def kill(self, uri: str = URI) -> None:
        await self.ingest.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})

    async def subscribe(self, name: str, url: str) -> None:
        settings = {"url": url, "secrets": [new_secret()]}
        now = datetime.now(UTC)
        destination = Destination(name=name, channel="webhook", settings=settings, created=now)
        await Destinations(self.redis).add(destination)

    async def row(self, name: str = "desk", uri: str = URI) -> Row | None:
        rows = await Ledger(self.redis, Keys()).of_article(uri)
        return next((row for row in rows if row.destination == name), None)

    def heard(self) -> list[tuple[str, int]]:
        """What the receiver was told, in order: type and version."""
        notices = [json.loads(one.body) for one in self.receiver.received]
        return [(one["type"].removeprefix("article."), one["data"]["version"]) for one in notices]


@pytest.fixture
async def newsroom(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_INGEST__KEYS": KEY,
        "WIREDESK_SITE__FOLDER": str(tmp_path),
        "WIREDESK_SITE__BASE_URL": "http://news.example",
        "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
        "WIREDESK_STREAMS__RETRY_SECONDS": "0.2",
    }
    settings = Settings.load(None, environ)
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(Receiver())
        clients = {}
        for service in (publish, enrich, ingest):
            app = service.build(settings).app()
            await stack.enter_async_context(app.router.lifespan_context(app))
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app),
                base_url="http://test",
                headers={"Authorization": f"Bearer {KEY}"},
            )
            clients[service] = await stack.enter_async_context(client)
        news = Newsroom(redis, clients[ingest], clients[publish], receiver)
        await news.subscribe("desk", receiver.url)
        await until(lambda: _ready(clients.values()))
        await asyncio.sleep(0.6)  # the postroom looks for new destinations twice a second
        yield news


async def _ready(clients: Any) -> bool:  # noqa: ANN401
    return all([(await client.get("/readyz")).is_success for client in clients])


async def until(claim: Callable[[], Any], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not await claim():
            await asyncio.sleep(0.02)


def told(newsroom: Newsroom, *expected: tuple[str, int]) -> Callable[[], Any]:
    async def claim() -> bool:
        return set(expected) <= set(newsroom.heard())

    return claim


def is_in(newsroom: Newsroom, state: str, name: str = "desk") -> Callable[[], Any]:
    async def claim() -> bool:
        row = await newsroom.row(name)
        return row is not None and row.state == state

    return claim


async def test_after_a_503_on_v1_the_receiver_ends_on_v2_and_v1_never_follows(
    newsroom: Newsroom,
) -> None:
    newsroom.receiver.plan(answer(503), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    await newsroom.send(2)
    await until(is_in(newsroom, "delivered"))
    await asyncio.sleep(1)
    assert newsroom.heard()[-1][1] == 2
    versions = [version for _, version in newsroom.heard()]
    assert versions == sorted(versions)


async def test_after_a_503_on_v1_and_a_kill_v1_is_never_delivered_afterwards(
    newsroom: Newsroom,
) -> None:
    newsroom.receiver.plan(answer(503), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    await newsroom.kill()
    await until(told(newsroom, ("withdrawn", 1)))
    await asyncio.sleep(6)  # longer than the first wait of v1 would have been
    assert newsroom.heard() == [("published", 1), ("withdrawn", 1)]


async def test_a_429_is_tried_again_and_not_before_its_retry_after(newsroom: Newsroom) -> None:
    newsroom.receiver.plan(answer(429, retry_after="5"), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    start = monotonic()
    await until(is_in(newsroom, "delivered"), 20)
    assert monotonic() - start >= 4.9
    ids = {one.headers["webhook-id"] for one in newsroom.receiver.received}
    assert len(newsroom.receiver.received) == 2
    assert len(ids) == 1


async def test_a_kill_at_a_receiver_that_answers_429_is_delivered_all_the_same(
    newsroom: Newsroom,
) -> None:
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    newsroom.receiver.plan(answer(429), answer(429), answer(204))
    await newsroom.kill()

    async def is_proven() -> bool:
        row = await newsroom.row()
        return row is not None and row.proof == "accepted"

    await until(is_proven, 30)
    assert newsroom.heard() == [("published", 1)] + [("withdrawn", 1)] * 3


async def test_a_receiver_that_hangs_does_not_delay_the_others(newsroom: Newsroom) -> None:
    async with Receiver() as sick:
        sick.plan(hang)
        await newsroom.subscribe("sick", sick.url)
        await asyncio.sleep(1)
        start = monotonic()
        for number in range(20):
            await newsroom.send(1, uri=f"urn:promise:{number}")

        async def all_are_told() -> bool:
            return len(newsroom.receiver.received) >= 20

        await until(all_are_told)
        assert monotonic() - start < 10
        assert len({one.headers["webhook-id"] for one in newsroom.receiver.received}) == 20
        assert 1 <= len(sick.received) <= 4


async def test_a_kill_that_comes_before_v1_refuses_it(newsroom: Newsroom) -> None:
    await newsroom.kill()
    assert await newsroom.send(1) == "killed"
    await asyncio.sleep(1)
    assert newsroom.heard() == []


async def test_the_same_event_a_hundred_times_is_one_delivery(newsroom: Newsroom) -> None:
    outcomes = await asyncio.gather(*(newsroom.send(1) for _ in range(100)))
    assert sorted(outcomes) == ["accepted"] + ["duplicate"] * 99
    await until(is_in(newsroom, "delivered"))
    await asyncio.sleep(1)
    assert newsroom.heard() == [("published", 1)]


async def test_an_embargoed_story_reaches_no_receiver_before_its_time(newsroom: Newsroom) -> None:
    due = datetime.now(UTC) + timedelta(seconds=2)
    assert await newsroom.send(1, embargoed=due.isoformat()) == "held"

    async def is_told() -> bool:
        if newsroom.heard():
            assert datetime.now(UTC) >= due
        return bool(newsroom.heard())

    await until(is_told)
    assert datetime.now(UTC) - due < timedelta(seconds=2)


async def test_a_destination_that_cannot_be_opened_leaves_visible_rows(newsroom: Newsroom) -> None:
    now = datetime.now(UTC)
    broken = Destination(name="broken", channel="webhook", settings={"url": "x"}, created=now)
    await Destinations(newsroom.redis).add(broken)
    await asyncio.sleep(1)
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    row = await newsroom.row("broken")
    assert row is not None
    assert (row.state, row.sent_version) == ("waiting", 0)


async def test_a_receiver_that_was_down_ends_on_the_newest_version_only(newsroom: Newsroom) -> None:
    newsroom.receiver.plan(answer(503))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    for version in (2, 3, 4):
        await newsroom.send(version)
    newsroom.receiver.plan(answer(204))
    await until(is_in(newsroom, "delivered"), 30)
    row = await newsroom.row()
    assert row is not None
    assert row.sent_version == 4
    versions = [version for _, version in newsroom.heard()]
    assert versions == sorted(versions)
