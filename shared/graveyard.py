"""The dead-letter streams: what is parked, with its cause, and how it comes back.

A dead entry holds all fields of the original plus `src`, `src_id`, `group`, `deliveries`, `error`.
A replay puts the original fields back on the stream they came from and takes the dead entry away,
in one script, so that it is neither lost nor doubled. They are taken by their place, not by name:
an entry may have fields called `error` or `group` of its own, or one name twice.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.streams import EVENTS, INBOX, Keys, dead_letters

ADDED = (b"src", b"src_id", b"group", b"deliveries", b"error")
PAGE = 100

# KEYS: dead stream, source stream. ARGV: id of the dead entry, how many values were added to it.
# What can fail comes first: a script that fails half-way is not rolled back.
REPLAY = """
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not found then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(found[2], 1, #found[2] - ARGV[2]))
return redis.call('XDEL', KEYS[1], ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Dead:
    """One parked entry. `name` is unique over all dead-letter streams."""

    stream: str
    """The dead-letter stream."""
    id: str
    source: str
    group: str
    deliveries: int
    error: str
    fields: dict[bytes, bytes]
    """The original fields, to look at; the last value of a name that came twice."""

    @property
    def name(self) -> str:
        return f"{self.source}/{self.id}"

    @property
    def uri(self) -> str:
        """Of the article, when the entry says so."""
        return self.fields.get(b"uri", b"").decode(errors="replace")

    @property
    def at(self) -> datetime:
        """When it was parked."""
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1000, UTC)


class Graveyard:
    """All dead-letter streams of an installation."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._sources = [INBOX, *(s for event in EVENTS for s in keys.streams(event))]
        self._replay = redis.register_script(REPLAY)

    async def entries(self) -> AsyncIterator[Dead]:
        """Everything that is parked, oldest first in each stream."""
        for source in self._sources:
            start = "-"
            grave = dead_letters(source)
            while page := await self._page(grave, start):
                for entry_id, fields in page:
                    yield _dead(grave, source, entry_id.decode(), fields)
                start = f"({page[-1][0].decode()}"

    async def replay(self, dead: Dead) -> bool:
        """Put it back where it came from. False when somebody else took it meanwhile."""
        added = 2 * len(ADDED)
        return bool(await self._replay(keys=[dead.stream, dead.source], args=[dead.id, added]))

    async def drop(self, dead: Dead) -> bool:
        """Throw it away for good."""
        return bool(await self._redis.xdel(dead.stream, dead.id))

    async def _page(self, stream: str, start: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        page: Any = await self._redis.xrange(stream, start, "+", count=PAGE)
        return list(page)


def _dead(stream: str, source: str, entry_id: str, fields: dict[bytes, bytes]) -> Dead:
    told = {name: fields.get(name, b"").decode(errors="replace") for name in ADDED}
    original = {name: value for name, value in fields.items() if name not in ADDED}
    return Dead(
        stream,
        entry_id,
        source,
        told[b"group"],
        int(told[b"deliveries"] or 0),
        told[b"error"],
        original,
    )
