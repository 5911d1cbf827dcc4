"""What an operator wants to know at a glance: is it moving, how late, what is parked?

Read from Redis alone, so it is true whichever services run.
"""

from dataclasses import dataclass
from time import time
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.streams import EVENTS, INBOX, Keys, dead_letters, heartbeat

LATE_SECONDS = 60
PROOF_SECONDS = 120.0
MOST_COUNTED = 1000

# Redis before 7.0 tells no lag. Counted over there: the entries carry whole articles.
UNREAD = "return #redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])"


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
    """Consumers with a heartbeat. Other programs' consumers have none."""
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of one installation."""

    groups: list[GroupRow]
    missing: list[str]
    """Streams that a service of ours should read, and none ever did."""
    dead: dict[str, int]
    """Entries parked, by source stream; only streams that have some."""
    held: int
    """Articles waiting for embargo or schedule."""
    withdrawals: int
    """Killed or withheld stories that are not proven away everywhere."""
    oldest_withdrawal_seconds: float
    """Since the oldest of them was accepted."""
    is_withdrawal_late: bool

    @property
    def worst(self) -> str:
        """`well`, `warning` (something is parked or slow) or `critical`.

        Critical: a stream that nobody reads, or a story that should be gone and is not proven so.
        """
        ours = [row for row in self.groups if row.is_ours]
        unread = self.missing or any(row.consumers == 0 for row in ours)
        if unread or self.is_withdrawal_late:
            return "critical"
        late = any(row.oldest_pending_seconds > LATE_SECONDS for row in ours)
        return "warning" if self.dead or late else "well"


async def overview(redis: Redis, keys: Keys, proof_seconds: float = PROOF_SECONDS) -> Overview:
    """Look once. Raises RedisError when Redis cannot be asked.

    `proof_seconds` a withdrawal may take until it is late.
    """
    streams = [INBOX, *(stream for event in EVENTS for stream in keys.streams(event))]
    readers = keys.read_by()
    groups = [row for s in streams for row in await _groups(redis, s, readers.get(s, ""))]
    read = {row.stream for row in groups if row.is_ours}
    graves = {stream: int(await redis.xlen(dead_letters(stream))) for stream in streams}
    held = sum([int(await redis.zcard(key)) for key in keys.every("held")])
    withdrawals = sum([int(await redis.zcard(key)) for key in keys.every("withdrawals")])
    oldest = await _oldest_withdrawal_seconds(redis, keys)
    return Overview(
        groups,
        missing=[stream for stream in readers if stream not in read],
        dead={stream: count for stream, count in graves.items() if count},
        held=held,
        withdrawals=withdrawals,
        oldest_withdrawal_seconds=oldest,
        is_withdrawal_late=oldest > proof_seconds,
    )


async def _oldest_withdrawal_seconds(redis: Redis, keys: Keys) -> float:
    accepted: list[float] = []
    for key in keys.every("withdrawals"):
        first: Any = await redis.zrange(key, 0, 0, withscores=True)
        accepted += [at / 1000 for _, at in first]
    return round(max(0.0, time() - min(accepted)), 1) if accepted else 0.0


async def _groups(redis: Redis, stream: str, ours: str) -> list[GroupRow]:
    try:
        found: Any = await redis.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return []
    length = int(await redis.xlen(stream))
    return [await _row(redis, stream, length, group, ours) for group in found]


async def _row(
    redis: Redis, stream: str, length: int, group: dict[str, Any], ours: str
) -> GroupRow:
    name = group["name"].decode()
    summary: Any = await redis.xpending(stream, name)
    oldest = int(summary["min"].split(b"-")[0]) / 1000 if summary["pending"] else time()
    last = group["last-delivered-id"].decode()
    lag = group["lag"] if "lag" in group else await _unread(redis, stream, last)
    return GroupRow(
        stream,
        name,
        length,
        lag,
        summary["pending"],
        round(max(0.0, time() - oldest), 1),
        await _alive(redis, stream, name),
        name == ours,
    )


async def _unread(redis: Redis, stream: str, last: str) -> int | None:
    """What comes after `last`; None when that is too much to count."""
    answer: Any = redis.eval(UNREAD, 1, stream, f"({last}", MOST_COUNTED)
    unread = int(await answer)
    return unread if unread < MOST_COUNTED else None


async def _alive(redis: Redis, stream: str, group: str) -> int:
    consumers: Any = await redis.xinfo_consumers(stream, group)
    names = [consumer["name"].decode() for consumer in consumers]
    return sum([int(await redis.exists(heartbeat(name))) for name in names])
