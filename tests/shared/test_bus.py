"""The fenced hop on a real server: each trap of Redis Streams and FastStream, as a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from shared.bus import Bus
from shared.commit import Write
from shared.errors import Rejected, TryLater
from shared.hop import Entry, Handler, StreamSettings
from shared.metrics import RECLAIMED
from shared.streams import dead_letters

SOURCE, OUT, GROUP = "in:routine", "out", "workers"
QUICK = StreamSettings(
    partitions=1,
    batch=64,
    max_deliveries=3,
    retry_seconds=0.1,
    reclaim_seconds=5.0,
    dead_after_seconds=0.5,
    keep_hours=1.0,
)


async def forward(entry: Entry) -> Sequence[Write]:
    """The simplest work: pass all fields on."""
    return [Write.add(OUT, [part for pair in entry.fields.items() for part in pair])]


@asynccontextmanager
async def working(
    url: str,
    handler: Handler = forward,
    *,
    sources: Sequence[str] = (SOURCE,),
    group: str = GROUP,
    consumer: str = "",
) -> AsyncIterator[Bus]:
    bus = Bus(url, QUICK, consumer=consumer)
    bus.hop(sources, group, handler)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def until(claim: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until the claim is true; fail when it is not in time."""
    async with asyncio.timeout(seconds):
        while not await claim():
            await asyncio.sleep(0.02)


async def fill(redis: Redis, count: int, stream: str = SOURCE, start: int = 0) -> None:
    async with redis.pipeline(transaction=False) as pipeline:
        for number in range(start, start + count):
            pipeline.xadd(stream, {"n": number})
        await pipeline.execute()


async def numbers(redis: Redis, stream: str = OUT) -> list[int]:
    return [int(fields[b"n"]) for _, fields in await redis.xrange(stream)]


async def pending(redis: Redis, stream: str = SOURCE, group: str = GROUP) -> int:
    return int((await redis.xpending(stream, group))["pending"])


def has(redis: Redis, count: int, stream: str = OUT) -> Callable[[], Awaitable[bool]]:
    async def claim() -> bool:
        return bool(await redis.xlen(stream) >= count)

    return claim


async def test_what_was_published_before_the_first_start_is_delivered(
    redis: Redis, redis_url: str
) -> None:
    await fill(redis, 3)
    async with working(redis_url):
        await until(has(redis, 3))
    assert await numbers(redis) == [0, 1, 2]


async def test_a_second_start_reads_on_without_spinning(redis: Redis, redis_url: str) -> None:
    await fill(redis, 2)
    async with working(redis_url):
        await until(has(redis, 2))
    await fill(redis, 2, start=2)
    async with working(redis_url):
        await until(has(redis, 4))
        await redis.config_resetstat()
        await asyncio.sleep(1)
        stats = await redis.info("commandstats")
    assert await numbers(redis) == [0, 1, 2, 3]
    assert stats.get("cmdstat_xreadgroup", {}).get("calls", 0) < 10


async def test_a_failing_entry_rests_between_tries_and_is_parked_with_its_traceback(
    redis: Redis, redis_url: str
) -> None:
    tried: list[int] = []

    async def fails(entry: Entry) -> Sequence[Write]:
        tried.append(entry.deliveries)
        raise ZeroDivisionError(entry.fields[b"n"].decode())

    await fill(redis, 1)
    async with working(redis_url, fails):
        await until(has(redis, 1, dead_letters(SOURCE)))
    [(_, dead)] = await redis.xrange(dead_letters(SOURCE))
    assert tried == [1, 2, 3]
    assert dead[b"n"] == b"0"
    assert dead[b"deliveries"] == b"3"
    assert b"ZeroDivisionError: 0" in dead[b"error"]
    assert b"test_bus.py" in dead[b"error"]
    assert await pending(redis) == 0


async def test_a_rejected_entry_is_parked_at_once(redis: Redis, redis_url: str) -> None:
    async def rejects(_: Entry) -> Sequence[Write]:
        raise Rejected("never")

    await fill(redis, 1)
    async with working(redis_url, rejects):
        await until(has(redis, 1, dead_letters(SOURCE)))
    [(_, dead)] = await redis.xrange(dead_letters(SOURCE))
    assert dead[b"deliveries"] == b"1"
    assert dead[b"error"] == b"Rejected: never"


async def test_waiting_for_better_times_never_parks_an_entry(redis: Redis, redis_url: str) -> None:
    tries = 0

    async def waits(entry: Entry) -> Sequence[Write]:
        nonlocal tries
        tries += 1
        if tries <= 2 * QUICK.max_deliveries:
            raise TryLater("the disk is full")
        return await forward(entry)

    await fill(redis, 1)
    async with working(redis_url, waits):
        await until(has(redis, 1))
    assert await redis.xlen(dead_letters(SOURCE)) == 0


