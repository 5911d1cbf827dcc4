"""The log of changes in Redis: every story that readers ever saw, once, at its newest change.

    wiredesk:{p}:changes    sorted set: its stories by the number of their newest change
    wiredesk:{p}:told       hash: uri -> that change (`change.py`)
    wiredesk:{p}:sequence   hash: `last` number given; `epoch`, a name made when the log began;
                            `complete` once every story there was before it has been marked

A number is given in the instant the page is known to be on disk, not before: so whoever can read a
number can read all below it, and no story whose page cannot be built holds up the others. Numbers
are microseconds since 1970, or one more than the last where the clock stands or goes back: so they
also grow when a Redis comes back with an older copy of its data.
"""

import asyncio
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from redis.asyncio import Redis

from services.publish.changes.change import Change, change_of, from_json, to_json
from services.publish.changes.cursor import Cursor, log_id
from services.publish.changes.page import Page, page_of
from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row
from shared.streams import Keys

READS_AT_ONCE = 32
"""Of all readers together: a thousand who come at once must leave connections for publishing."""

# KEYS: the desk's row, sequence, changes, told. ARGV: uri, rev of the row that the page shows, what
# was told before, what is to be told, an epoch. Numbers are below 2^53, exact as doubles. The story
# is told last: whatever breaks off before that is done again.
TELL = """
if redis.call('HGET', KEYS[1], 'rev') ~= ARGV[2] then return 0 end
if (redis.call('HGET', KEYS[4], ARGV[1]) or '') ~= ARGV[3] then return 0 end
local now = redis.call('TIME')
local last = tonumber(redis.call('HGET', KEYS[2], 'last') or 0)
local number = string.format('%.0f', math.max(now[1] * 1000000 + now[2], last + 1))
redis.call('HSET', KEYS[2], 'last', number)
redis.call('HSETNX', KEYS[2], 'epoch', ARGV[5])
redis.call('ZADD', KEYS[3], number, ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[4])
return 1
"""

# KEYS: sequence, changes, told. ARGV: number to read after, most changes.
READ = """
local head = redis.call('HMGET', KEYS[1], 'epoch', 'last')
local after, count = '(' .. ARGV[1], ARGV[2]
local found = redis.call('ZRANGEBYSCORE', KEYS[2], after, '+inf', 'WITHSCORES', 'LIMIT', 0, count)
local uris, numbers = {}, {}
for i = 1, #found, 2 do uris[#uris + 1] = found[i]; numbers[#numbers + 1] = found[i + 1] end
local told = #uris > 0 and redis.call('HMGET', KEYS[3], unpack(uris)) or {}
return {head[1], head[2] or '0', numbers, told}
"""


class LostLog(Exception):
    """The cursor is of another log, or of more than this one holds: its reader begins anew."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one partition answered."""

    epoch: str
    last: int
    changes: tuple[tuple[int, bytes], ...]
    """By number, as they are kept."""


class ChangeLog:
    """Written by whoever builds pages, read by everybody. `rung` is set when something was told."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._desk = DeskKeys(keys)
        self._tell = redis.register_script(TELL)
        self._read = redis.register_script(READ)
        self._turns = asyncio.Semaphore(READS_AT_ONCE)
        self.rung = asyncio.Event()

    async def tell(self, row: Row) -> None:
        """Tell what the page on disk, built from `row`, has changed. Safe to repeat.

        Nothing is told when the desk has moved on: that has its own mark and is told when built.
        """
        partition = self._keys.partition(row.uri)
        told = self._told(partition)
        before: Any = await self._redis.hget(told, row.uri)
        change = change_of(row, from_json(before) if before else None)
        if change is None:
            return
        keys = [self._desk.row(row.uri), self._sequence(partition), self._changes(partition), told]
        args = [row.uri, row.rev, before or b"", to_json(change), token_hex(4)]
        await self._tell(keys=keys, args=args)
        self.rung.set()

    async def since(self, microseconds: int) -> Cursor:
        """The cursor of somebody who has read all that was told up to an instant.

        The instant is in microseconds since 1970; 0 has read nothing.
        """
        parts = await self._parts((0,) * self._keys.partitions, 0)
        epochs = await self._epochs(parts)
        return Cursor(log_id(epochs), tuple(min(microseconds, part.last) for part in parts))

    async def page(self, after: Cursor | None, limit: int) -> Page:
        """Up to `limit` changes after a cursor, oldest first; None = from the beginning.

        Raises LostLog when the cursor cannot be followed.
        """
        numbers = after.numbers if after else (0,) * self._keys.partitions
        if len(numbers) != self._keys.partitions:
            raise LostLog
        parts = await self._parts(numbers, limit)
        at = Cursor(log_id(await self._epochs(parts)), numbers)
        if after and after.log != at.log:
            raise LostLog
        if any(number > part.last for number, part in zip(numbers, parts, strict=True)):
            raise LostLog
        return page_of(at, [part.changes for part in parts], limit)

    async def is_complete(self) -> bool:
        """Whether every story of the desk is told, or marked and thus going to be."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for partition in self._partitions:
                pipe.hexists(self._sequence(partition), "complete")
            return all(await pipe.execute())

    async def complete(self) -> None:
        """Note that it is."""
        for partition in self._partitions:
            await self._redis.hset(self._sequence(partition), "complete", "1")

    async def heads(self) -> tuple[int, ...]:
        """The last number given in each partition."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for partition in self._partitions:
                pipe.hget(self._sequence(partition), "last")
            lasts: list[bytes | None] = await pipe.execute()
        return tuple(int(last or 0) for last in lasts)

    async def newest(self, uri: str) -> tuple[int, Change] | None:
        """The newest change of a story, with its number; None when nothing was ever told of it."""
        partition = self._keys.partition(uri)
        async with self._turns, self._redis.pipeline(transaction=False) as pipe:
            pipe.zscore(self._changes(partition), uri)
            pipe.hget(self._told(partition), uri)
            found: list[Any] = await pipe.execute()
        number, change = found
        return (int(number), from_json(change)) if number and change else None

    async def _parts(self, numbers: tuple[int, ...], limit: int) -> list[_Part]:
        reads = (self._part(p, number, limit) for p, number in enumerate(numbers))
        return list(await asyncio.gather(*reads))

    async def _part(self, partition: int, number: int, limit: int) -> _Part:
        keys = [self._sequence(partition), self._changes(partition), self._told(partition)]
        async with self._turns:
            epoch, last, numbers, told = await self._read(keys=keys, args=[number, limit])
        changes = tuple(zip(map(int, numbers), told, strict=True))
        return _Part((epoch or b"").decode(), int(last), changes)

    async def _epochs(self, parts: list[_Part]) -> list[str]:
        """The epoch of each partition; one that has none gets it now, since cursors name it."""
        return [part.epoch or await self._begin(at) for at, part in enumerate(parts)]

    async def _begin(self, partition: int) -> str:
        await self._redis.hsetnx(self._sequence(partition), "epoch", token_hex(4))
        epoch: Any = await self._redis.hget(self._sequence(partition), "epoch")
        return str(epoch.decode())

    @property
    def _partitions(self) -> range:
        return range(self._keys.partitions)

    def _sequence(self, partition: int) -> str:
        return self._keys.shared(partition, "sequence")

    def _changes(self, partition: int) -> str:
        return self._keys.shared(partition, "changes")

    def _told(self, partition: int) -> str:
        return self._keys.shared(partition, "told")
