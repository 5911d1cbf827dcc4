"""A power cut, twenty times in the middle of a rush: what was answered 202 is there afterwards.

Redis is killed and its file cut to what an fsync had put on the disk (plug.py). Ingest, a process
of its own, lives through all cuts, so each one meets what the ones before have left.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path
from random import Random

import httpx
import pytest
from redis.asyncio import Redis

from shared.service import listen
from shared.streams import RECEIVED, Keys
from tests.faults.plug import Plug
from tests.installation import until
from tests.processes import Process

pytestmark = pytest.mark.xdist_group("power cut")

CUTS = 20
SENDERS = 16
KEY = "wd_test_0123456789abcdef"
KEYS = Keys()
KILLS = 0.1
STATES = {"accepted": "live", "held": "held"}


@dataclass
class Newsroom:
    """Senders that go on until the power is cut, and what they were told."""

    plug: Plug
    url: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The state that each article must be in, over all cuts, because ingest has said so."""
    unanswered: list[str] = field(default_factory=list)
    """Articles that may have been taken or not."""
    doubtful: set[str] = field(default_factory=set)
    """Articles that may have been killed or not."""
    _numbers: Iterator[int] = field(default_factory=count)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20) as client:
            yield client

    async def send_until_the_power_is_cut(self, chance: Random) -> None:
        enough = len(self.acknowledged) + chance.randint(20, 120)
        async with self.client() as client, asyncio.TaskGroup() as group:
            senders = [group.create_task(self._send(client, chance)) for _ in range(SENDERS)]
            while len(self.acknowledged) < enough:
                assert not any(sender.done() for sender in senders), "refused before the cut"
                await asyncio.sleep(0.001)
            await asyncio.sleep(chance.uniform(0, 0.01))
            await asyncio.to_thread(self.plug.pull)
        self.plug.forget_what_was_not_synced(chance)

    async def _send(self, client: httpx.AsyncClient, chance: Random) -> None:
        for number in self._numbers:
            uri = f"urn:cut:{number}"
            outcome = self._told(await client.post("/v1/articles", json=story(uri)))
            if not outcome:
                self.unanswered.append(uri)
                return
            self.acknowledged[uri] = STATES[outcome]
            if chance.random() < KILLS and not await self._kill(client, uri):
                return

    async def _kill(self, client: httpx.AsyncClient, uri: str) -> bool:
        answer = await client.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})
        if not self._told(answer):
            self.doubtful.add(uri)
            return False
        self.acknowledged[uri] = "killed"
        return True

    def _told(self, answer: httpx.Response) -> str:
        """The outcome; empty when the sender is asked to come back."""
        if answer.status_code == HTTPStatus.ACCEPTED:
            self.plug.acknowledged()
            return str(answer.json()["outcome"])
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert answer.headers["retry-after"]
        return ""

    async def send_again(self) -> None:
        """All that was not answered."""
        async with self.client() as client:
            for uri in self.unanswered:
                answer = await client.post("/v1/articles", json=story(uri))
                outcome = answer.json()["outcome"]
                assert outcome in {"accepted", "held", "duplicate"}
                self.acknowledged[uri] = "held" if "embargoed" in story(uri) else "live"
        self.unanswered.clear()

    async def misjudged(self, uris: Collection[str]) -> dict[str, str]:
        """Those of the articles that ingest does not know as it had said, with what it says now."""
        async with self.client() as client:
            answers = await asyncio.gather(*(client.get(f"/v1/articles/{uri}") for uri in uris))
        states = {u: a.json().get("state", "lost") for u, a in zip(uris, answers, strict=True)}
        return {uri: state for uri, state in states.items() if not self._fits(uri, state)}

    def _fits(self, uri: str, state: str) -> bool:
        return state == self.acknowledged[uri] or (state == "killed" and uri in self.doubtful)

    async def received(self) -> Counter[str]:
        """Every article that was let in, and how often it stands in the stream."""
        async with Redis.from_url(self.plug.redis.url) as redis:
            entries = [e for s in KEYS.streams(RECEIVED) for e in await redis.xrange(s)]
        bodies = [json.loads(fields[b"body"]) for _, fields in entries]
        return Counter(one["uri"] for one in bodies if one.get("pubstatus") != "canceled")


def story(uri: str) -> dict[str, object]:
    """An article; some are embargoed."""
    held = {"embargoed": "2099-01-01T00:00:00Z"} if uri.endswith("7") else {}
    return {"uri": uri, "headline": "颱風逼近，花東戒備", "body_text": "豪雨特報。" * 40, **held}


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory, redis_server: Path) -> Iterator[Newsroom]:
    folder = tmp_path_factory.mktemp("cut")
    plug = Plug(folder / "plug", redis_server)
    plug.start()
    with listen("127.0.0.1", 0) as sock:
        environ = {"WIREDESK_REDIS__URL": plug.redis.url, "WIREDESK_INGEST__KEYS": KEY}
        ingest = Process("ingest", folder / "ingest.log", environ, sock)
        ingest.start()
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        until(lambda: httpx.get(f"{url}/readyz", timeout=20).is_success)
        yield Newsroom(plug, url)
        ingest.stop()
    plug.redis.stop()


@pytest.mark.parametrize("seed", range(CUTS))
async def test_a_power_cut_loses_no_acknowledged_article(newsroom: Newsroom, seed: int) -> None:
    before = set(newsroom.acknowledged)
    await newsroom.send_until_the_power_is_cut(Random(seed))
    newsroom.plug.start()
    assert await newsroom.misjudged(newsroom.acknowledged.keys() - before) == {}
    await newsroom.send_again()
    due = {uri for uri in newsroom.acknowledged if "embargoed" not in story(uri)}
    received = await newsroom.received()
    assert due <= set(received)
    assert {uri for uri, times in received.items() if times > 1} == set()


async def test_the_same_cuts_lose_articles_of_a_redis_that_syncs_once_a_second(
    newsroom: Newsroom,
) -> None:
    if not newsroom.plug.sees_fsync:
        pytest.skip("without a C compiler nobody sees when an fsync came back")
    for seed in range(5):
        before = set(newsroom.acknowledged)
        async with Redis.from_url(newsroom.plug.redis.url) as redis:
            await redis.config_set("appendfsync", "everysec")
        await newsroom.send_until_the_power_is_cut(Random(seed))
        newsroom.plug.start()
        lost = await newsroom.misjudged(newsroom.acknowledged.keys() - before)
        for uri in lost:
            del newsroom.acknowledged[uri]
        await newsroom.send_again()
        if lost:
            return
    pytest.fail("five cuts and nothing was lost: this test would not see a loss")
