"""Release: lets held articles go at their time, within a second.

The clock is read anew at every look, so a clock that jumps only moves the moment, and an article
never leaves early. Several processes may look at once; the ledger lets each article go once.
"""

import asyncio
from datetime import datetime
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest.intake import Intake
from shared.logs import Happened
from shared.metrics import HELD
from shared.redis import is_outage

LOOK_SECONDS = 0.2
AT_ONCE = 100
log = structlog.get_logger()


class Release:
    """Watches the held articles of all partitions."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._redis: Redis = intake.ledger.redis
        self._held = intake.ledger.keys.every("held")

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look_once(self._intake.clock())
                HELD.set(sum([int(await self._redis.zcard(key)) for key in self._held]))
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    async def look_once(self, now: datetime) -> int:
        """Let everything go that is due. Returns how many went."""
        went = 0
        for key in self._held:
            due: Any = await self._redis.zrangebyscore(
                key, "-inf", int(now.timestamp() * 1000), start=0, num=AT_ONCE
            )
            for uri in due:
                went += await self._let_go(uri.decode(), now)
        return went

    async def _let_go(self, uri: str, now: datetime) -> bool:
        article = await self._intake.ledger.release(uri, now)
        if article is None:
            return False
        late_ms = int((now - article.due).total_seconds() * 1000) if article.due else 0
        log.info(Happened.ARTICLE_RELEASED, uri=uri, version=article.version, lag_ms=late_ms)
        return True
