"""Dead-letter streams on a real server: looked at, brought back, thrown away; never lost."""

import asyncio
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.bus import Bus
from shared.commit import Write
from shared.errors import Rejected
from shared.graveyard import Dead, Graveyard
from shared.hop import Entry, StreamSettings
from shared.streams import INBOX, RECEIVED, Keys, dead_letters

KEYS = Keys()
FLASH, ROUTINE = KEYS.streams(RECEIVED)
QUICK = StreamSettings(
    partitions=1,
    batch=64,
    max_deliveries=3,
    retry_seconds=0.1,
    reclaim_seconds=5.0,
    dead_after_seconds=0.5,
    keep_hours=1.0,
)
CAUSE = ("src", ROUTINE, "src_id", "1-0", "group", "enrich", "deliveries", "3", "error", "Boom: no")


async def park(redis: Redis, *original: str | bytes, stream: str = ROUTINE) -> None:
    """As a hop does it: the original fields, and behind them what became of the entry."""
    script = "return redis.call('XADD', KEYS[1], '*', unpack(ARGV))"
    await redis.eval(script, 1, dead_letters(stream), *original, *CAUSE)


async def parked(redis: Redis) -> list[Dead]:
    return [dead async for dead in Graveyard(redis, KEYS).entries()]


async def raw(redis: Redis, stream: str) -> list[list[bytes]]:
    """The entries as Redis has them, doubled names and all."""
    script = "return redis.call('XRANGE', KEYS[1], '-', '+')"
    return [fields for _, fields in await redis.eval(script, 1, stream)]


async def refuse(_: Entry) -> Sequence[Write]:
    raise Rejected("never")


async def test_what_is_parked_is_listed_with_its_cause(redis: Redis) -> None:
    await park(redis, "uri", "urn:news:1", "body", "{}")
    await park(redis, "json", "x", stream=INBOX)
    inbox, dead = await parked(redis)
    assert (dead.source, dead.group, dead.deliveries, dead.error) == (
        ROUTINE,
        "enrich",
        3,
        "Boom: no",
    )
    assert (dead.uri, dead.fields) == ("urn:news:1", {b"uri": b"urn:news:1", b"body": b"{}"})
    assert inbox.name == f"{INBOX}/{inbox.id}"
    assert abs(dead.at.timestamp() - (await redis.time())[0]) < 5


async def test_many_are_listed_in_order_and_once(redis: Redis) -> None:
    for number in range(250):
        await park(redis, "n", str(number))
    assert [dead.fields[b"n"] for dead in await parked(redis)] == [b"%d" % n for n in range(250)]


async def test_a_replay_puts_back_every_field_as_it_was(redis: Redis) -> None:
    fields = ["標題", "環狀線", "body", b"\x89\xff\x00", "empty", "", "twice", "1", "twice", "2"]
    named_like_ours = ["error", "the sender's own", "group", "theirs", "src", "x"]
    await park(redis, *fields, *named_like_ours)
    [dead] = await parked(redis)
    assert await Graveyard(redis, KEYS).replay(dead)
    [back] = await raw(redis, ROUTINE)
    assert back == [f.encode() if isinstance(f, str) else f for f in fields + named_like_ours]
    assert await parked(redis) == []


async def test_two_operators_replay_at_once_and_nothing_is_doubled(redis: Redis) -> None:
    for number in range(20):
        await park(redis, "n", str(number))
    found = await parked(redis)
    graveyard = Graveyard(redis, KEYS)
    done = await asyncio.gather(*(graveyard.replay(dead) for dead in found * 2))
    assert done.count(True) == done.count(False) == 20
    assert sorted(int(fields[1]) for fields in await raw(redis, ROUTINE)) == list(range(20))


async def test_a_replay_that_redis_refuses_loses_nothing(redis: Redis) -> None:
    await redis.set(ROUTINE, "not a stream")
    await park(redis, "n", "1")
    [dead] = await parked(redis)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await Graveyard(redis, KEYS).replay(dead)
    assert await parked(redis) == [dead]


async def test_what_is_dropped_is_gone_and_only_that(redis: Redis) -> None:
    await park(redis, "n", "1")
    await park(redis, "n", "2")
    first, second = await parked(redis)
    graveyard = Graveyard(redis, KEYS)
    assert await graveyard.drop(first)
    assert not await graveyard.drop(first)
    assert not await graveyard.replay(first)
    assert await parked(redis) == [second]


async def test_a_hop_parks_what_a_replay_brings_back_to_it(redis: Redis, redis_url: str) -> None:
    await redis.xadd(ROUTINE, {"uri": "urn:news:1", "body": "{}"})
    bus = Bus(redis_url, QUICK)
    bus.hop([ROUTINE], "enrich", refuse)
    await bus.start()
    try:
        async with asyncio.timeout(10):
            while not (first := await parked(redis)):
                await asyncio.sleep(0.02)
            assert await Graveyard(redis, KEYS).replay(first[0])
            while not (second := await parked(redis)):
                await asyncio.sleep(0.02)
    finally:
        await bus.stop()
    assert second[0].id != first[0].id
    assert second[0].fields == first[0].fields == {b"uri": b"urn:news:1", b"body": b"{}"}
    assert second[0].error == "Rejected: never"
