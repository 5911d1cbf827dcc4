"""A whole newsroom for tests: ingest, enrich and publish in this process, wired as in production.

Sent to by HTTP, read by HTTP, and one real receiver subscribed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from services.enrich import app as enrich
from services.ingest import app as ingest
from services.publish import app as publish
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from shared.settings import Settings
from shared.streams import EVENTS, Keys
from tests.publish.receiver import Receiver

KEY = "wd_test_0123456789abcdef"
URI = "urn:promise:1"
READABLE = {".html", ".xml", ".json"}


@dataclass
class Newsroom:
    """Everything up, and one receiver subscribed."""

    redis: Redis
    ingest: httpx.AsyncClient
    site: httpx.AsyncClient
    receiver: Receiver
    folder: Path
    """Where the website's files are."""

    async def send(self, version: int = 1, uri: str = URI, **more: Any) -> str:  # noqa: ANN401
        story = {"uri": uri, "version": version, "headline": f"第{version}版", **more}
        reply = await self.ingest.post("/v1/articles", json=story)
        return str(reply.json()["outcome"])

    async def path_of(self, uri: str = URI) -> str:
        """The path of a live story's page, as the feed tells it; "" while it stands in no feed."""
        items = (await self.site.get("/feed.json")).json()["items"]
        return next((httpx.URL(item["url"]).path for item in items if item["id"] == uri), "")

    async def exits_with(self, words: str) -> set[str]:
        """Everything outside that says these words: files of the site, streams, notices."""
        files = (file for file in self.folder.rglob("*.*") if file.suffix in READABLE)
        found = {str(f.relative_to(self.folder)) for f in files if words in f.read_text()}
        for event in EVENTS:
            for stream in Keys().streams(event):
                bodies = [fields[b"body"].decode() for _, fields in await self.redis.xrange(stream)]
                found |= {stream} if words in "".join(bodies) else set()
        notices = "".join(one.body.decode() for one in self.receiver.received)
        return found | ({"webhook"} if words in notices else set())

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


@asynccontextmanager
async def open_newsroom(
    redis: Redis, redis_url: str, folder: Path, **more: str
) -> AsyncIterator[Newsroom]:
    """Everything up and ready, its website under `folder`. `more` are settings by their names."""
    environ = more | {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_INGEST__KEYS": KEY,
        "WIREDESK_SITE__FOLDER": str(folder),
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
        news = Newsroom(redis, clients[ingest], clients[publish], receiver, folder)
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
