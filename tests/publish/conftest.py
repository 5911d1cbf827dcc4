"""What tests of the whole way may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.publish.newsroom import Newsroom, open_newsroom


@pytest.fixture
async def newsroom(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """Ingest, enrich and publish, with one receiver subscribed as `desk`."""
    async with open_newsroom(redis, redis_url, tmp_path) as running:
        yield running
