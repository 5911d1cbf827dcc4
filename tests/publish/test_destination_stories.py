"""A destination's life in a running publish: it fails, rests, recovers, goes, and is told of."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.app import build
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from shared.article import Article
from shared.events import Event
from shared.settings import Settings
from shared.streams import ENRICHED, Keys
from tests.publish.receiver import Receiver, answer
from tests.stored import as_stored

KEYS = Keys()
Line = MutableMapping[str, Any]


@dataclass
class Newspaper:
    """A publish that can be stopped and started again with another settings file."""

    redis: Redis
    url: str
    folder: Path
    receiver: Receiver
    logs: list[Line] = field(default_factory=list)

    @asynccontextmanager
    async def publishing(self, tables: str = "") -> AsyncIterator[None]:
        file = self.folder / "wiredesk.toml"
        file.write_text(tables, "utf-8")
        environ = {
            "WIREDESK_REDIS__URL": self.url,
            "WIREDESK_SITE__FOLDER": str(self.folder / "site"),
            "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
        }
        app = build(Settings.load(file, environ)).app()
        async with app.router.lifespan_context(app):
            yield

    async def add(self, **fields: object) -> None:
        settings = {"url": self.receiver.url, "secrets": [new_secret()]}
        now = datetime.now(UTC)
        plain = {"name": "desk", "channel": "webhook", "settings": settings, "created": now}
        await Destinations(self.redis).add(Destination.model_validate(plain | fields))
        await asyncio.sleep(0.7)  # the postroom looks for changes twice a second

    async def send(self, number: int = 1, version: int = 1, **fields: object) -> None:
        plain = {"uri": f"urn:story:{number}", "version": version, "headline": f"第{version}版"}
        event = Event.begin(ENRICHED, Article.model_validate(plain | fields), datetime.now(UTC))
        await self.redis.xadd(KEYS.stream(ENRICHED, event.lane, 0), as_stored(event))

    async def kill(self, number: int = 1) -> None:
        await self.send(number, headline="", pubstatus="canceled")

    async def row(self, number: int = 1) -> Row | None:
        rows = await Ledger(self.redis, KEYS).of_article(f"urn:story:{number}")
        return next(iter(rows), None)

    async def state(self) -> str:
        found = await Destinations(self.redis).get("desk")
        return found.state if found else "gone"

    def heard(self) -> list[tuple[str, int]]:
        notices = [json.loads(one.body) for one in self.receiver.received]
        return [(one["type"].removeprefix("article."), one["data"]["version"]) for one in notices]

    def told(self) -> list[str]:
        """What the log says of the destination, calls apart."""
        ours = [line["event"] for line in self.logs if line.get("destination") == "desk"]
        return [one for one in ours if one == "delivery.recovered" or one.startswith("dest")]


@pytest.fixture
async def newspaper(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Newspaper]:
    async with Receiver() as receiver:
        with capture_logs() as logs:
            yield Newspaper(redis, redis_url, tmp_path, receiver, logs)


async def until(claim: Callable[[], Awaitable[object] | object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = claim()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.05)


def heard(newspaper: Newspaper, *expected: tuple[str, int]) -> Callable[[], bool]:
    return lambda: newspaper.heard() == list(expected)


def table(newspaper: Newspaper) -> str:
    (newspaper.folder / "secret").write_text(new_secret())
    return (
        '[destinations.desk]\nchannel = "webhook"\n'
        f'settings = {{url = "{newspaper.receiver.url}", secrets_file = "secret"}}\n'
    )


async def test_what_leaves_the_settings_file_gets_no_news_and_its_kills_all_the_same(
    newspaper: Newspaper,
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
    newspaper: Newspaper,
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


async def test_what_fails_and_comes_back_is_told_once_each(newspaper: Newspaper) -> None:
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


async def test_after_an_outage_only_what_is_still_news_goes_out(newspaper: Newspaper) -> None:
    async with newspaper.publishing():
        await newspaper.add(max_age_hours=2 / 3600)
        await newspaper.send(1)
        await until(heard(newspaper, ("published", 1)))
        await Destinations(newspaper.redis).pause("desk", "停電")
        await asyncio.sleep(0.7)
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
