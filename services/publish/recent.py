"""The articles that are live and were published lately, from the desk."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from services.publish.desk import Desk
from services.publish.desk_keys import DeskKeys
from services.publish.lists import ALL
from services.publish.live import LiveArticle
from shared.streams import Keys

AT_ONCE = 200


async def recent(
    redis: Redis, keys: Keys, desk: Desk, since: datetime
) -> AsyncIterator[LiveArticle]:
    """All that were published after `since` and can be read now, newest first in each partition."""
    for partition in range(keys.partitions):
        key = DeskKeys(keys).list(partition, ALL)
        found: Any = await redis.zrange(
            key, "+inf", int(since.timestamp() * 1000), desc=True, byscore=True
        )
        uris = [uri.decode() for uri in found]
        for start in range(0, len(uris), AT_ONCE):
            rows = await desk.rows(uris[start : start + AT_ONCE])
            for row in rows.values():
                if row.live:
                    yield row.live
