"""What keeps a hop alive: heals its group, takes over what dead consumers left, trims its stream.

FastStream stops a subscriber for good when its group vanishes and never re-reads an entry that was
delivered before a crash. The keeper looks after both, once per `retry_seconds`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from shared.hop import Entry, Hop
from shared.logs import Happened
from shared.metrics import GROUPS_RECREATED, RECLAIMED
from shared.redis import is_outage
from shared.streams import heartbeat
from shared.trim import trim

log = structlog.get_logger()

PING_SECONDS = 1.0
TIDY_SECONDS = 60.0
PAGE = 100

# A dead consumer is forgotten only while it has nothing pending, or that would be lost.
FORGET = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
return redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
"""


class Keeper:
    """Looks after one hop for as long as the service runs."""

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self.redis: Redis = hop.redis
        self.trouble: str | None = "not started yet"
        """Why the hop cannot work now, or None."""
        self._started = False
        self._next_tidy = 0.0
        self._forget = self.redis.register_script(FORGET)

    async def run(self) -> None:
        """Keep the hop alive until it is stopped."""
        while not self.hop.stopping:
            try:
                await self.look_once()
            except ResponseError as error:
                self._note(str(error))
                await self._pause()
            except (RedisError, OSError) as error:
                self._note(str(error) or type(error).__name__)
            await asyncio.sleep(self.hop.settings.retry_seconds)

    async def look_once(self) -> None:
        """One round: heal, recover, and tidy when it is time.

        It begins with a ping that has little time: a command that went down with a connection
        would take its whole timeout, and Redis may be back long before.
        """
        async with asyncio.timeout(PING_SECONDS):
            await self.redis.ping()
        await self.heal()
        await self.recover()
        if monotonic() >= self._next_tidy:
            await self.tidy()
            self._next_tidy = monotonic() + TIDY_SECONDS

    def _note(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning(Happened.KEEPER_FAILED, stream=self.hop.source, reason=trouble)
        self.trouble = trouble

    async def _pause(self) -> None:
        """Stop reading while Redis refuses us: FastStream would ask again without any rest."""
        if self.hop.subscriber.running and not self.hop.in_flight:
            await self.hop.subscriber.stop()

    async def heal(self) -> None:
        """Make sure that stream and group exist and that the subscriber reads."""
        hop = self.hop
        created = await self.ensure_group()
        if created and self._started:
            log.warning(Happened.GROUP_RECREATED, stream=hop.source, group=hop.group)
            GROUPS_RECREATED.labels(hop.group).inc()
        if created or not self._started:
            # Redis 6.2 lists a consumer only after its first entry, and `status` wants to see it.
            with suppress(OutOfMemoryError):  # reading makes it as well
                await self.redis.xgroup_createconsumer(hop.source, hop.group, hop.consumer)
        await self.redis.xack(
            hop.source, hop.group, "0-0"
        )  # a write that changes nothing: allowed?
        if self.trouble and self._started and hop.subscriber.running and not hop.in_flight:
            # It may sit in FastStream's fixed five seconds of back-off; a new start reads at once.
            await hop.subscriber.stop()
        if not hop.subscriber.running and not hop.stopping:
            await hop.subscriber.start()
            log.info(Happened.SUBSCRIBER_RESTARTED, stream=hop.source, group=hop.group)
        self.trouble = None
        self._started = True

    async def ensure_group(self) -> bool:
        """Create the group at 0 unless it is there: at `$` it would miss what came before."""
        hop = self.hop
        if await self.has_group():
            return False
        try:
            await self.redis.xgroup_create(hop.source, hop.group, "0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        return True

    async def has_group(self) -> bool:
        """Whether the stream and our group on it exist at this moment."""
        try:
            groups = await self.redis.xinfo_groups(self.hop.source)
        except ResponseError as error:
            if "no such key" not in str(error):
                raise
            return False
        return any(group["name"] == self.hop.group.encode() for group in groups)

    async def recover(self) -> None:
        """Take over what failed here, or was left by a consumer that died or hangs."""
        alive: dict[bytes, bool] = {}
        start = "-"
        while not self.hop.stopping:
            page = await self._pending(start)
            for row in page:
                if await self._may_take(row, alive):
                    await self._take(row)
            if len(page) < PAGE:
                return
            start = "(" + page[-1]["message_id"].decode()

    async def _pending(self, start: str) -> Sequence[Mapping[str, Any]]:
        idle = int(self.hop.settings.retry_seconds * 1000)
        rows: Sequence[Mapping[str, Any]] = await self.redis.xpending_range(
            self.hop.source, self.hop.group, start, "+", PAGE, idle=idle
        )
        return rows

    async def _may_take(self, row: Mapping[str, Any], alive: dict[bytes, bool]) -> bool:
        if row["message_id"] in self.hop.in_flight:
            return False
        owner: bytes = row["consumer"]
        if owner == self.hop.consumer.encode():
            return bool(row["time_since_delivered"] >= self._patience_ms(row["times_delivered"]))
        if owner not in alive:
            alive[owner] = bool(await self.redis.exists(heartbeat(owner.decode())))
        hangs_ms = self.hop.settings.reclaim_seconds * 1000
        return bool(not alive[owner] or row["time_since_delivered"] >= hangs_ms)

    def _patience_ms(self, deliveries: int) -> float:
        """How long an entry that failed here rests: twice as long after each delivery."""
        return float(self.hop.settings.retry_seconds * 1000 * 2 ** (deliveries - 1))

    async def _take(self, row: Mapping[str, Any]) -> None:
        """Claim one entry and work on it alone.

        One at a time: an entry that kills its process must not count against its neighbours.
        """
        hop, entry_id = self.hop, row["message_id"]
        idle = int(hop.settings.retry_seconds * 1000)
        claimed: Any = await self.redis.xclaim(
            hop.source, hop.group, hop.consumer, idle, [entry_id]
        )
        if claimed and claimed[0][1]:
            if row["consumer"] != hop.consumer.encode():
                log.info(Happened.CONSUMER_RECLAIMED, stream=hop.source, entry_id=entry_id.decode())
                RECLAIMED.labels(hop.group).inc()
            await hop.process([Entry(entry_id, claimed[0][1], row["times_delivered"] + 1)])
        elif not await self.redis.xrange(hop.source, entry_id, entry_id):
            await self.redis.xack(hop.source, hop.group, entry_id)  # deleted meanwhile

    async def tidy(self) -> None:
        """Trim the stream, and forget consumers that died with nothing pending."""
        hop = self.hop
        await trim(self.redis, hop.source, hop.settings.keep_hours)
        for consumer in await self.redis.xinfo_consumers(hop.source, hop.group):
            name = consumer["name"].decode()
            if name != hop.consumer and not await self.redis.exists(heartbeat(name)):
                await self._forget_consumer(name)

    async def _forget_consumer(self, name: str) -> None:
        try:
            await self._forget(keys=[self.hop.source], args=[self.hop.group, name])
        except ResponseError as error:
            if not is_outage(error):
                raise
            return  # a full Redis refuses that, and it can wait
