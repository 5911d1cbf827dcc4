"""The delivery ledger in Redis: rows, what is due, and who ever got what.

    wiredesk:{p}:delivery:<destination>:<uri>   the row, a hash
    wiredesk:{p}:due:<destination>              when each waiting row is due; kills in `due-kill`
    wiredesk:{p}:receivers:<uri>                every destination that has a row of the article
    wiredesk:{p}:attempts:<destination>         what came of each call, newest at the end

Rules decide (`row.py`); one script writes, if the row is still the one they decided about.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

from redis.asyncio import Redis

from services.publish.delivery.row import LEASE_MS, Row
from services.publish.delivery.together import Together
from shared.streams import Keys

KEEP_ATTEMPTS = 1000
AT_ONCE = 64
"""Rows that one script writes: a few milliseconds, in which Redis does nothing else."""
SCAN_COUNT = 1000
NAMES = tuple(field.name for field in fields(Row))
NUMBERS = frozenset(field.name for field in fields(Row) if field.type is int)

# KEYS: for each row its hash, due, due-kill, receivers, attempts. ARGV: the rows as JSON, each with
# the rev it was decided on. The hash is written first: a full Redis then refuses the whole script.
REPLACE = """
local done = {}
for i, row in ipairs(cjson.decode(ARGV[1])) do
  local k = (i - 1) * 5
  done[i] = 0
  if (redis.call('HGET', KEYS[k + 1], 'rev') or '0') == row.rev then
    redis.call('HSET', KEYS[k + 1], unpack(row.fields))
    redis.call('SADD', KEYS[k + 4], row.destination)
    redis.call('ZREM', KEYS[k + 2], row.uri)
    redis.call('ZREM', KEYS[k + 3], row.uri)
    if row.due > 0 then redis.call('ZADD', KEYS[k + (row.kill and 3 or 2)], row.due, row.uri) end
    if #row.attempt > 0 then
      redis.call('XADD', KEYS[k + 5], 'MAXLEN', '~', ARGV[2], '*', unpack(row.attempt))
    end
    done[i] = 1
  end
