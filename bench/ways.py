"""Five ways to move an article over three hops of Redis Streams: ours, FastStream's, redis-py's.

All read and write the same four streams with the same group, and validate the whole article at
every hop. All handlers are trivial: what is measured is the way, not the work.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.annotations import Pipeline
from pydantic import ConfigDict
from redis.asyncio import Redis

from bench import sample
from shared.article import Article
from shared.bus import Bus
from shared.commit import Commit, Value, Write
from shared.events import Event
from shared.hop import Entry, Handler, StreamSettings
from shared.redis import connect
from shared.settings import Settings
from shared.streams import EVENTS, LANES, PREFIX, Keys
from shared.tasks import end

GROUP = "bench"
BATCH = 100
KEYS = Keys()
END = f"{PREFIX}:{{0}}:bench.end"
PATH = [*(KEYS.stream(event, "routine", 0) for event in EVENTS), END]
HOPS = list(pairwise(PATH))
"""The source and the target of each of the three hops."""

QUIET = logging.getLogger("bench.faststream")
QUIET.setLevel(logging.CRITICAL)  # it reports connections that it has itself just closed
SEED_AT_ONCE = 500


class LooseArticle(Article):
    """What FastStream can validate: it hands over decoded JSON, where an instant is a string."""

    model_config = ConfigDict(strict=False)


def onward(fields: Mapping[bytes, bytes], target: str) -> Write:
    """The handler of the ways that use our own fields: read all of it, write the next event."""
    event = Event.parse(fields)
    return Write.add(target, event.onward(event.event, event.article).fields())


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[None]:
    """The product's own bus, with both lanes of each hop and the settings it ships with."""
    bus = Bus(url, Settings.load(None, {}).section("streams", StreamSettings))
    for event, (_, target) in zip(EVENTS, HOPS, strict=True):
        bus.hop([KEYS.stream(event, lane, 0) for lane in LANES], GROUP, _handler(target))
    await bus.start()
    try:
        yield
    finally:
        await bus.stop()


def _handler(target: str) -> Handler:
    async def handle(entry: Entry) -> Sequence[Write]:
        return [onward(entry.fields, target)]

    return handle


@asynccontextmanager
async def faststream_typed(url: str) -> AsyncIterator[None]:
    """FastStream as its documentation shows it: a typed handler, and a publisher behind it."""
    broker = RedisBroker(url, logger=QUIET)
    for source, target in HOPS:
        stream = StreamSub(source, group=GROUP, consumer="bench", max_records=BATCH)
        broker.publisher(stream=target)(broker.subscriber(stream=stream)(_same))
    async with broker:
        await broker.start()
        yield


async def _same(article: LooseArticle) -> LooseArticle:
    return article


@asynccontextmanager
async def faststream_batch(url: str) -> AsyncIterator[None]:
    """FastStream's batch subscriber, publishing each batch in one pipeline."""
    broker = RedisBroker(url, logger=QUIET)
    for source, target in HOPS:
        stream = StreamSub(source, group=GROUP, consumer="bench", max_records=BATCH, batch=True)
        broker.subscriber(stream=stream)(_batch_handler(broker, target))
    async with broker:
        await broker.start()
        yield


def _batch_handler(broker: RedisBroker, target: str) -> Callable[..., Awaitable[None]]:
    async def handle(articles: list[LooseArticle], pipeline: Pipeline) -> None:
        for article in articles:
            await broker.publish(article, stream=target, pipeline=pipeline)
        await pipeline.execute()

    return handle


@asynccontextmanager
async def raw_batch(url: str) -> AsyncIterator[None]:
    """redis-py with our script, without FastStream, lanes, keepers and failure handling."""
    async with connect(url) as redis:
        commits = {source: Commit(redis, source, GROUP) for source, _ in HOPS}

        async def hop(source: str, target: str) -> None:
            while True:
                entries = await _read(redis, source)
                await commits[source]({i: [onward(fields, target)] for i, fields in entries})

        async with _running([hop(source, target) for source, target in HOPS]):
            yield


@asynccontextmanager
async def raw_each(url: str) -> AsyncIterator[None]:
    """redis-py without a script: XADD, then XACK, for each entry."""
    async with connect(url) as redis:

        async def hop(source: str, target: str) -> None:
            while True:
                for entry_id, fields in await _read(redis, source):
                    write = onward(fields, target)
                    await xadd(redis, write.key, write.args[1:])
                    await redis.xack(source, GROUP, entry_id)

        async with _running([hop(source, target) for source, target in HOPS]):
            yield


async def xadd(redis: Redis, stream: str, fields: Sequence[Value]) -> None:
    """XADD of names and values by turns, which redis-py's own method does not take."""
    await redis.execute_command("XADD", stream, "*", *fields)  # type: ignore[no-untyped-call]  # theirs has no types


async def _read(redis: Redis, source: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    answer: Any = await redis.xreadgroup(GROUP, "bench", {source: ">"}, count=BATCH, block=1000)
    return [entry for _, entries in answer for entry in entries]


@asynccontextmanager
async def _running(hops: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(hop) for hop in hops]
    try:
        yield
    finally:
        await end(tasks)


async def seed_fields(url: str, count: int) -> None:
    """A backlog of `count` events as ingest writes them."""
    async with connect(url) as redis:
        for start in range(0, count, SEED_AT_ONCE):
            async with redis.pipeline(transaction=False) as pipeline:
                for number in range(start, min(start + SEED_AT_ONCE, count)):
                    await xadd(pipeline, PATH[0], sample.event(number).fields())
                await pipeline.execute()


async def seed_envelopes(url: str, count: int) -> None:
    """The same backlog of articles in FastStream's own envelope."""
    async with RedisBroker(url, logger=QUIET) as broker:
        for number in range(count):
            await broker.publish(sample.article(number), stream=PATH[0])


@dataclass(frozen=True)
class Way:
    """One way: its name in the table, how many events it gets, how to fill and to run it."""

    title: str
    events: int
    seed: Callable[[str, int], Awaitable[None]]
    working: Callable[[str], AbstractAsyncContextManager[None]]


WAYS = {
    "ours": Way("shared/bus.py", 6_000, seed_fields, ours),
    "raw_batch": Way("redis-py with script", 6_000, seed_fields, raw_batch),
    "faststream_batch": Way("FastStream, batch", 2_000, seed_envelopes, faststream_batch),
    "raw_each": Way("redis-py, one by one", 1_000, seed_fields, raw_each),
    "faststream_typed": Way("FastStream, typed", 600, seed_envelopes, faststream_typed),
}
