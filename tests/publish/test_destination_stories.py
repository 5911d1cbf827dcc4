"""A destination's life in a running publish: it fails, rests, recovers, goes, and is told of."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.delivery.destinations import Destinations
from services.publish.delivery.signature import new_secret
from shared.streams import Keys
from tests.publish.receiver import Receiver, answer
from tests.publish.subscribed import Subscribed, until

KEYS = Keys()


@pytest.fixture
async def newspaper(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Subscribed]:
    async with Receiver() as receiver:
        with capture_logs() as logs:
            yield Subscribed(redis, redis_url, tmp_path, receiver, logs)


def heard(newspaper: Subscribed, *expected: tuple[str, int]) -> Callable[[], bool]:
    return lambda: newspaper.heard() == list(expected)


def table(newspaper: Subscribed) -> str:
    (newspaper.folder / "secret").write_text(new_secret())
    return (
        '[destinations.desk]\nchannel = "webhook"\n'
        f'settings = {{url = "{newspaper.receiver.url}", secrets_file = "secret"}}\n'
    )


async def test_what_leaves_the_settings_file_gets_no_news_and_its_kills_all_the_same(
    newspaper: Subscribed,
) -> None:
    async with newspaper.publishing(table(newspaper)):
        await newspaper.send()
        await until(heard(newspaper, ("published", 1)))
    async with newspaper.publishing():
        await newspaper.send(version=2)
        await newspaper.send(number=2)
        await until(lambda: newspaper.told() == ["destination.added", "destination.retired"])
        await asyncio.sleep(1)
        assert newspaper.heard() == [("published", 1)]
        await newspaper.send(version=2, headline="", pubstatus="canceled")
        await until(heard(newspaper, ("published", 1), ("withdrawn", 2)))
    async with newspaper.publishing(table(newspaper)):
        await newspaper.send(number=3)
        await until(lambda: newspaper.heard()[-1] == ("published", 1))
    assert newspaper.told()[-1] == "destination.changed"


async def test_410_disables_it_and_only_kills_go_out_until_somebody_resumes_it(
    newspaper: Subscribed,
) -> None:
    async with newspaper.publishing():
        await newspaper.add()
        await newspaper.send(1)
        await until(heard(newspaper, ("published", 1)))
        newspaper.receiver.plan(answer(410))
        await newspaper.send(2)
        await until(lambda: "destination.disabled" in newspaper.told())
        await newspaper.send(3)
        await newspaper.kill(1)
        await until(lambda: newspaper.heard()[-1] == ("withdrawn", 1))
        await asyncio.sleep(1)
        assert len(newspaper.receiver.received) == 3
        assert await newspaper.state() == "disabled"
        newspaper.receiver.plan(answer(204))
        await Destinations(newspaper.redis).resume("desk")
        await until(lambda: len(newspaper.receiver.received) >= 4)
    assert newspaper.told() == ["destination.disabled"]


async def test_what_fails_and_comes_back_is_told_once_each(newspaper: Subscribed) -> None:
    async with newspaper.publishing():
        await newspaper.add(concurrency=1)
        newspaper.receiver.plan(*[answer(503)] * 10, answer(204))
        for number in range(12):
            await newspaper.send(number)
        await until(lambda: "destination.breaker_opened" in newspaper.told())
        assert newspaper.told() == ["destination.failing", "destination.breaker_opened"]
        await newspaper.send(50)
        await newspaper.kill(50)
        await asyncio.sleep(1)
        assert len(newspaper.receiver.received) == 10
        await open_again(newspaper.redis)
        await until(lambda: len(newspaper.receiver.received) >= 22)
    assert newspaper.told() == [
        "destination.failing",
        "destination.breaker_opened",
        "destination.breaker_closed",
        "delivery.recovered",
    ]


async def open_again(redis: Redis) -> None:
    """As if the minute of rest were over."""
    await Destinations(redis).note("desk", lambda health: replace(health, open_until=0))
    [due] = KEYS.every("due", "desk")
    for uri in await redis.zrange(due, 0, -1):
        await redis.zadd(due, {uri.decode(): 1})


async def test_after_an_outage_only_what_is_still_news_goes_out(newspaper: Subscribed) -> None:
    async with newspaper.publishing():
        await newspaper.add(max_age_hours=2 / 3600)
        await newspaper.send(1)
        await until(heard(newspaper, ("published", 1)))
        await Destinations(newspaper.redis).pause("desk", "停電")
        await newspaper.settle()
        await newspaper.send(1, version=2)
        await newspaper.send(2, date_published=datetime.now(UTC))
        await asyncio.sleep(3)
        await newspaper.send(3, date_published=datetime.now(UTC))
        await Destinations(newspaper.redis).resume("desk")
        await until(lambda: len(newspaper.receiver.received) == 3)
        await asyncio.sleep(0.5)
        old = await newspaper.row(2)
    told = sorted(json.loads(one.body)["data"]["uri"] for one in newspaper.receiver.received)
    assert told == ["urn:story:1", "urn:story:1", "urn:story:3"]
    assert old is not None
    assert (old.state, old.error) == ("dead", "old news by now")
