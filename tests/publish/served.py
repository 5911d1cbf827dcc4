"""Publish served on a real port in this process, with stories that come by its stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from redis.asyncio import Redis

from services.publish.app import build
from shared.article import Article
from shared.events import Event
from shared.service import listen
from shared.settings import Settings
from shared.streams import ENRICHED, Keys


@dataclass
class Served:
    """A running publish: its site, and the way in."""

    redis: Redis
    site: httpx.AsyncClient
    keys: Keys

    async def emit(self, *articles: Article) -> None:
        """Send stories as enrich does, and wait until each is told."""
        for article in articles:
            event = Event.begin(ENRICHED, article, datetime.now(UTC))
            stream = self.keys.stream(ENRICHED, event.lane, self.keys.partition(article.uri))
            fields = event.fields()
            await self.redis.xadd(stream, dict(zip(fields[::2], fields[1::2], strict=True)))
            await self.until_told(article)

    async def until_told(self, article: Article) -> None:
        """Wait until the change feed has this version in this state, or a later one."""

        async def is_told() -> bool:
            changes = await self.changes(limit=1000)
            told = {one["uri"]: (one["version"], one["pubstatus"]) for one in changes}
            version, status = told.get(article.uri, (0, ""))
            is_it = version == article.version and status == article.pubstatus
            return bool(is_it or version > article.version)

        await until(is_told)

    async def changes(self, **query: object) -> list[dict[str, Any]]:
        """The changes that one question brings."""
        answer = await self.site.get("/v1/changes", params={k: str(v) for k, v in query.items()})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["changes"]
        return found


@asynccontextmanager
async def serving(
    redis: Redis, redis_url: str, folder: Path, **settings: object
) -> AsyncIterator[Served]:
    """Start it, with settings of `[changes]`, and stop it in order."""
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_SITE__FOLDER": str(folder),
        "WIREDESK_SITE__BASE_URL": "https://daily.example",
        "WIREDESK_CHANGES__REQUESTS_PER_SECOND": "1000",
        **{f"WIREDESK_CHANGES__{name.upper()}": str(value) for name, value in settings.items()},
    }
    sock = listen("127.0.0.1", 0)
    address = "http://{}:{}".format(*sock.getsockname())
    app = build(Settings.load(None, environ)).app()
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([sock]))
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=40) as site:

        async def is_ready() -> bool:
            return (await site.get("/readyz")).is_success

        try:
            await until(is_ready)
            yield Served(redis, site, Keys())
        finally:
            app.state.before_stop()
            server.should_exit = True
            await task


async def until(claim: Callable[[], Awaitable[object]], seconds: float = 20.0) -> None:
    """Wait until it is so; fail when it is not in time."""
    async with asyncio.timeout(seconds):
        while not await claim():
            await asyncio.sleep(0.02)
