"""Redis goes away and comes back: senders are asked to come back, and nothing accepted is lost.

WIREDESK_TEST_AWAY_SECONDS=60 pytest -rP …    for how long, and a line about each; 8 without it
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from shared.embedded import EmbeddedRedis
from tests.faults.newsroom import Newsroom, newsroom, until
from tests.faults.proxy import Proxy
from tests.publish.receiver import answer

pytestmark = pytest.mark.xdist_group("faults")

AWAY_SECONDS = float(os.environ.get("WIREDESK_TEST_AWAY_SECONDS", "8"))
PER_SECOND = 5
WELL_AGAIN_SECONDS = 10.0
ANSWER_SECONDS = 8.0
"""Redis has five to answer ingest; the rest is for a machine with much else to do."""


@dataclass
class Wire:
    """What stands between the services and Redis."""

    redis: EmbeddedRedis
    proxy: Proxy

    def freeze(self) -> None:
        assert self.redis.pid
        os.kill(self.redis.pid, signal.SIGSTOP)

    def swallow(self) -> None:
        self.proxy.swallow()

    def reset(self) -> None:
        self.proxy.reset()

    def heal(self) -> None:
        assert self.redis.pid
        os.kill(self.redis.pid, signal.SIGCONT)
        self.proxy.heal()


FAULTS: dict[str, Callable[[Wire], None]] = {
    "frozen": Wire.freeze,
    "swallowed": Wire.swallow,
    "reset": Wire.reset,
}


async def slowly(writer: asyncio.StreamWriter) -> None:
    """Take a notice, but not at once, so that calls are under way when Redis goes."""
    await asyncio.sleep(0.3)
    await answer(204)(writer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, redis_server: Path
) -> AsyncIterator[tuple[Newsroom, Wire]]:
    folder = tmp_path_factory.mktemp("away")
    with EmbeddedRedis(folder / "redis", server=redis_server) as redis:
        login, _, port = redis.url.removesuffix("/0").rpartition(":")
        with Proxy(int(port)) as proxy:
            url = f"{login}:{proxy.port}/0"
            async with newsroom(folder, redis.url, WIREDESK_REDIS__URL=url) as news:
                news.receiver.plan(slowly)
                yield news, Wire(redis, proxy)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(120 + 2 * AWAY_SECONDS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_while_redis_is_away_senders_come_back_and_afterwards_all_is_delivered(
    world: tuple[Newsroom, Wire], fault: str
) -> None:
    news, wire = world
    async with news.rush(f"urn:{fault}", PER_SECOND):
        await until(lambda: news.has_told({f"urn:{fault}:{n}" for n in range(5)}), 20)
        FAULTS[fault](wire)
        try:
            await asyncio.sleep(1)  # what was under way is answered, or is not
            before = len(news.answers)
            await asyncio.sleep(AWAY_SECONDS - 1)
            refused, accepted = news.answers[before:], set(news.accepted)
            assert not await news.is_ready()
        finally:
            wire.heal()
        took = await until(news.is_ready, WELL_AGAIN_SECONDS)
        took += await until(lambda: news.has_settled(accepted), WELL_AGAIN_SECONDS - took)
        print(f"{fault} for {AWAY_SECONDS:g} s: well again after {took:.1f} s")  # noqa: T201
    await until(lambda: news.has_settled(news.accepted), 30)
    assert {answer.status for answer in refused} == {503}
    assert all(float(answer.retry_after) > 0 for answer in refused)
    assert max(answer.took for answer in refused) < ANSWER_SECONDS
    assert set(news.told.values()) == {1}
