"""Redis has no memory left: senders are asked to come back, nothing is half done, all mends itself.

Of what ingest accepted before, nothing may be lost or stay undone, also when every service is
killed and started anew while nothing can be written.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from shared.streams import EVENTS, Keys, dead_letters
from tests.faults.newsroom import Newsroom, newsroom, until

KEYS = Keys()
FULL_SECONDS = 6.0
WELL_AGAIN_SECONDS = 10.0
REFUSAL_TRIES = 8
SERVICES = ("ingest", "enrich", "publish")

pytestmark = [
    pytest.mark.xdist_group("faults"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def news(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Newsroom]:
    async with newsroom(tmp_path_factory.mktemp("memory")) as news:
        yield news


async def limit_memory(news: Newsroom, share_in_use: float) -> None:
    """Set the limit so that what Redis uses now is this share of it. 0 = no limit."""
    used = (await news.redis.info("memory"))["used_memory"]
    await news.redis.config_set("maxmemory", int(used / share_in_use) if share_in_use else 0)


async def kill(news: Newsroom, uri: str) -> httpx.Response:
    return await news.ingest.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})


async def parked(news: Newsroom) -> int:
    """How many entries are in the dead-letter streams."""
    streams = [dead_letters(stream) for event in EVENTS for stream in KEYS.streams(event)]
    return sum([await news.redis.xlen(stream) for stream in streams])


@pytest.mark.parametrize("killed", [(), SERVICES], ids=["all live on", "all start anew"])
async def test_while_memory_is_full_senders_come_back_and_afterwards_all_is_delivered(
    news: Newsroom, killed: tuple[str, ...]
) -> None:
    name = f"urn:memory:{len(killed)}"
    async with news.rush(name, 10):
        await until(lambda: news.has_told({f"{name}:{n}" for n in range(10)}), 20)
        await limit_memory(news, share_in_use=2)
        try:
            await asyncio.sleep(1)
            before, refused_kill = len(news.answers), await kill(news, f"{name}:1")
            for service in killed:
                news.here.kill(f"services {service}")
            await asyncio.sleep(FULL_SECONDS - 1)
            refused, accepted = news.answers[before:], set(news.accepted)
        finally:
            await limit_memory(news, share_in_use=0)
        took = await until(news.is_ready, WELL_AGAIN_SECONDS)
        took += await until(lambda: news.has_settled(accepted), WELL_AGAIN_SECONDS - took)
        print(f"memory full, {len(killed)} killed: well again after {took:.1f} s")  # noqa: T201
    await until(lambda: news.has_settled(news.accepted), 30)
    assert {answer.status for answer in refused} == {refused_kill.status_code} == {503}
    assert all(float(answer.retry_after) > 0 for answer in refused)
    told = [notice["data"] for notice in news.notices if notice["data"]["uri"].startswith(name)]
    assert len(told) == len({data["uri"] for data in told})
    assert {(await news.site.get(data["url"])).status_code for data in told} == {200}
    assert await parked(news) == 0


async def test_before_memory_is_full_new_stories_wait_but_what_is_inside_and_kills_go_on(
    news: Newsroom,
) -> None:
    uris = {f"urn:admission:{number}" for number in range(10)}
    await asyncio.gather(*map(news.send, uris))
    await limit_memory(news, share_in_use=0.85)
    try:
        await until(lambda: news.has_settled(uris), 20)
        refused = await refusal(news)
        assert refused.headers["retry-after"] == "2"
        assert (await kill(news, "urn:admission:1")).status_code == 202
        await until(lambda: is_withdrawn(news, "urn:admission:1"), 10)
    finally:
        await limit_memory(news, share_in_use=0)
    await news.send("urn:admission:late")
    await until(lambda: news.has_settled({"urn:admission:late"}), WELL_AGAIN_SECONDS)


async def refusal(news: Newsroom) -> httpx.Response:
    """The first 503. Redis gives memory back in its own time, so the limit follows what it uses."""
    for number in range(REFUSAL_TRIES):
        await limit_memory(news, share_in_use=0.85)
        await asyncio.sleep(1.5)  # ingest looks once a second
        story = {"uri": f"urn:admission:early:{number}", "headline": "早到"}
        answer = await news.ingest.post("/v1/articles", json=story)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return answer
    raise AssertionError(f"ingest still answers {answer.status_code}: {answer.text}")


async def is_withdrawn(news: Newsroom, uri: str) -> bool:
    return any(
        notice["type"] == "article.withdrawn" and notice["data"]["uri"] == uri
        for notice in news.notices
    )
