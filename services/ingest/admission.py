"""Admission: ingest stops accepting before Redis is full, so that what is inside can still finish.

A full Redis refuses writes, while acknowledgements go on. Above `max_memory_share` of `maxmemory`
(when there is one) new articles are answered 503; kills always pass.
"""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.logs import Happened

LOOK_SECONDS = 1.0
log = structlog.get_logger()


class Admission:
    """Whether there is room. Looks once per second; asking costs nothing."""

    def __init__(self, redis: Redis, max_memory_share: float) -> None:
        self._redis = redis
        self._share = max_memory_share
        self.reason = ""

    @property
    def is_closed(self) -> bool:
        """Whether new articles should be asked to come back."""
        return bool(self.reason)

    async def watch(self) -> None:
        """Look at Redis' memory until cancelled."""
        while True:
            try:
                self.reason = _judge(await self._redis.info("memory"), self._share)
            except (RedisError, OSError) as error:
                log.debug(Happened.ADMISSION_UNKNOWN, reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)


def _judge(memory: dict[str, int], share: float) -> str:
    limit, used = memory.get("maxmemory", 0), memory.get("used_memory", 0)
    if not limit or used <= share * limit:
        return ""
    return f"the event log uses {used / limit:.0%} of its memory; send again later"
