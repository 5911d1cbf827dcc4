"""A publish that delivers to one receiver, and what can be done to both."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from services.publish.app import build
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from shared.article import Article
from shared.events import Event
from shared.settings import Settings
from shared.streams import ENRICHED, Keys
from tests.publish.receiver import Receiver
from tests.stored import as_stored

KEYS = Keys()
Line = MutableMapping[str, Any]


@dataclass
class Subscribed:
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
        await self.settle()

    async def settle(self) -> None:
        """Wait until a change of a destination has been seen: it is looked for twice a second."""
        await asyncio.sleep(0.8)

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


async def until(claim: Callable[[], Awaitable[object] | object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = claim()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.05)
