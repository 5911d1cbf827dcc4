"""The ledger on a real server: once, in order, and never half."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from services.ingest.ledger import Ledger
from shared.article import Article
from shared.events import Event
from shared.redis import connect
from shared.streams import RECEIVED, Keys

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KEYS = Keys()
FLASH, ROUTINE = KEYS.streams(RECEIVED)


def story(version: int = 1, headline: str = "環狀線北環段動工", **more: object) -> Article:
    fields = {"uri": "urn:news:1", "version": version, "headline": headline, **more}
    return Article.model_validate(fields)


async def events(redis: Redis, stream: str) -> Sequence[Article]:
    entries = await redis.xrange(stream)
    return [Event.parse(fields).article for _, fields in entries]


async def test_the_same_event_a_hundred_times_at_once_is_one_event(redis: Redis) -> None:
    ledgers = [Ledger(redis, KEYS) for _ in range(100)]
    decisions = await asyncio.gather(*(ledger.accept(story(), NOW) for ledger in ledgers))
    outcomes = sorted(decision.outcome for decision in decisions)
    assert outcomes == ["accepted"] + ["duplicate"] * 99
    assert await events(redis, ROUTINE) == [story()]


async def test_versions_sent_at_once_end_on_the_newest(redis: Redis) -> None:
    ledger = Ledger(redis, KEYS)
    await asyncio.gather(*(ledger.accept(story(v), NOW) for v in range(1, 20)))
    row = await ledger.read("urn:news:1")
    assert row is not None
    assert row.known.version == 19
    versions = [article.version for article in await events(redis, ROUTINE)]
    assert versions == sorted(set(versions))


async def test_the_same_version_with_other_content_is_a_conflict(redis: Redis) -> None:
    ledger = Ledger(redis, KEYS)
    await ledger.accept(story(), NOW)
    decision = await ledger.accept(story(headline="別的標題"), NOW)
    assert decision.outcome == "conflict"
    assert await events(redis, ROUTINE) == [story()]


async def test_a_kill_of_an_unknown_story_refuses_what_comes_late(redis: Redis) -> None:
    ledger = Ledger(redis, KEYS)
    await ledger.accept(story(3, pubstatus="canceled"), NOW)
    assert (await ledger.accept(story(1), NOW)).outcome == "killed"
    assert await redis.xlen(ROUTINE) == 0
    assert await redis.xlen(FLASH) == 1


async def test_an_unusable_stream_leaves_the_ledger_untouched(redis: Redis) -> None:
    await redis.set(ROUTINE, "not a stream")
    ledger = Ledger(redis, KEYS)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await ledger.accept(story(), NOW)
    assert await ledger.read("urn:news:1") is None


async def test_a_full_redis_accepts_nothing_rather_than_half(redis: Redis) -> None:
    ledger = Ledger(redis, KEYS)
    await ledger.accept(story(1), NOW)
    try:
        await redis.config_set("maxmemory", 1)
        with pytest.raises(ResponseError):
            await ledger.accept(story(2), NOW)
    finally:
        await redis.config_set("maxmemory", 0)
    row = await ledger.read("urn:news:1")
    assert row is not None
    assert row.known.version == 1
    assert await redis.xlen(ROUTINE) == 1


async def test_a_reply_lost_after_the_write_still_means_one_event(
    redis: Redis, redis_url: str
) -> None:
    async with lossy(redis_url) as (url, lose_replies), connect(url) as through:
        ledger = Ledger(through, KEYS)
        await ledger.accept(story(), NOW - timedelta(days=1))  # the script is known from here on
        await redis.flushall()
        lose_replies.set()
        with pytest.raises((RedisError, OSError)):
            await ledger.accept(story(), NOW)
        lose_replies.clear()
        again = await ledger.accept(story(), NOW)
    assert again.outcome == "duplicate"
    assert await events(redis, ROUTINE) == [story()]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


@asynccontextmanager
async def lossy(redis_url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A proxy that passes requests on, and drops the reply to a script while the event is set."""
    head, _, tail = redis_url.rpartition("@")
    host, port = tail.split("/")[0].split(":")
    losing = asyncio.Event()
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        server_reader, server_writer = await asyncio.open_connection(host, int(port))
        passing = asyncio.create_task(_pass_on(server_reader, writer))
        while data := await reader.read(65536):
            if losing.is_set() and b"EVALSHA" in data:
                passing.cancel()
                await asyncio.wait([passing])
                server_writer.write(data)
                await server_reader.read(65536)  # the script has run; nobody hears of it
                break
            server_writer.write(data)
        passing.cancel()
        for end in (server_writer, writer):
            end.close()
            with suppress(OSError):
                await end.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield f"{head}@{place}/0", losing
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))


async def outstanding(redis: Redis) -> list[bytes]:
    return list(await redis.zrange(KEYS.shared(0, "withdrawals"), 0, -1))


@pytest.mark.parametrize("pubstatus", ["canceled", "withheld"])
async def test_the_clock_of_a_withdrawal_starts_when_it_is_accepted(
    redis: Redis, pubstatus: str
) -> None:
    ledger = Ledger(redis, KEYS)
    await ledger.accept(story(), NOW)
    assert await outstanding(redis) == []
    await ledger.accept(story(2, pubstatus=pubstatus, ednote="查證中"), NOW)
    assert await outstanding(redis) == [b"urn:news:1"]
    told = await redis.hgetall(KEYS.of("urn:news:1", "withdrawal"))
    assert told == {
        b"version": b"2",
        b"reason": "查證中".encode(),
        b"accepted": str(int(NOW.timestamp() * 1000)).encode(),
    }


async def test_a_story_that_is_back_is_no_withdrawal_any_more(redis: Redis) -> None:
    ledger = Ledger(redis, KEYS)
    await ledger.accept(story(pubstatus="canceled"), NOW)
    await ledger.accept(story(pubstatus="canceled"), NOW)
    assert await outstanding(redis) == [b"urn:news:1"]
    assert (await ledger.accept(story(2), NOW)).outcome == "killed"
    assert await outstanding(redis) == [b"urn:news:1"]
    await ledger.accept(story(2, reinstate=True), NOW)
    assert await outstanding(redis) == []


async def test_what_takes_a_story_away_is_outstanding_at_once_embargo_or_not(redis: Redis) -> None:
    due = NOW + timedelta(minutes=1)
    await Ledger(redis, KEYS).accept(story(pubstatus="withheld", embargoed=due), NOW)
    assert await outstanding(redis) == [b"urn:news:1"]


async def test_a_withdrawal_is_over_when_the_next_version_leaves_and_not_while_it_is_held(
    redis: Redis,
) -> None:
    ledger = Ledger(redis, KEYS)
    due = NOW + timedelta(minutes=1)
    await ledger.accept(story(pubstatus="withheld"), NOW)
    await ledger.accept(story(version=2, embargoed=due), NOW)
    assert await outstanding(redis) == [b"urn:news:1"]
    await ledger.release("urn:news:1", due)
    assert await outstanding(redis) == []
