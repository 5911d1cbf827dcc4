"""Brings related links that enrich has made anew to the desk, from where pages and ninjs take them.

Only readers' pages follow: nothing is announced, because no word of the story has changed. A list
stays where enrich has put it until it stands on the desk or comes too late for it, so a crash loses
none; several processes may look, for the desk refuses what is older (`desk_rule.relinked`).

The row changes under the lock of its page: whoever builds the page of a new version would else find
that the row has moved on, and the version would be announced before the sequence of changes has it.
"""

import asyncio
from typing import Any

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.publish.desk import Desk
from services.publish.desk_changes import PAGE
from services.publish.desk_keys import DeskKeys
from services.publish.site.files import Files
from shared.errors import TryLater
from shared.logs import Happened
from shared.redis import is_outage
from shared.remade import Remade
from shared.streams import Keys

LOOK_SECONDS = 0.5
SCAN_COUNT = 100

# KEYS: remade. ARGV: uri, the list that was read.
REMOVE = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('HDEL', KEYS[1], ARGV[1])
end
return 0
"""
log = structlog.get_logger()


class Relinking:
    """Watches what enrich has made anew. `wake` rouses the builder of the pages in `files`."""

    def __init__(
        self, redis: Redis, keys: Keys, desk: Desk, files: Files, wake: asyncio.Event
    ) -> None:
        self._redis = redis
        self._keys = DeskKeys(keys)
        self._desk = desk
        self._files = files
        self._wake = wake
        self._remove = redis.register_script(REMOVE)

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look_once()
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    async def look_once(self) -> int:
        """Let every list stand whose version is on the desk. Returns how many were settled."""
        settled = 0
        for partition in range(self._keys.keys.partitions):
            key = self._keys.remade(partition)
            async for uri, body in self._redis.hscan_iter(key, count=SCAN_COUNT):
                settled += await self._settle(key, uri, body)
        if settled:
            self._wake.set()
        return settled

    async def _settle(self, key: str, uri: bytes, body: bytes) -> bool:
        """Whether it need not be looked at again."""
        try:
            remade = Remade.model_validate_json(body)
        except ValidationError as error:  # somebody else wrote it
            told = error.errors(include_url=False, include_input=False)
            log.warning(Happened.ARTICLE_REJECTED, uri=uri.decode(), reason=str(told))
        else:
            if not await self._stands(remade):
                return False
        removing: Any = self._remove(keys=[key], args=[uri, body])
        await removing
        return True

    async def _stands(self, remade: Remade) -> bool:
        try:
            async with self._files.alone(PAGE + remade.uri):
                outcome = await self._desk.relink(remade)
        except TryLater:
            return False
        if outcome == "relinked":
            log.info(
                Happened.ARTICLE_RELINKED,
                uri=remade.uri,
                version=remade.version,
                related=len(remade.links),
            )
        return outcome != "waits"
