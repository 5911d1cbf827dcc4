"""What every test may ask for: a real Redis of its own worker, and an environment without settings.

WIREDESK_TEST_REDIS=/path/to/redis-server    run the suite against another version
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.embedded import EmbeddedRedis
from shared.redis_server import find_server

ASKED_SERVER = os.environ.get("WIREDESK_TEST_REDIS")
MORE_WORKERS = 1
"""Than cores: half of the time a test waits for a process to start or an instant to come."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many workers `-n auto` means."""
    return (os.cpu_count() or 1) + MORE_WORKERS


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """No setting of this machine reaches a test, and none of a test reaches another."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("WIREDESK_")]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def redis_server() -> Path:
    """The redis-server under test."""
    return Path(ASKED_SERVER) if ASKED_SERVER else find_server()


@pytest.fixture(scope="session")
def embedded_redis(
    tmp_path_factory: pytest.TempPathFactory, redis_server: Path
) -> Iterator[EmbeddedRedis]:
    """One server for all tests of a worker."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), server=redis_server) as server:
        yield server


@pytest.fixture
async def redis(embedded_redis: EmbeddedRedis) -> AsyncIterator[Redis]:
    """A client of an empty Redis. Bytes in, bytes out."""
    async with Redis.from_url(embedded_redis.url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def redis_url(embedded_redis: EmbeddedRedis, redis: Redis) -> str:
    """Where the empty Redis is."""
    return embedded_redis.url
