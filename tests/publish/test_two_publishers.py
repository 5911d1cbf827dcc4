"""Two publish processes and one destination: they keep its limit together, and one can die."""

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
from shared.streams import CARRIERS, ENRICHED, Keys
from tests.processes import Process
from tests.publish.receiver import Receiver, answer, hang
from tests.publish.subscribed import until
from tests.stored import as_stored

KEYS = Keys()
STORIES, LIMIT = 12, 4


@pytest.mark.timeout(120)
async def test_two_publishers_keep_one_limit_and_the_one_that_is_left_delivers_the_rest(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_PUBLISH__PORT": "0",
        "WIREDESK_SITE__FOLDER": str(tmp_path / "site"),
        "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
    }
    pair = [Process("publish", tmp_path / f"{number}.log", environ) for number in range(2)]
    async with Receiver() as receiver:
        receiver.plan(hang)
        settings = {"url": receiver.url, "secrets": [new_secret()]}
        now = datetime.now(UTC)
        desk = Destination(name="desk", channel="webhook", settings=settings, created=now)
        # Paused until all stories wait, so that all slots are taken at once.
        await Destinations(redis).add(desk.model_copy(update={"state": "paused"}))
        for process in pair:
            process.start()
        try:
            await until(lambda: number_of(redis, 2), 40)
            await send(redis)
            await until(lambda: all_are(redis, "waiting"), 20)
            await Destinations(redis).resume("desk")
            await until(lambda: len(receiver.received) == LIMIT, 20)
            await asyncio.sleep(2)
            assert len(receiver.received) == LIMIT
            receiver.plan(answer(204))
            pair[0].kill()
            await until(lambda: all_are(redis, "delivered"), 60)
        finally:
            for process in pair[1:]:
                process.stop()
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert len(ids) == STORIES


async def number_of(redis: Redis, publishers: int) -> bool:
    return bool(await redis.zcard(CARRIERS) == publishers)


async def send(redis: Redis) -> None:
    for number in range(STORIES):
        story = Article(uri=f"urn:two:{number}", headline=f"第{number}則")
        event = Event.begin(ENRICHED, story, datetime.now(UTC))
        await redis.xadd(KEYS.stream(ENRICHED, event.lane, 0), as_stored(event))


async def all_are(redis: Redis, state: str) -> bool:
    rows = await Ledger(redis, KEYS).of_destination("desk")
    return [row.state for row in rows] == [state] * STORIES