end
return done
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it should become. `attempt` is a line for the log of calls, by turns name, value."""

    row: Row
    attempt: tuple[str, ...] = ()
    before: Row | None = None
    """The row as it was read: what is equal in both is not written again. None = write all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for what is due: at most `count` rows of one lane of a destination."""

    destination: str
    kills: bool
    now: int
    count: int


class Ledger:
    """All rows. Several workers may use it at the same time."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._replace = redis.register_script(REPLACE)
        self._together = Together(self._replace_all, AT_ONCE)
        self._due_together = Together(self._rows_due, AT_ONCE)

    async def of_article(self, uri: str) -> list[Row]:
        """The rows of all destinations that ever had something to do with the article."""
        names: Any = await self._redis.smembers(self._keys.of(uri, "receivers"))
        return await self.rows([(uri, name.decode()) for name in sorted(names)])

    async def rows(self, pairs: Iterable[tuple[str, str]]) -> list[Row]:
        """The rows of (uri, destination), those that are there."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for uri, destination in pairs:
                pipe.hgetall(self._keys.of(uri, "delivery", destination))
            hashes: list[dict[bytes, bytes]] = await pipe.execute()
        return [_row(found) for found in hashes if found]

    async def due(self, destination: str, now: int, count: int, *, kills: bool) -> list[Row]:
        """Rows of one destination that are due, longest due first."""
        return await self._due_together(Asked(destination, kills, now, count))

    async def leased(self, destination: str, now: int, *, kills: bool) -> list[Row]:
        """Rows of one lane of a destination that somebody has claimed."""
        keys = [
            self._keys.shared(partition, _due(kills=kills), destination)
            for partition in range(self._keys.partitions)
        ]
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrangebyscore(key, f"({now}", now + LEASE_MS)
            parts: list[list[bytes]] = await pipe.execute()
        rows = await self.rows((uri.decode(), destination) for part in parts for uri in part)
        return [row for row in rows if row.lease_until > now]

    async def _rows_due(self, asked: Sequence[Asked]) -> list[list[Row]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for one in asked:
                for partition in range(self._keys.partitions):
                    key = self._keys.shared(partition, _due(kills=one.kills), one.destination)
                    pipe.zrangebyscore(key, 0, one.now, start=0, num=one.count, withscores=True)
            parts: Iterator[list[tuple[bytes, float]]] = iter(await pipe.execute())
        first: list[list[tuple[str, str]]] = []
        for one in asked:
            found = [pair for part in islice(parts, self._keys.partitions) for pair in part]
            uris = [uri.decode() for uri, _ in sorted(found, key=lambda pair: pair[1])]
            first.append([(uri, one.destination) for uri in uris[: one.count]])
        rows = await self.rows(pair for pairs in first for pair in pairs)
        by_pair = {(row.uri, row.destination): row for row in rows}
        return [[by_pair[pair] for pair in pairs if pair in by_pair] for pairs in first]

    async def lanes_due(self, destinations: Iterable[str], now: int) -> set[tuple[str, bool]]:
        """Which destinations have something due, news (False) and kills (True) apart."""
        lanes = [
            (name, kills, self._keys.shared(partition, _due(kills=kills), name))
            for name in destinations
            for kills in (False, True)
            for partition in range(self._keys.partitions)
        ]
        async with self._redis.pipeline(transaction=False) as pipe:
            for *_, key in lanes:
                pipe.zrange(key, 0, 0, withscores=True)
            firsts: list[list[tuple[bytes, float]]] = await pipe.execute()
        told = zip(lanes, firsts, strict=True)
        return {(name, kills) for (name, kills, _), first in told if first and first[0][1] <= now}

    async def next_due(self, destination: str) -> int | None:
        """When the next row of a destination is due, kills not counted; None when nothing waits."""
        firsts: list[int] = []
        for partition in range(self._keys.partitions):
            key = self._keys.shared(partition, _due(kills=False), destination)
            first: Any = await self._redis.zrange(key, 0, 0, withscores=True)
            firsts += [int(score) for _, score in first]
        return min(firsts, default=None)

    async def waiting_for(self, destinations: Sequence[str]) -> list[int]:
        """How many rows of each destination wait, kills included."""
        lanes = [(p, kills) for p in range(self._keys.partitions) for kills in (True, False)]
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in destinations:
                for partition, kills in lanes:
                    pipe.zcard(self._keys.shared(partition, _due(kills=kills), name))
            counts: list[int] = await pipe.execute()
        width = len(lanes)
        return [sum(counts[at * width : (at + 1) * width]) for at in range(len(destinations))]

    async def of_destination(self, destination: str) -> list[Row]:
        """All rows of a destination, whatever became of them. It looks at every key there is."""
        pairs: list[tuple[str, str]] = []
        for partition in range(self._keys.partitions):
            before = self._keys.shared(partition, "delivery", destination) + ":"
            found = self._redis.scan_iter(match=before + "*", count=SCAN_COUNT)
            pairs += [(key.decode().removeprefix(before), destination) async for key in found]
        return await self.rows(pairs)

    async def attempts(self, destination: str, count: int) -> list[Mapping[str, str]]:
        """The last calls to a destination, newest first; `at_ms` is when they ended."""
        told: list[tuple[int, Mapping[str, str]]] = []
        for partition in range(self._keys.partitions):
            key = self._keys.shared(partition, "attempts", destination)
            entries: Any = await self._redis.xrevrange(key, count=count)
            told += [(int(entry.split(b"-")[0]), _text(line)) for entry, line in entries]
        newest = sorted(told, key=lambda one: one[0], reverse=True)[:count]
        return [{"at_ms": str(at), **line} for at, line in newest]

    async def replace(self, changes: Sequence[Change]) -> list[bool]:
        """Write the rows that have not changed since they were read; says which were.

        Everything that is written at the same time goes together.
        """
        return await self._together(changes) if changes else []

    async def _replace_all(self, asked: Sequence[Sequence[Change]]) -> list[list[bool]]:
        changes = [change for some in asked for change in some]
        done: dict[int, bool] = {}
        for part in self._parts(changes):
            some = [changes[index] for index in part]
            keys = [key for change in some for key in self._keys_of(change.row)]
            rows = json.dumps([_written(change) for change in some])
            answers = await self._replace(keys=keys, args=[rows, KEEP_ATTEMPTS])
            done |= {index: one == 1 for index, one in zip(part, answers, strict=True)}
        answered = iter([done[index] for index in range(len(changes))])
        return [list(islice(answered, len(some))) for some in asked]

    def _parts(self, changes: Sequence[Change]) -> Iterator[Sequence[int]]:
        """Which of the changes one script can write: of one partition, and not too many."""
        of: dict[int, list[int]] = {}
        for index, change in enumerate(changes):
            of.setdefault(self._keys.partition(change.row.uri), []).append(index)
        for indices in of.values():
            for start in range(0, len(indices), AT_ONCE):
                yield indices[start : start + AT_ONCE]

    def _keys_of(self, row: Row) -> tuple[str, ...]:
        partition = self._keys.partition(row.uri)
        return (
            self._keys.of(row.uri, "delivery", row.destination),
            self._keys.shared(partition, _due(kills=False), row.destination),
            self._keys.shared(partition, _due(kills=True), row.destination),
            self._keys.of(row.uri, "receivers"),
            self._keys.shared(partition, "attempts", row.destination),
        )


def _due(*, kills: bool) -> str:
    return "due-kill" if kills else "due"


def _written(change: Change) -> Mapping[str, object]:
    row = change.row
    values = {name: str(value) for name, value in _differing(row, change.before)}
    values["rev"] = str(row.rev + 1)
    return {
        "rev": str(row.rev),
        "uri": row.uri,
        "destination": row.destination,
        "kill": row.is_kill,
        "due": row.due_at,
        "fields": [part for pair in values.items() for part in pair],
        "attempt": list(change.attempt),
    }


def _differing(row: Row, before: Row | None) -> Iterator[tuple[str, object]]:
    for name in NAMES:
        value = getattr(row, name)
        if before is None or value != getattr(before, name):
            yield name, value


def _row(found: Mapping[bytes, bytes]) -> Row:
    values: dict[str, Any] = {
        name: int(value) if name in NUMBERS else value for name, value in _text(found).items()
    }
    return Row(**values)


def _text(found: Mapping[bytes, bytes]) -> Mapping[str, str]:
    return {name.decode(): value.decode() for name, value in found.items()}
