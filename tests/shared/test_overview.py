"""The overview on a real server: is it moving, how late, what is parked?"""

import asyncio
from time import time

import pytest
from redis.asyncio import Redis

from shared.overview import GroupRow, overview
from shared.streams import INBOX, RECEIVED, Keys, dead_letters, heartbeat

KEYS = Keys()
FLASH, ROUTINE = KEYS.streams(RECEIVED)


@pytest.fixture
async def running(redis: Redis) -> Redis:
    """A Redis as it is while all services run and nothing happens."""
    for stream, group in KEYS.read_by().items():
        await redis.xgroup_create(stream, group, "0", mkstream=True)
        await redis.xgroup_createconsumer(stream, group, "a:1")
    await redis.set(heartbeat("a:1"), "1")
    return redis


async def row_of(redis: Redis, stream: str, group: str = "enrich") -> GroupRow:
    seen = await overview(redis, KEYS)
    [row] = [one for one in seen.groups if (one.stream, one.group) == (stream, group)]
    return row


async def test_a_quiet_installation_is_well(running: Redis) -> None:
    seen = await overview(running, KEYS)
    assert seen.worst == "well"
    assert (seen.missing, seen.dead, seen.held) == ([], {}, 0)
    assert {(row.lag, row.pending, row.consumers) for row in seen.groups} == {(0, 0, 1)}


async def test_an_installation_where_nothing_ever_ran_is_critical(redis: Redis) -> None:
    seen = await overview(redis, KEYS)
    assert seen.worst == "critical"
    assert set(seen.missing) == set(KEYS.read_by())


async def test_a_service_that_is_gone_is_critical(running: Redis) -> None:
    await running.delete(heartbeat("a:1"))
    assert (await overview(running, KEYS)).worst == "critical"


async def test_another_programs_group_is_shown_but_is_not_our_trouble(running: Redis) -> None:
    await running.xgroup_create(ROUTINE, "warehouse", "0")
    row = await row_of(running, ROUTINE, "warehouse")
    assert (row.consumers, row.is_ours) == (0, False)
    assert (await overview(running, KEYS)).worst == "well"


async def test_what_waits_and_what_is_in_hand_is_counted(running: Redis) -> None:
    for number in range(7):
        await running.xadd(ROUTINE, {"n": number})
    await running.xreadgroup("enrich", "a:1", {ROUTINE: ">"}, count=2)
    row = await row_of(running, ROUTINE)
    assert (row.length, row.lag, row.pending) == (7, 5, 2)


async def test_a_backlog_too_long_to_count_is_unknown_on_an_old_redis(running: Redis) -> None:
    async with running.pipeline(transaction=False) as pipeline:
        for number in range(1200):
            pipeline.xadd(ROUTINE, {"n": number})
        await pipeline.execute()
    new = "lag" in (await running.xinfo_groups(ROUTINE))[0]
    assert (await row_of(running, ROUTINE)).lag == (1200 if new else None)


async def test_an_old_entry_in_hand_is_a_warning(running: Redis) -> None:
    long_ago = (await running.time())[0] * 1000 - 120_000
    await running.delete(ROUTINE)
    await running.xadd(ROUTINE, {"n": 1}, id=f"{long_ago}-0")
    await running.xgroup_create(ROUTINE, "enrich", "0")
    await running.xreadgroup("enrich", "a:1", {ROUTINE: ">"})
    assert 119 < (await row_of(running, ROUTINE)).oldest_pending_seconds < 130
    assert (await overview(running, KEYS)).worst == "warning"


async def test_what_is_parked_and_what_is_held_is_counted(running: Redis) -> None:
    await running.xadd(dead_letters(INBOX), {"json": "x"})
    await running.zadd(KEYS.shared(0, "held"), {"urn:news:1": 1, "urn:news:2": 2})
    seen = await overview(running, KEYS)
    assert (seen.dead, seen.held, seen.worst) == ({INBOX: 1}, 2, "warning")


async def test_looking_changes_nothing(running: Redis) -> None:
    await running.xadd(ROUTINE, {"n": 1})
    before = await overview(running, KEYS)
    await asyncio.sleep(0.01)
    assert await overview(running, KEYS) == before


async def test_a_withdrawal_that_is_not_proven_in_time_is_critical(running: Redis) -> None:
    key = KEYS.shared(0, "withdrawals")
    await running.zadd(key, {"urn:a": (time() - 100) * 1000, "urn:b": time() * 1000})
    seen = await overview(running, KEYS)
    assert (seen.worst, seen.withdrawals, seen.is_withdrawal_late) == ("well", 2, False)
    assert 100 <= seen.oldest_withdrawal_seconds < 160
    assert (await overview(running, KEYS, proof_seconds=99)).worst == "critical"
