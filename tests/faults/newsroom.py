"""A whole installation with one subscriber, and a newsroom that does not stop sending.

What was answered 202 is written down here, apart from everything wiredesk writes down, and so is
what the subscriber was told: the two are compared.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
from redis.asyncio import Redis

from services.publish.delivery.ledger import Ledger
from shared.embedded import remembered_url
from shared.redis import connect
from shared.streams import Keys
from tests.installation import Installation, installation
from tests.publish.receiver import Receiver

SENDERS: dict[str, Any] = {"timeout": 20, "limits": httpx.Limits(max_connections=None)}
"""Patient, and as many as there are stories: nobody waits for another one's answer."""


@dataclass(frozen=True)
class Answer:
    """What ingest said to one request, and how long it took, in seconds."""

    uri: str
    status: int
    retry_after: str
    took: float


@dataclass
class Newsroom:
    """Everything up, and one receiver subscribed."""

    here: Installation
    receiver: Receiver
    ingest: httpx.AsyncClient
    site: httpx.AsyncClient
    redis: Redis
    answers: list[Answer] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    """Every article that was answered 202."""

    @asynccontextmanager
    async def rush(self, name: str, per_second: float) -> AsyncIterator[None]:
        """Send stories called `name` and a number all the while; who is refused comes back."""
        sending: set[asyncio.Task[None]] = set()

        async def send() -> None:
            begin, number = monotonic(), 0
            while True:
                sending.add(asyncio.create_task(self.send(f"{name}:{number}")))
                number += 1
                await asyncio.sleep(begin + number / per_second - monotonic())

        sender = asyncio.create_task(send())
        try:
            yield
        finally:
            sender.cancel()
            await asyncio.wait(sending)
            await asyncio.gather(*sending)

    async def send(self, uri: str, version: int = 1, **more: object) -> None:
        """One story, again and again until it is taken."""
        story = {
            "uri": uri,
            "version": version,
            "headline": f"消息 {uri}",
            "section": "生活",
            **more,
        }
        while True:
            began = monotonic()
            try:
                answer = await self.ingest.post("/v1/articles", json=story)
            except httpx.TransportError:
                continue  # ingest was killed with the request in its hands
            took, wait = monotonic() - began, answer.headers.get("retry-after", "")
            self.answers.append(Answer(uri, answer.status_code, wait, took))
            if answer.status_code == HTTPStatus.ACCEPTED:
                self.accepted.add(uri)
                return
            await asyncio.sleep(float(wait or 1))

    async def kill(self, uri: str) -> None:
        """Kill a story."""
        answer = await self.ingest.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})
        assert answer.status_code == HTTPStatus.ACCEPTED

    async def page_of(self, uri: str) -> str:
        """The address of a live article's page, or "" while it has none."""
        items = (await self.site.get("/feed.json")).json()["items"]
        return next((item["url"] for item in items if item["id"] == uri), "")

    @property
    def notices(self) -> list[dict[str, Any]]:
        """What the subscriber was told; each notice once, however often it came."""
        bodies = {one.headers["webhook-id"]: one.body for one in self.receiver.received}
        return [json.loads(body) for body in bodies.values()]

    @property
    def told(self) -> Counter[str]:
        """Of which articles the subscriber was told, and how many notices of each it got."""
        return Counter(notice["data"]["uri"] for notice in self.notices)

    async def is_ready(self) -> bool:
        """Whether all services say so."""
        return await asyncio.to_thread(self.here.is_ready)

    async def has_told(self, uris: set[str]) -> bool:
        """Whether the subscriber knows all of them."""
        return uris <= set(self.told)

    async def has_settled(self, uris: set[str]) -> bool:
        """Whether all of them are written down as delivered."""
        ledger = Ledger(self.redis, Keys())
        rows = [row for uri in uris for row in await ledger.of_article(uri)]
        return {row.uri for row in rows if row.state == "delivered"} == uris


@asynccontextmanager
async def newsroom(folder: Path, redis_url: str = "", **settings: str) -> AsyncIterator[Newsroom]:
    """An installation with its state under `folder`. `settings` are of the environment.

    `redis_url` is a way to Redis for the test itself, when it is not the embedded one.
    """
    own = {"WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8", **settings}
    async with Receiver() as receiver:
        with installation(folder / "state", **own) as here:
            words = ("destinations", "add", "desk", "--channel", "webhook")
            added = here.run(*words, "--set", f"url={receiver.url}")
            assert added.returncode == 0, added.stderr
            key = {"Authorization": f"Bearer {here.key}"}
            ingest, site = here.addresses["ingest"], here.addresses["site"]
            async with (
                httpx.AsyncClient(base_url=ingest, headers=key, **SENDERS) as one,
                httpx.AsyncClient(base_url=site, **SENDERS) as two,
            ):
                url = redis_url or remembered_url(here.state / "redis") or ""
                async with connect(url) as redis:
                    yield Newsroom(here, receiver, one, two, redis)


async def until(claim: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Wait until it is so; how many seconds that took. Fails when it is not so in time."""
    began = monotonic()
    while not await claim():
        assert monotonic() - began < seconds, f"not in {seconds} s"
        await asyncio.sleep(0.05)
    return monotonic() - began
