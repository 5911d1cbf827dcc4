"""Expiry: takes articles out of everything that offers them when their `expires` comes.

"The date and time after which the Item is no longer considered editorially relevant by its
provider" (IPTC ninjs, `expires`): the page stays for who has its address, and says so; lists,
feeds and related cards let go of it. The clock is read anew at every look, so one that jumps only
moves the moment, and what a clock took away that was ahead comes back. Several processes may look.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from redis.exceptions import RedisError

from services.publish.desk import Desk
from services.publish.desk_row import Row
from shared.errors import TryLater
from shared.logs import Happened
from shared.redis import is_outage

LOOK_SECONDS = 0.2
AT_ONCE = 32
log = structlog.get_logger()


class Expiry:
    """Watches what can expire. `wake` rouses the builder, which rebuilds what the desk marked."""

    def __init__(self, desk: Desk, wake: asyncio.Event, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._wake = wake
        self._clock = clock

    async def watch(self) -> None:
        """Look until cancelled, again at once as long as something changes."""
        while True:
            changed = 0
            try:
                changed = await self.look_once(self._clock())
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(0 if changed else LOOK_SECONDS)

    async def look_once(self, now: datetime) -> int:
        """Let everything expire that is due. Returns how many articles changed."""
        turning = await self._desk.turning(now, AT_ONCE)
        rows = await asyncio.gather(*(self._age(uri, now) for uri in turning))
        changed = [row for row in rows if row]
        if changed:
            self._wake.set()
        for row in changed:
            self._tell(row)
        return len(changed)

    async def _age(self, uri: str, now: datetime) -> Row | None:
        try:
            return await self._desk.age(uri, now)
        except TryLater:
            return None  # others change it again and again; the next look sees what came of it

    def _tell(self, row: Row) -> None:
        until = row.article.expires if row.article else None
        late = self._clock() - until if until else None
        log.info(
            Happened.ARTICLE_EXPIRED if row.expired else Happened.ARTICLE_RELISTED,
            uri=row.uri,
            version=row.version,
            path=row.path,
            lag_ms=round(late.total_seconds() * 1000) if late else 0,
        )
