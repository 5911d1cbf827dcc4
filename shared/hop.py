"""One hop: read a batch of a stream, work, and commit everything at once.

    source stream --(FastStream subscriber)--> handler --> Commit: XACK + XADD next

A crash before the commit means that the work is done again, and emitted once. What the handler
raises decides what becomes of the entry (`shared/errors.py`); this is the one place that does so.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from faststream.message import StreamMessage
from faststream.middlewares import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import BatchStreamMessage, RedisBatchStreamMessage
from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.commit import Commit, Value, Write
from shared.errors import Rejected, TryLater
from shared.logs import Happened
from shared.metrics import DEAD_LETTERS, ENTRIES
from shared.redis import is_outage
from shared.streams import dead_letters

log = structlog.get_logger()

POLL_MS = 1000
RECOMMIT_SECONDS = 0.2
MAX_ERROR_CHARS = 4_000
MAX_GRAVE = 6_000
"""Names and values of one dead entry; Lua cannot unpack many more."""


class StreamSettings(BaseModel):
    """Settings `[streams]`; the defaults file says what each means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partitions: PositiveInt
    batch: PositiveInt
    max_deliveries: PositiveInt
    retry_seconds: PositiveFloat
    reclaim_seconds: PositiveFloat
    dead_after_seconds: PositiveFloat
    keep_hours: PositiveFloat


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stream. `deliveries` counts how often it was handed to a consumer, from 1."""

    id: bytes
    fields: Mapping[bytes, bytes]
    deliveries: int = 1


Handler = Callable[[Entry], Awaitable[Sequence[Write]]]


class Lanes:
    """Lets routine work of this process wait while its flash lane has work."""

    def __init__(self) -> None:
        self._flash_batches = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self) -> None:
        self._flash_batches += 1
        self._idle.clear()

    def leave(self) -> None:
        self._flash_batches -= 1
        if not self._flash_batches:
            self._idle.set()

    async def give_way(self) -> None:
        """Return at once when no flash work is going on, else when it is done."""
        await asyncio.sleep(0)
        await self._idle.wait()


class Hop:
    """A handler bound to one source stream and group."""

    def __init__(
        self,
        broker: RedisBroker,
        redis: Redis,
        *,
        source: str,
        group: str,
        consumer: str,
        handler: Handler,
        settings: StreamSettings,
        lanes: Lanes,
    ) -> None:
        self.redis = redis
        self.source = source
        self.group = group
        self.consumer = consumer
        self.dead = dead_letters(source)
        self.settings = settings
        self.commit = Commit(redis, source, group)
        self.in_flight: set[bytes] = set()
        self.last_fetch = monotonic()
        self.stopping = False
        self._handler = handler
        self._lanes = lanes
        self._is_flash = source.endswith(":flash")
        self.subscriber = broker.subscriber(
            stream=StreamSub(
                source,
                group=group,
                consumer=consumer,
                batch=True,
                max_records=settings.batch,
                polling_interval=POLL_MS,
            ),
            ack_policy=AckPolicy.MANUAL,
            parser=self._parse,
            decoder=self._decode,
            no_reply=True,
        )
        self.subscriber(self._on_batch)

    async def _parse(self, raw: BatchStreamMessage) -> RedisBatchStreamMessage:
        # FastStream's own parser would decode and re-encode every body; we keep the bytes.
        consumer: Any = self.redis  # FastStream's protocol asks for narrower types than redis-py's
        return RedisBatchStreamMessage(
            raw_message=raw, body=b"", headers={}, consumer=consumer, group=self.group
        )

    async def _decode(self, message: StreamMessage[BatchStreamMessage]) -> list[Entry]:
        raw = message.raw_message
        return [Entry(*pair) for pair in zip(raw["message_ids"], raw["data"], strict=True)]

    async def _on_batch(self, entries: list[Entry]) -> None:
        self.last_fetch = monotonic()
        await self.process(entries)

    async def process(self, entries: Sequence[Entry]) -> None:
        """Handle the entries in order, then commit those that are settled, together."""
        ids = {entry.id for entry in entries}
        self.in_flight |= ids
        if self._is_flash:
            self._lanes.enter()
        try:
            await self._commit_until_done(await self._settle(entries))
        finally:
            self.in_flight -= ids
            if self._is_flash:
                self._lanes.leave()

    async def _settle(self, entries: Sequence[Entry]) -> dict[bytes, Sequence[Write]]:
        settled: dict[bytes, Sequence[Write]] = {}
        for entry in entries:
            if not self._is_flash:
                await self._lanes.give_way()
            writes = await self._attempt(entry)
            if writes is not None:
                settled[entry.id] = writes
        return settled

    async def _attempt(self, entry: Entry) -> Sequence[Write] | None:
        """What to write for the entry, or None to leave it pending."""
        if entry.deliveries > self.settings.max_deliveries:
            # It never came back from its handler: it kills the process that tries.
            return [self._bury(entry, "delivered too often without an outcome")]
        try:
            return await self._handler(entry)
        except Rejected as error:
            return [self._bury(entry, f"{type(error).__name__}: {error}")]
        except Exception as error:  # noqa: BLE001  # the one place that tells a bug from an outage
            if isinstance(error, TryLater) or is_outage(error):
                await self._leave_for_later(entry, error)
                return None
            return self._failed(entry, error)

    async def _leave_for_later(self, entry: Entry, error: Exception) -> None:
        """Waiting is not failing: take this delivery back from the count."""
        log.warning(
            Happened.ENTRY_WAITS, stream=self.source, entry_id=entry.id.decode(), reason=str(error)
        )
        try:
            await self.redis.xclaim(
                self.source, self.group, self.consumer, 0, [entry.id], retrycount=1, justid=True
            )
        except (RedisError, OSError) as outage:
            if not is_outage(outage):
                raise

    def _failed(self, entry: Entry, error: Exception) -> Sequence[Write] | None:
        log.error(
            Happened.ENTRY_FAILED,
            stream=self.source,
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            of=self.settings.max_deliveries,
            exc_info=error,
        )
        ENTRIES.labels(self.group, "failed").inc()
        if entry.deliveries < self.settings.max_deliveries:
            return None
        return [self._bury(entry, "".join(traceback.format_exception(error, limit=-6)))]

    def _bury(self, entry: Entry, error: str) -> Write:
        """Into the dead-letter stream with all original fields, so that it can be replayed."""
        log.error(
            Happened.ENTRY_DEAD_LETTERED,
            stream=self.source,
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            reason=error.strip().splitlines()[-1],
        )
        DEAD_LETTERS.labels(self.group).inc()
        grave: list[Value] = [part for pair in entry.fields.items() for part in pair]
        if len(grave) > MAX_GRAVE:
            error = f"{len(grave) // 2} fields, more than can be kept; {error}"
            grave = grave[:MAX_GRAVE]
        grave += ["src", self.source, "src_id", entry.id, "group", self.group]
        grave += ["deliveries", entry.deliveries, "error", error[-MAX_ERROR_CHARS:]]
        return Write.add(self.dead, grave)

    async def _commit_until_done(self, settled: Mapping[bytes, Sequence[Write]]) -> None:
        """Repeat until Redis takes it: the work is done and the entries are still pending for us.

        Repeating is safe because of the fence. A commit that cannot be done does not count as a
        delivery, so an outage never sends good entries to the dead letters.
        """
        while settled:
            try:
                done = await self.commit(settled)
            except (RedisError, OSError) as error:
                log.warning(Happened.COMMIT_WAITS, stream=self.source, reason=str(error))
                if self.stopping:
                    return
                await asyncio.sleep(RECOMMIT_SECONDS)
            else:
                ENTRIES.labels(self.group, "committed").inc(done)
                return
