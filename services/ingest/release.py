"""Release: lets held articles go at their time, within a second.

The clock is read anew at every look, so a clock that jumps only moves the moment, and an article
never leaves early. Several processes may look at once; the ledger lets each article go once.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest.intake import Intake
from shared.logs import Happened
from shared.metrics import HELD
from shared.redis import is_outage

LOOK_SECONDS = 0.2
AT_ONCE = 32
"""Articles that leave side by side, so that they share Redis' fsync."""
UNREADABLE_PAUSE = timedelta(minutes=1)
log = structlog.get_logger()


class Release:
    """Watches the held articles of all partitions."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._redis: Redis = intake.ledger.redis
        self._held = intake.ledger.keys.every("held")

    async def watch(self) -> None:
        """Look until cancelled, again at once as long as something goes."""
        while True:
            went = 0
            try:
                went = await self.look_once(self._intake.clock())
                HELD.set(sum([int(await self._redis.zcard(key)) for key in self._held]))
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(0 if went else LOOK_SECONDS)

    async def look_once(self, now: datetime) -> int:
        """Let what is due go, the earliest first. Returns how many went."""
        went = 0
        for key in self._held:
            due: Any = await self._redis.zrangebyscore(
                key, "-inf", int(now.timestamp() * 1000), start=0, num=AT_ONCE
            )
            went += sum(await asyncio.gather(*(self._let_go(uri.decode(), now) for uri in due)))
        return went

    async def _let_go(self, uri: str, now: datetime) -> int:
        try:
            went = await self._intake.ledger.release(uri, now)
        except ValidationError as error:  # held by a wiredesk that knew other articles
            log.error(Happened.ARTICLE_UNREADABLE, uri=uri, reason=str(error))  # noqa: TRY400
            await self._intake.ledger.look_again(uri, now + UNREADABLE_PAUSE)
            return 0
        for article in went:
            late = self._intake.clock() - (article.due or now)
            log.info(
                Happened.ARTICLE_RELEASED,
                uri=article.uri,
                version=article.version,
                lag_ms=round(late.total_seconds() * 1000),
            )
        return len(went)
