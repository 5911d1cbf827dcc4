"""Makes related links anew when other stories come and go, one article at a time.

What calls for it stands in Redis (`shared/remade.py`), written with its cause, and goes only after
the new list is stored: a crash in between has the work done again, and nothing else.

Of all replicas one works on a partition, by a lease that runs out. That only saves work. What keeps
a list right is its number, drawn before the corpus has caught up with the stream: the list with the
higher number was made with knowledge of all that stood there when it was drawn, so a replica that
was asleep, or is behind, never replaces a newer list by an older one.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_hex
from time import monotonic
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.enrich.archive import Archive
from services.enrich.pipeline import Pipeline
from shared.logs import Happened
from shared.metrics import RELATED_WAITING
from shared.redis import is_outage
from shared.remade import LOST, REMADE, STIRRED, Remade
from shared.streams import Keys

REMAKER, NUMBERS = "remaker", "remade_numbers"
LOOK_SECONDS = 0.5
LEASE_MS = 5_000
CLOCKS_DIFFER = timedelta(minutes=1)
"""What expires within a minute is not linked to: publish may have a clock that is ahead."""

# KEYS: the lease. ARGV: our name, how long it is ours.
TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS: remade. ARGV: uri, number, the list.
STORE = """
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before and cjson.decode(before).number >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""

# KEYS: stirred, the lease. ARGV: uri, how much called for it when it was read, our name.
SETTLE = """
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
"""

log = structlog.get_logger()


class Remaker:
    """One replica's share of the work: at most `per_second` lists, each after a rest."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        archive: Archive,
        pipeline: Pipeline,
        *,
        name: str,
        per_second: float,
        rest_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._archive = archive
        self._pipeline = pipeline
        self._name = f"{name}:{token_hex(4)}"
        self._pause_seconds = 1 / per_second
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._made: dict[str, float] = {}
        """When lists were made lately, by the monotonic clock."""
        self._take = redis.register_script(TAKE)
        self._store = redis.register_script(STORE)
        self._settle = redis.register_script(SETTLE)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            made = False
            try:
                await self._archive.caught_up()
                RELATED_WAITING.set(await self._waiting())
                for partition in range(self._keys.partitions):
                    if await self.look_once(partition):
                        made = True
                        await asyncio.sleep(self._pause_seconds)
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            if not made:
                await asyncio.sleep(LOOK_SECONDS)

    async def look_once(self, partition: int) -> bool:
        """Make the list anew that is called for most in a partition; whether there was one."""
        self._pipeline.corpus.let_expire(self._clock() + CLOCKS_DIFFER)
        if not await self._take(keys=[self._lease(partition)], args=[self._name, LEASE_MS]):
            return False
        called = await self._called_for(partition)
        if called is None:
            return False
        uri, score = called
        await self._attempt(uri)
        self._made[uri] = monotonic()
        keys = [self._keys.shared(partition, STIRRED), self._lease(partition)]
        await self._settle(keys=keys, args=[uri, score, self._name])
        return True

    async def _attempt(self, uri: str) -> None:
        """A bug ends this attempt, and the links stay as they are until something else calls."""
        [error] = await asyncio.gather(self._remake(uri), return_exceptions=True)
        if isinstance(error, BaseException):
            if not isinstance(error, Exception) or is_outage(error):
                raise error
            log.error(Happened.RELATED_FAILED, uri=uri, exc_info=error)

    async def _waiting(self) -> int:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in self._keys.every(STIRRED):
                pipe.zcard(key)
            return sum(await pipe.execute())

    async def _called_for(self, partition: int) -> tuple[str, bytes] | None:
        """The article that calls most and does not rest, and how much."""
        since = monotonic() - self._rest_seconds
        self._made = {uri: at for uri, at in self._made.items() if at > since}
        key = self._keys.shared(partition, STIRRED)
        found: Any = await self._redis.zrange(key, 0, len(self._made), desc=True, withscores=True)
        for uri, score in found:
            if score >= LOST or uri.decode() not in self._made:
                return uri.decode(), b"%d" % score
        return None

    async def _remake(self, uri: str) -> None:
        """Find the related links of an article with all that is known now, and store them."""
        partition = self._keys.partition(uri)
        number: int = await self._redis.incr(self._keys.shared(partition, NUMBERS))
        await self._archive.caught_up()
        article = await self._archive.read(uri)
        if article is None or article.pubstatus != "usable":
            return
        links = self._pipeline.related(article)
        remade = Remade(uri=uri, version=article.version, number=number, links=links)
        body = remade.model_dump_json(exclude_defaults=True)
        await self._store(keys=[self._keys.shared(partition, REMADE)], args=[uri, number, body])

    def _lease(self, partition: int) -> str:
        return self._keys.shared(partition, REMAKER)
