"""What an operator wants to know at a glance: is it moving, how late, what is parked?

Read from Redis alone, so it is true whichever services run.
"""

from dataclasses import dataclass
from time import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.keeper import heartbeat_key
from shared.streams import EVENTS, INBOX, Keys


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group on one stream. `lag` None means that Redis does not know, which is not 0."""

    stream: str
    group: str
    length: int
    lag: int | None
    pending: int
    oldest_pending_seconds: float
    consumers: int
    """Consumers with a heartbeat."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one installation."""

    groups: list[GroupRow]
    dead: dict[str, int]
    """Entries parked, by source stream; only streams that have some."""
    held: int
    """Articles waiting for embargo or schedule."""

    @property
    def worst(self) -> str:
        """`well`, `warning` (something is parked or slow) or `critical` (a group has nobody)."""
        if any(row.consumers == 0 for row in self.groups):
            return "critical"
        late = any(row.oldest_pending_seconds > LATE_SECONDS for row in self.groups)
        return "warning" if self.dead or late else "well"


LATE_SECONDS = 60


async def overview(redis: Redis, keys: Keys) -> Overview:
    """Look once. Raises RedisError when Redis cannot be asked."""
    streams = [INBOX, *(stream for event in EVENTS for stream in keys.streams(event))]
    groups = [row for stream in streams for row in await _groups(redis, stream)]
    graves = {stream: int(await redis.xlen(f"{stream}:dead")) for stream in streams}
    held = sum([int(await redis.zcard(key)) for key in keys.every("held")])
    return Overview(groups, {stream: count for stream, count in graves.items() if count}, held)


async def _groups(redis: Redis, stream: str) -> list[GroupRow]:
    try:
        found: Any = await redis.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return []
    length = int(await redis.xlen(stream))
    return [await _row(redis, stream, length, group) for group in found]


async def _row(redis: Redis, stream: str, length: int, group: dict[str, Any]) -> GroupRow:
    name = group["name"].decode()
    summary: Any = await redis.xpending(stream, name)
    oldest = int(summary["min"].split(b"-")[0]) / 1000 if summary["pending"] else time()
    lag = group.get("lag", await _unread(redis, stream, group["last-delivered-id"].decode()))
    return GroupRow(
        stream,
        name,
        length,
        lag,
        summary["pending"],
        round(max(0.0, time() - oldest), 1),
        await _alive(redis, stream, name),
    )


async def _unread(redis: Redis, stream: str, last: str) -> int | None:
    """Redis before 7.0 tells no lag: count, but not far."""
    few = 1000
    unread: Any = await redis.xrange(stream, f"({last}", "+", count=few)
    return len(unread) if len(unread) < few else None


async def _alive(redis: Redis, stream: str, group: str) -> int:
    consumers: Any = await redis.xinfo_consumers(stream, group)
    names = [consumer["name"].decode() for consumer in consumers]
    return sum([int(await redis.exists(heartbeat_key(name))) for name in names])
