"""The log of calls to a destination, page by page, newest first.

A cursor is `<id of the stream entry>-<partition>` of the last line of the page before: lines of all
partitions are in one order, by id and then by partition.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import Op
from shared.errors import BadField, Invalid
from shared.streams import Keys

MOST = 1000
CURSOR = re.compile(r"(\d{1,15})-(\d{1,15})-(\d{1,5})")
Place = tuple[int, int, int]
"""Milliseconds since 1970, a number within that millisecond, the partition."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was written down when it ended."""

    at_ms: int
    uri: str
    version: int
    op: Op
    tries: int
    """Which try of this version it was, from 1."""
    outcome: str
    error: str
    id: str
    """`webhook-id`, or the key by which the destination knows a repetition."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some calls, newest first; `next` is the cursor of the page behind, "" at the end."""

    calls: list[Call]
    next: str


class CallLog:
    """Reads the logs; couriers write them, and only the last thousand calls are kept."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def page(self, destination: str, count: int, before: str = "") -> Page:
        """At most `count` calls, older than the cursor `before`. Raises Invalid for a bad one."""
        start = _place(before) if before else None
        found: list[tuple[Place, Call]] = []
        for partition in range(self._keys.partitions):
            key = self._keys.shared(partition, "attempts", destination)
            end = _end(start, partition) if start else "+"
            entries: Any = await self._redis.xrevrange(key, max=end, count=count + 1)
            found += [_read(entry, line, partition, destination) for entry, line in entries]
        found.sort(key=lambda one: one[0], reverse=True)
        page = found[:count]
        cursor = "-".join(map(str, page[-1][0])) if len(found) > count else ""
        return Page([call for _, call in page], cursor)


def _place(cursor: str) -> Place:
    found = CURSOR.fullmatch(cursor)
    if found is None:
        fault = BadField("before", "write the `next` of the page before, as it came")
        raise Invalid(f"{fault.field}: {fault.reason}", [fault])
    ms, number, partition = map(int, found.groups())
    return ms, number, partition


def _end(start: Place, partition: int) -> str:
    """Where the reading of a partition begins, so that only what is before `start` is read."""
    ms, number, of = start
    return f"{ms}-{number}" if partition < of else f"({ms}-{number}"


def _read(
    entry: bytes, line: Mapping[bytes, bytes], partition: int, destination: str
) -> tuple[Place, Call]:
    ms, _, number = entry.decode().partition("-")
    told = {name.decode(): value.decode() for name, value in line.items()}
    uri, version = told["uri"], int(told["version"])
    op: Op = "kill" if told["op"] == "kill" else "put"
    key = message_key(uri, version, op, destination)
    call = Call(int(ms), uri, version, op, int(told["try"]), told["outcome"], told["error"], key)
    return (int(ms), int(number), partition), call