async def test_what_a_dead_consumer_left_is_done_by_another(redis: Redis, redis_url: str) -> None:
    await fill(redis, 5)
    await redis.xgroup_create(SOURCE, GROUP, "0")
    await redis.xreadgroup(GROUP, "gone", {SOURCE: ">"})
    async with working(redis_url):
        await until(has(redis, 5))
    assert await numbers(redis) == [0, 1, 2, 3, 4]
    assert await pending(redis) == 0


async def test_an_entry_that_came_too_often_is_parked_without_running_its_handler(
    redis: Redis, redis_url: str
) -> None:
    await fill(redis, 2)
    await redis.xgroup_create(SOURCE, GROUP, "0")
    [(_, [(poison, _), _])] = await redis.xreadgroup(GROUP, "gone", {SOURCE: ">"})
    for _ in range(QUICK.max_deliveries):  # each try ended the process that made it
        await redis.xclaim(SOURCE, GROUP, "gone", 0, [poison])
    async with working(redis_url):
        await until(has(redis, 1))
        await until(has(redis, 1, dead_letters(SOURCE)))
    assert await numbers(redis) == [1]
    assert await numbers(redis, dead_letters(SOURCE)) == [0]


async def test_a_living_consumer_keeps_its_work(redis: Redis, redis_url: str) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(entry: Entry) -> Sequence[Write]:
        began.set()
        await may_end.wait()
        return await forward(entry)

    await fill(redis, 1)
    async with working(redis_url, slow):
        await began.wait()
        async with working(redis_url, consumer="another"):
            await asyncio.sleep(1)
            assert await redis.xlen(OUT) == 0
        may_end.set()
        await until(has(redis, 1))
    assert await numbers(redis) == [0]


async def test_an_entry_deleted_while_pending_is_let_go(redis: Redis, redis_url: str) -> None:
    await fill(redis, 2)
    await redis.xgroup_create(SOURCE, GROUP, "0")
    [(_, [(first, _), _])] = await redis.xreadgroup(GROUP, "gone", {SOURCE: ">"})
    await redis.xdel(SOURCE, first)
    async with working(redis_url):
        await until(has(redis, 1))

        async def nothing_pending() -> bool:
            return await pending(redis) == 0

        await until(nothing_pending)
    assert await numbers(redis) == [1]


async def test_a_backlog_is_read_in_batches_and_a_stop_leaves_nothing_pending(
    redis: Redis, redis_url: str
) -> None:
    await fill(redis, 20_000)
    most = 0
    async with working(redis_url):
        await until(has(redis, 500))
        most = await pending(redis)
    assert most <= QUICK.batch
    assert await pending(redis) == 0
    done = await numbers(redis)
    assert done == list(range(len(done)))
    assert len(done) < 20_000


async def test_on_the_good_way_nothing_is_recovered(redis: Redis, redis_url: str) -> None:
    deliveries: list[int] = []

    async def counts(entry: Entry) -> Sequence[Write]:
        deliveries.append(entry.deliveries)
        return await forward(entry)

    before = RECLAIMED.labels(GROUP)._value.get()  # noqa: SLF001  # the only way to read a counter
    async with working(redis_url, counts):
        for batch in range(5):
            await fill(redis, 20, start=batch * 20)
            await asyncio.sleep(0.05)
        await until(has(redis, 100))
    assert deliveries == [1] * 100
    assert RECLAIMED.labels(GROUP)._value.get() == before  # noqa: SLF001
    assert await numbers(redis) == list(range(100))


async def test_every_byte_of_every_field_arrives_as_it_was_sent(
    redis: Redis, redis_url: str
) -> None:
    fields = {
        "標題".encode(): "臺灣高鐵　２０３１年全線通車🚄".encode(),
        b"body": b'{"data": "the body is not this string"}',
        b"big5": "臺灣".encode("big5"),
        b"__data__": b"\x89BIN\x0d\x0a\x1a\x0a",
        b"number": b"17",
        b"empty": b"",
    }
    await redis.xadd(SOURCE, fields)
    async with working(redis_url):
        await until(has(redis, 1))
    assert await redis.xrange(OUT) != []
    assert (await redis.xrange(OUT))[0][1] == fields


