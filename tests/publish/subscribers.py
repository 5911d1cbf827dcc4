"""A running publish for the tests of its API for subscribers, and who asks it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from services.publish.app import build
from shared.keyring import Keyring
from shared.settings import Settings

OPERATOR = "wd_test_0123456789abcdef"
ROOT = "/v1/subscriptions"
URL = "https://partner.example/hooks"
OLD = f"whsec_{'A' * 43}="
JSON = dict[str, Any]


@asynccontextmanager
async def publish(redis_url: str, folder: Path, **more: str) -> AsyncIterator[httpx.AsyncClient]:
    """A running publish, asked over ASGI with an operator's key."""
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_PUBLISH__KEYS": OPERATOR,
        "WIREDESK_SITE__FOLDER": str(folder),
        "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
        **more,
    }
    app = build(Settings.load(None, environ)).app()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://site",
            headers={"Authorization": f"Bearer {OPERATOR}"},
        ) as client,
    ):
        async with asyncio.timeout(10):
            while not (await client.get("/readyz")).is_success:
                await asyncio.sleep(0.02)
        yield client


async def key_of(redis: Redis, name: str, *scopes: str) -> dict[str, str]:
    key = await Keyring(redis, ()).create(name, scopes or ("subscribe",))
    return {"Authorization": f"Bearer {key}"}


async def create(api: httpx.AsyncClient, url: str = URL, **more: object) -> JSON:
    answered = await api.post(ROOT, json={"name": "partner", "url": url, **more})
    assert answered.status_code == 201, answered.text
    made: JSON = answered.json()
    return made


async def told(answered: httpx.Response, status: int) -> JSON:
    assert answered.status_code == status, answered.text
    body: JSON = answered.json()
    return body
