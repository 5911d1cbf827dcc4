"""A service as a process: it ends in order when asked to, and at once when a part of it is broken.

The processes run a small service over one hop, with the real bus, server and Redis.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from redis.asyncio import Redis

from shared.errors import Misconfigured
from shared.http import own_client
from shared.service import listen

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from shared import logs
from shared.bus import Bus
from shared.commit import Write
from shared.hop import StreamSettings
from shared.service import Service, listen, serve

SETTINGS = StreamSettings(partitions=1, batch=64, max_deliveries=3, retry_seconds=0.1,
    reclaim_seconds=5, dead_after_seconds=0.5, keep_hours=1)

async def carry(entry):
    await asyncio.sleep(0.02)
    return [Write.add("out", ("n", entry.fields[b"n"]))]

async def for_ever():
    await asyncio.Event().wait()

async def breaks():
    await asyncio.sleep(0.2)
    raise RuntimeError("the clock stopped")

async def main():
    logs.configure("small", pretty=False)
    bus = Bus(sys.argv[1], SETTINGS)
    bus.hop(["in:routine"], "workers", carry)
    sock = listen("127.0.0.1", 0)
    print(sock.getsockname()[1], flush=True)
    await serve(Service("small", bus, **OPTIONS).app(), sock)

OPTIONS = {options}
asyncio.run(main())
"""


@asynccontextmanager
async def running(url: str, options: str = "{}") -> AsyncIterator[tuple[Process, str]]:
    """The process and its address. Whatever happens, it is gone afterwards."""
    program = dedent(PROGRAM).replace("{options}", options)
    command = [sys.executable, "-c", program, url]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=ROOT)
    try:
        assert process.stdout
        port = int(await process.stdout.readline())
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(address: str) -> bool:
    async with own_client(address) as client:
        return (await client.get("/readyz")).is_success


async def until_ready(address: str) -> None:
    async with asyncio.timeout(15):
        while not await ready(address):
            await asyncio.sleep(0.05)


async def ended(process: Process) -> tuple[int, str]:
    """Its exit code, and what it said."""
    async with asyncio.timeout(15):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_sigterm_ends_it_in_order_with_nothing_left_pending(
    redis: Redis, redis_url: str
) -> None:
    for number in range(500):
        await redis.xadd("in:routine", {"n": number})
    async with running(redis_url) as (process, _):
        async with asyncio.timeout(15):
            while await redis.xlen("out") < 64:
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        code, said = await ended(process)
    assert code in (0, -signal.SIGTERM)
    assert "service.stopped" in said
    assert (await redis.xpending("in:routine", "workers"))["pending"] == 0
    done = [int(fields[b"n"]) for _, fields in await redis.xrange("out")]
    assert done == list(range(len(done)))
    assert len(done) < 500


async def test_a_background_task_that_fails_ends_the_process_with_code_1(redis_url: str) -> None:
    options = '{"background": [for_ever(), breaks()]}'
    async with running(redis_url, options) as (process, _):
        code, said = await ended(process)
    assert code == 1
    assert "service.died" in said
    assert "the clock stopped" in said


async def test_a_preparation_that_fails_ends_the_process_with_code_1(redis_url: str) -> None:
    async with running(redis_url, '{"prepare": breaks}') as (process, _):
        code, said = await ended(process)
    assert code == 1
    assert "the clock stopped" in said


async def test_it_is_alive_but_not_ready_before_it_is_prepared(
    redis: Redis, redis_url: str
) -> None:
    await redis.xadd("in:routine", {"n": 1})
    async with running(redis_url, '{"prepare": for_ever}') as (_, address):
        async with own_client(address) as client:
            assert (await client.get("/livez")).is_success
            answer = await client.get("/readyz")
        assert answer.json()["reasons"] == ["not prepared yet"]
        await asyncio.sleep(0.3)
        assert not await redis.exists("out")


async def test_it_gets_ready_works_and_tells_its_metrics(redis: Redis, redis_url: str) -> None:
    async with running(redis_url) as (_, address):
        await until_ready(address)
        await redis.xadd("in:routine", {"n": 1})
        async with asyncio.timeout(10):
            while not await redis.exists("out"):
                await asyncio.sleep(0.02)
        async with own_client(address) as client, asyncio.timeout(10):
            counted = 'wiredesk_entries_total{group="workers",outcome="committed"} 1.0'
            while counted not in (await client.get("/metrics")).text:
                await asyncio.sleep(0.02)


async def test_without_redis_it_stays_up_and_says_what_is_wrong() -> None:
    async with running("redis://127.0.0.1:1/0") as (process, address):
        async with own_client(address) as client, asyncio.timeout(10):
            while "not prepared yet" in (answer := await client.get("/readyz")).text:
                await asyncio.sleep(0.02)
        assert answer.status_code == 503
        assert answer.json()["reasons"][0].startswith("redis: ")
        assert process.returncode is None
        os.kill(process.pid, signal.SIGTERM)
        code, _ = await ended(process)
    assert code in (0, -signal.SIGTERM)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"127.0.0.1:{port}: Address already in use; cho"):
            listen("127.0.0.1", port)
