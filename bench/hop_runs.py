"""What runs in processes of its own while hops are measured: the worker, and its producer."""

import asyncio
import logging
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from redis.asyncio import Redis

from bench import sample
from bench.ways import END, GROUP, HOPS, PATH, WAYS, xadd
from shared import logs
from shared.redis import connect

LOOK_SECONDS = 0.05
GIVE_UP_SECONDS = 300


@dataclass(frozen=True)
class Cost:
    """What one run took. CPU is in microseconds per event, for all three hops together."""

    per_second: float
    worker_us: float
    redis_us: float


@dataclass(frozen=True)
class Rate:
    """A steady load: events a second, for how long before counting, and how long counted."""

    per_second: int
    warm_up_seconds: float
    seconds: float

    @property
    def first_counted(self) -> int:
        return int(self.per_second * self.warm_up_seconds)

    @property
    def events(self) -> int:
        return self.first_counted + int(self.per_second * self.seconds)


def work(name: str, url: str, count: int, *, backlog: bool) -> Cost:
    """Run one way in this process until `count` events are through.

    With `backlog` they are there before the clock starts, else somebody sends them meanwhile.
    Raises TimeoutError when they do not come through.
    """
    logs.configure("bench", level="ERROR", pretty=False)
    logging.captureWarnings(capture=True)
    return asyncio.run(_work(name, url, count, backlog=backlog))


async def _work(name: str, url: str, count: int, *, backlog: bool) -> Cost:
    way = WAYS[name]
    if backlog:
        await way.seed(url, count)
    async with connect(url) as redis:
        for source, _ in HOPS:
            await redis.xgroup_create(source, GROUP, "0", mkstream=True)
        redis_cpu, cpu, began = await _redis_cpu(redis), process_time(), perf_counter()
        async with asyncio.timeout(GIVE_UP_SECONDS), way.working(url):
            while await redis.xlen(END) < count:
                await asyncio.sleep(LOOK_SECONDS)
            cpu, took = process_time() - cpu, perf_counter() - began
            redis_cpu = await _redis_cpu(redis) - redis_cpu
    return Cost(count / took, cpu / count * 1e6, redis_cpu / count * 1e6)


async def _redis_cpu(redis: Redis) -> float:
    used: dict[str, float] = await redis.info("cpu")
    return used["used_cpu_user"] + used["used_cpu_sys"]


def produce(url: str, rate: Rate) -> list[float]:
    """Send at a steady rate and return how many seconds each counted event took.

    From the moment it was due to be sent until it was read behind the last hop.
    """
    return asyncio.run(_produce(url, rate))


async def _produce(url: str, rate: Rate) -> list[float]:
    ready = [sample.event(number).fields() for number in range(rate.events)]
    async with connect(url) as redis:
        await _wait_for_worker(redis)
        began = perf_counter()
        due = {number: began + number / rate.per_second for number in range(rate.events)}
        async with asyncio.TaskGroup() as group:
            arrivals = group.create_task(_arrivals(redis, rate.events))
            for number, fields in enumerate(ready):
                await asyncio.sleep(due[number] - perf_counter())
                group.create_task(xadd(redis, PATH[0], fields))
    return [at - due[n] for n, at in arrivals.result().items() if n >= rate.first_counted]


async def _arrivals(redis: Redis, count: int) -> dict[int, float]:
    """When each event came out of the last hop, by its number."""
    arrived: dict[int, float] = {}
    last: bytes | str = "0"
    while len(arrived) < count:
        answer: Any = await redis.xread({END: last}, block=1000)
        now = perf_counter()
        for entry_id, fields in (entry for _, entries in answer for entry in entries):
            arrived[int(fields[b"uri"].rpartition(b":")[2])] = now
            last = entry_id
    return arrived


async def _wait_for_worker(redis: Redis) -> None:
    while not await redis.exists(HOPS[-1][0]):
        await asyncio.sleep(LOOK_SECONDS)