async def test_two_groups_on_one_stream_each_get_everything(redis: Redis, redis_url: str) -> None:
    async def other(entry: Entry) -> Sequence[Write]:
        return [Write.add("other", ("n", entry.fields[b"n"]))]

    async with working(redis_url), working(redis_url, other, group="readers"):
        await fill(redis, 30)
        await until(has(redis, 30))
        await until(has(redis, 30, "other"))
    assert await numbers(redis) == await numbers(redis, "other") == list(range(30))


@pytest.mark.parametrize("damage", ["stream deleted", "group destroyed", "everything flushed"])
async def test_a_vanished_group_comes_back_by_itself_and_readiness_tells(
    redis: Redis, redis_url: str, damage: str
) -> None:
    async with working(redis_url) as bus:
        await fill(redis, 3)
        await until(has(redis, 3))
        if damage == "stream deleted":
            await redis.delete(SOURCE)
        elif damage == "group destroyed":
            await redis.xgroup_destroy(SOURCE, GROUP)
        else:
            await redis.flushall()
        assert any("missing" in trouble for trouble in await bus.troubles())
        await redis.delete(OUT)
        await redis.xtrim(SOURCE, maxlen=0)
        await fill(redis, 5, start=10)
        await until(has(redis, 5))
        assert await bus.troubles() == []
    assert await numbers(redis) == [10, 11, 12, 13, 14]


async def test_a_commit_that_redis_refuses_loses_nothing_and_parks_nothing(
    redis: Redis, redis_url: str
) -> None:
    await redis.set(OUT, "not a stream")
    await fill(redis, 3)
    async with working(redis_url):
        await asyncio.sleep(1.5)  # longer than all tries of an entry together
        assert await redis.xlen(dead_letters(SOURCE)) == 0
        assert await pending(redis) == 3
        await redis.delete(OUT)
        await until(has(redis, 3))
    assert await numbers(redis) == [0, 1, 2]
    assert await pending(redis) == 0


async def test_a_source_of_the_wrong_type_is_told_and_mended_without_a_hot_loop(
    redis: Redis, redis_url: str
) -> None:
    async with working(redis_url) as bus:
        await fill(redis, 1)
        await until(has(redis, 1))
        await redis.delete(SOURCE)
        await redis.set(SOURCE, "a string")
        await asyncio.sleep(0.3)
        await redis.config_resetstat()
        await asyncio.sleep(1)
        stats = await redis.info("commandstats")
        assert stats.get("cmdstat_xreadgroup", {}).get("calls", 0) < 30
        assert await bus.troubles() != []
        await redis.delete(SOURCE)
        await fill(redis, 1, start=1)
        await until(has(redis, 2))
    assert await numbers(redis) == [0, 1]


async def test_a_full_redis_drains_instead_of_jamming(redis: Redis, redis_url: str) -> None:
    began, may_go_on = asyncio.Event(), asyncio.Event()

    async def waits(entry: Entry) -> Sequence[Write]:
        began.set()
        await may_go_on.wait()
        return await forward(entry)

    await fill(redis, 50)
    try:
        async with working(redis_url, waits):
            await began.wait()
            await redis.config_set("maxmemory", 1)
            may_go_on.set()
            await until(has(redis, 50))
    finally:
        await redis.config_set("maxmemory", 0)
    assert await numbers(redis) == list(range(50))


async def test_flash_work_does_not_wait_behind_a_routine_backlog(
    redis: Redis, redis_url: str
) -> None:
    order: list[bytes] = []

    async def slow(entry: Entry) -> Sequence[Write]:
        order.append(entry.fields[b"n"])
        await asyncio.sleep(0.01)
        return await forward(entry)

    await fill(redis, 64)
    async with working(redis_url, slow, sources=["in:flash", SOURCE]):

        async def has_begun() -> bool:
            return len(order) >= 5

        await until(has_begun)
        await redis.xadd("in:flash", {"n": 1000})
        await until(has(redis, 65))
    assert order.index(b"1000") < 20


async def test_trimming_takes_only_what_every_group_has_finished(
    redis: Redis, redis_url: str
) -> None:
    old = 1_000  # milliseconds since 1970: long past
    for number in range(300):
        await redis.xadd(SOURCE, {"n": number}, id=f"{old + number}-0")
    await redis.xgroup_create(SOURCE, "slow", f"{old + 199}-0")
    async with working(redis_url):
        await until(has(redis, 300))
        keeper = Bus(redis_url, QUICK)
        keeper.hop([SOURCE], GROUP, forward)
        await keeper._keepers[0].tidy()  # noqa: SLF001  # it runs once a minute by itself
        await keeper.stop()
    left = await numbers(redis, SOURCE)
    assert left[-100:] == list(range(200, 300))
    assert len(left) < 300
