"""An entry that kills whoever works on it must not take its neighbours with it."""

import asyncio
import sys
from pathlib import Path

from redis.asyncio import Redis

from shared.streams import dead_letters
from tests.shared.fatal_worker import DEADLY, GROUP, OUT, RAISING, SOURCE

SCRIPT = Path(__file__).with_name("fatal_worker.py")
ENTRIES = 60


async def settled(redis: Redis) -> bool:
    return bool(await redis.xlen(OUT) + await redis.xlen(dead_letters(SOURCE)) == ENTRIES)


async def test_an_entry_that_kills_its_process_is_parked_and_its_neighbours_go_on(
    redis: Redis, redis_url: str
) -> None:
    for number in range(ENTRIES):
        await redis.xadd(SOURCE, {"n": number})
    starts, worker = 0, None
    async with asyncio.timeout(50):
        while not await settled(redis):
            if worker is None or worker.returncode is not None:
                worker = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, redis_url)
                starts += 1
            await asyncio.sleep(0.05)
    assert worker is not None
    worker.kill()
    await worker.wait()
    dead = {fields[b"n"] for _, fields in await redis.xrange(dead_letters(SOURCE))}
    out = [fields[b"n"] for _, fields in await redis.xrange(OUT)]
    assert dead == {DEADLY, RAISING}
    assert len(out) == len(set(out)) == ENTRIES - 2
    assert (await redis.xpending(SOURCE, GROUP))["pending"] == 0
    assert 2 <= starts <= 5
