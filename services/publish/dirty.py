"""What must be rebuilt, kept in Redis: a mark stands until what it names is on disk.

A mark carries a token, new with every marking. It is removed only with the token that was read
before the rebuild, so neither a crash nor a change in the middle can lose a rebuild. Urgent marks
have negative tokens and so come first, the newest of them at the head.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from redis.asyncio import Redis

from services.publish.desk_changes import LIST, PAGE
from services.publish.desk_keys import DeskKeys
from shared.streams import Keys

SCAN_COUNT = 1000

CLEAR = """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
"""

POSTPONE = """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), ARGV[1])
end
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One marking of a name in one partition."""

    name: str
    partition: int
    token: bytes


class Dirty:
    """The marks of all partitions."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = DeskKeys(keys)
        self._clear = redis.register_script(CLEAR)
        self._postpone = redis.register_script(POSTPONE)

    async def first(self, count: int, resting: Collection[str] = ()) -> list[str]:
        """Up to `count` names without doubles: urgent first, then the oldest of each partition.

        Those that are `resting` are left out unless they are urgent.
        """
        last = count + len(resting) - 1
        async with self._redis.pipeline(transaction=False) as pipe:
            for partition in self._partitions:
                pipe.zrange(self._keys.dirty(partition), 0, last, withscores=True)
            parts: list[list[tuple[bytes, float]]] = await pipe.execute()
        queue = sorted(
            (token >= 0, rank, name.decode())
            for part in parts
            for rank, (name, token) in enumerate(part)
        )
        wanted = (name for can_wait, _, name in queue if not can_wait or name not in resting)
        return list(dict.fromkeys(wanted))[:count]

    async def urgent(self, count: int) -> list[str]:
        """Up to `count` urgent names without doubles, the newest of each partition first."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for partition in self._partitions:
                pipe.zrangebyscore(self._keys.dirty(partition), "-inf", "(0", start=0, num=count)
            parts: list[list[bytes]] = await pipe.execute()
        names = (name.decode() for part in parts for name in part)
        return list(dict.fromkeys(names))[:count]

    async def marks(self, name: str) -> list[Mark]:
        """The marks that stand for a name now; none when another process has done the work."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for partition in self._partitions:
                pipe.zscore(self._keys.dirty(partition), name)
            tokens: list[float | None] = await pipe.execute()
        return [
            Mark(name, partition, b"%d" % token)
            for partition, token in enumerate(tokens)
            if token is not None
        ]

    async def clear(self, marks: Iterable[Mark]) -> None:
        """Remove those marks that were not set anew since they were read."""
        for mark in marks:
            await self._clear(keys=[self._keys.dirty(mark.partition)], args=[mark.name, mark.token])

    async def postpone(self, marks: Iterable[Mark]) -> None:
        """Let what cannot be built now wait behind everything else."""
        for mark in marks:
            keys = [self._keys.dirty(mark.partition), self._keys.marks(mark.partition)]
            await self._postpone(keys=keys, args=[mark.name, mark.token])

    async def mark_all(self) -> None:
        """Mark every page and every list there is, for a disk that has lost them."""
        for partition in self._partitions:
            for room, kind in (("desk", PAGE), ("list", LIST)):
                prefix = self._keys.keys.shared(partition, room) + ":"
                async for key in self._redis.scan_iter(f"{prefix}*", count=SCAN_COUNT):
                    await self._mark(partition, kind + key.decode().removeprefix(prefix))

    async def _mark(self, partition: int, name: str) -> None:
        token = await self._redis.incr(self._keys.marks(partition))
        await self._redis.zadd(self._keys.dirty(partition), {name: token}, nx=True)

    @property
    def _partitions(self) -> range:
        return range(self._keys.keys.partitions)
