"""One way to Redis: every form of its URL, and a Cluster of real processes."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from services.ingest.ledger import Ledger
from services.publish.desk import Desk
from services.publish.lists import ALL
from shared.article import Article
from shared.bus import Bus
from shared.commit import Write
from shared.embedded import EmbeddedRedis
from shared.errors import Misconfigured, Rejected
from shared.events import Event
from shared.graveyard import Graveyard
from shared.hop import Entry, StreamSettings
from shared.overview import overview
from shared.redis import broker_for, connect, is_outage
from shared.streams import ENRICHED, RECEIVED, Keys, dead_letters
from tests.faults.proxy import Proxy
from tests.shared.cluster import running_cluster

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEYS = Keys(4)
QUICK = StreamSettings(
    partitions=4,
    batch=64,
    max_deliveries=3,
    retry_seconds=0.1,
    reclaim_seconds=5.0,
    dead_after_seconds=0.5,
    keep_hours=1.0,
)


def story(number: int, version: int = 1, **fields: object) -> Article:
    plain = {"uri": f"urn:news:{number}", "version": version, "headline": f"第{number}則"}
    return Article.model_validate({**plain, **fields})


@pytest.mark.parametrize("url", ["http://host:6379", "localhost:6379", "", "sentinel://host/0"])
def test_a_url_of_no_known_form_is_told(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"\[redis\] url: .* scheme; redis://host:port/0"):
        connect(url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "redis://editor:p%40ss@host:7000/2",
            {"host": "host", "port": 7000, "username": "editor", "password": "p@ss", "db": 2},
        ),
        ("rediss://host/0", {"host": "host", "db": 0}),
        ("unix:///run/redis.sock?db=1", {"path": "/run/redis.sock", "db": 1}),
    ],
)
async def test_a_single_server_is_reached_by_tcp_tls_or_socket(
    url: str, told: dict[str, object]
) -> None:
    async with connect(url) as client:
        assert client.connection_pool.connection_kwargs.items() >= told.items()


async def test_sentinel_is_told_apart_by_its_service() -> None:
    with pytest.raises(Misconfigured, match="the Sentinel form ends in /service/0"):
        connect("redis+sentinel://host:26379")
    async with connect("redis+sentinel://:secret@one:1,two/main/0") as client:
        pool: Any = client.connection_pool  # the one that asks the sentinels
        assert pool.service_name == "main"
        nodes = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
        assert [(node["host"], node["port"]) for node in nodes] == [("one", 1), ("two", 26379)]
        assert pool.connection_kwargs["password"] == "secret"  # noqa: S105  # nobody's


async def test_a_cluster_is_told_apart_by_its_nodes() -> None:
    client = connect("redis+cluster://editor:secret@one:7000,two")
    assert isinstance(client, RedisCluster)
    assert set(client.nodes_manager.startup_nodes) == {"one:7000", "two:6379"}
    await client.aclose()


@pytest.mark.parametrize(
    "url", ["redis://host/0", "redis+sentinel://host/main/0", "redis+cluster://host"]
)
def test_there_is_a_broker_for_every_form(url: str) -> None:
    assert broker_for(url) is not None


def test_an_outage_is_told_from_a_mistake() -> None:
    assert is_outage(RedisConnectionError("gone"))
    assert is_outage(TimeoutError())
    assert is_outage(ResponseError("MISCONF Redis is configured to save, but cannot"))
    assert not is_outage(ResponseError("WRONGTYPE Operation against a key"))
    assert not is_outage(ValueError("MISCONF"))


async def test_connections_that_lay_idle_when_redis_restarted_work_at_once(
    tmp_path: Path, redis_server: Path
) -> None:
    with EmbeddedRedis(tmp_path / "redis", server=redis_server) as server:
        async with connect(server.url) as client:
            await asyncio.gather(*(client.ping() for _ in range(8)))
            server.start()
            await asyncio.sleep(0.1)  # the end of each connection has been read
            assert await asyncio.gather(*(client.ping() for _ in range(8))) == [True] * 8


async def test_when_one_connection_is_not_answered_those_that_lay_idle_are_made_anew(
    tmp_path: Path, redis_server: Path
) -> None:
    with EmbeddedRedis(tmp_path / "redis", server=redis_server) as server:
        login, _, port = server.url.removesuffix("/0").rpartition(":")
        with Proxy(int(port)) as proxy:
            async with connect(f"{login}:{proxy.port}/0") as client:
                await asyncio.gather(*(client.ping() for _ in range(8)))
                proxy.swallow()
                with pytest.raises(RedisTimeoutError):
                    await client.ping()
                proxy.heal()
                assert await asyncio.gather(*(client.ping() for _ in range(8))) == [True] * 8


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory, redis_server: Path) -> Iterator[str]:
    with running_cluster(redis_server, tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture
async def cluster(cluster_url: str) -> AsyncIterator[Redis]:
    client = connect(cluster_url)
    await client.flushall()
    yield client
    await client.aclose()


async def through(url: str, redis: Redis, count: int) -> None:
    """Let a hop carry all of `article.received` to `article.enriched`; it refuses version 9."""

    async def carry(entry: Entry) -> Sequence[Write]:
        event = Event.parse(entry.fields)
        if event.article.version == 9:
            raise Rejected("never")
        partition = KEYS.partition(event.article.uri)
        onward = event.onward(ENRICHED, event.article)
        return [Write.add(KEYS.stream(ENRICHED, event.lane, partition), onward.fields())]

    bus = Bus(url, QUICK)
    bus.hop(KEYS.streams(RECEIVED), "enrich", carry)
    await bus.start()
    try:
        async with asyncio.timeout(20):
            while await settled(redis) < count:
                await asyncio.sleep(0.05)
        assert await bus.troubles() == []
    finally:
        await bus.stop()


async def settled(redis: Redis) -> int:
    dead = map(dead_letters, KEYS.streams(RECEIVED))
    return sum([await redis.xlen(name) for name in (*KEYS.streams(ENRICHED), *dead)])


async def test_a_cluster_delivers_everything_and_parks_what_is_refused(
    cluster: Redis, cluster_url: str
) -> None:
    ledger = Ledger(cluster, KEYS)
    for number in range(40):
        await ledger.accept(story(number, 9 if number == 7 else 1), NOW)
    await through(cluster_url, cluster, 40)
    arrived = [e for s in KEYS.streams(ENRICHED) for e in await cluster.xrange(s)]
    uris = {Event.parse(fields).article.uri for _, fields in arrived}
    assert uris == {f"urn:news:{number}" for number in range(40) if number != 7}
    [dead] = [dead async for dead in Graveyard(cluster, KEYS).entries()]
    assert (dead.uri, dead.error) == ("urn:news:7", "Rejected: never")
    seen = await overview(cluster, KEYS)
    assert list(seen.dead.values()) == [1]
    assert sum(row.pending for row in seen.groups) == 0
    assert await Graveyard(cluster, KEYS).replay(dead)
    assert (await overview(cluster, KEYS)).dead == {}


async def test_a_cluster_accepts_each_article_once(cluster: Redis) -> None:
    ledger = Ledger(cluster, KEYS)
    decisions = await asyncio.gather(*(ledger.accept(story(n % 5), NOW) for n in range(50)))
    outcomes = [decision.outcome for decision in decisions]
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (5, 45)


async def test_the_desk_keeps_its_lists_on_a_cluster(cluster: Redis) -> None:
    desk = Desk(cluster, KEYS, ZoneInfo("Asia/Taipei"))
    await asyncio.gather(*(desk.put(story(n, section="生活"), NOW) for n in range(12)))
    await desk.put(story(3, pubstatus="canceled"), NOW)
    uris = {live.article.uri for live in await desk.newest(ALL, 50)}
    assert uris == {f"urn:news:{number}" for number in range(12) if number != 3}
    assert [section.slug for section in await desk.sections()] == ["生活"]
    assert [stone.uri for stone in await desk.killed(ALL, NOW.replace(year=2025))] == ["urn:news:3"]
