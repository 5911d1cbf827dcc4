"""kill -9 of the publisher in the middle of a call: delivered all the same, and seen once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.signature import new_secret
from shared.article import Article
from shared.events import Event
from shared.streams import ENRICHED, Keys
from tests.processes import Process
from tests.publish.receiver import Receiver, answer, hang
from tests.stored import as_stored

KEYS = Keys()
STORY = Article(uri="urn:killed:1", headline="發布途中斷電")


@pytest.mark.timeout(120)
async def test_a_publisher_killed_in_mid_call_delivers_after_all_under_the_same_id(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_PUBLISH__PORT": "0",
        "WIREDESK_SITE__FOLDER": str(tmp_path / "site"),
        "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
    }
    publisher = Process("publish", tmp_path / "publish.log", environ)
    async with Receiver() as receiver:
        receiver.plan(hang, answer(204))
        await subscribe(redis, receiver.url)
        await send(redis)
        publisher.start()
        await until_called(receiver, 1)
        publisher.kill()
        publisher.start()
        try:
            await until_called(receiver, 2)
            await until_delivered(redis)
        finally:
            publisher.stop()
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1


async def subscribe(redis: Redis, url: str) -> None:
    settings = {"url": url, "secrets": [new_secret()]}
    now = datetime.now(UTC)
    await Destinations(redis).add(
        Destination(name="desk", channel="webhook", settings=settings, created=now)
    )


async def send(redis: Redis) -> None:
    event = Event.begin(ENRICHED, STORY, datetime.now(UTC))
    await redis.xadd(KEYS.stream(ENRICHED, event.lane, 0), as_stored(event))


async def until_called(receiver: Receiver, times: int) -> None:
    async with asyncio.timeout(60):
        while len(receiver.received) < times:
            await asyncio.sleep(0.05)


async def until_delivered(redis: Redis) -> None:
    async with asyncio.timeout(20):
        while [row.state for row in await Ledger(redis, KEYS).of_article(STORY.uri)] != [
            "delivered"
        ]:
            await asyncio.sleep(0.05)
