"""The desk: the current state of every article, changed only by compare-and-set.

Python reads a row, the rule decides, and one script does everything that follows if the row is
still the one that was read. So a newer version is never replaced by an older one, however many
processes publish, and what must be rebuilt is marked in the same instant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from services.publish.desk_changes import Changes, Command, changes, links_of, relinking
from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row, from_hash
from services.publish.desk_rule import Decision, aged, decide, relinked
from services.publish.lists import ALL
from services.publish.live import Listing, ListKind, LiveArticle, Tombstone
from shared.article import Article
from shared.errors import TryLater
from shared.remade import Remade
from shared.streams import Keys
from shared.timeline import KEEP_ENTRIES

Relinked = Literal["relinked", "stands", "waits"]
"""`stands`: nothing to do, or it came too late. `waits`: its version is not on the desk yet."""
MAX_RACES = 50
CLOCKS_DIFFER = timedelta(minutes=1)

# KEYS: row, dirty, marks, linked_by, stirred, then all that the commands touch.
# ARGV: expected rev, changes.
# The first write is a mark, so a full Redis refuses the script before anything has changed.
COMPARE_AND_SET = """
if (redis.call('HGET', KEYS[1], 'rev') or '0') ~= ARGV[1] then return 0 end
local changes = cjson.decode(ARGV[2])
local function mark(name)
  local token = redis.call('INCR', KEYS[3])
  local before = tonumber(redis.call('ZSCORE', KEYS[2], name) or 0)
  if changes.urgent or before < 0 then token = -token end
  redis.call('ZADD', KEYS[2], token, name)
end
for _, name in ipairs(changes.marks) do mark(name) end
if changes.linkers then
  for _, uri in ipairs(redis.call('SMEMBERS', KEYS[4])) do
    mark('page:' .. uri)
    if changes.stirs > 0 then redis.call('ZINCRBY', KEYS[5], changes.stirs, uri) end
  end
end
for _, command in ipairs(changes.commands) do redis.call(unpack(command)) end
return 1
"""


class Desk:
    """The rows, and the lists made of them. `zone` is where the newspaper is printed."""

    def __init__(self, redis: Redis, keys: Keys, zone: ZoneInfo) -> None:
        self._redis = redis
        self._keys = DeskKeys(keys)
        self._zone = zone
        self._compare_and_set = redis.register_script(COMPARE_AND_SET)

    async def put(self, article: Article, now: datetime) -> Decision:
        """Let an event about an article take effect. Safe to repeat.

        `decision.row.live` or `.tombstone` is what has to be announced. Raises TryLater when other
        processes change the same article again and again.
        """
        for _ in range(MAX_RACES):
            row = await self.row(article.uri)
            decision = decide(row, article, now=now, zone=self._zone)
            if decision.outcome == "stale":
                return decision
            await self._note_links_elsewhere(decision.row)
            if await self._replace(row, decision.row):
                return decision
        raise TryLater(f"{article.uri}: too many changes at the same time")

    async def turning(self, now: datetime, count: int) -> list[str]:
        """Articles whose time is over and that still stand in lists, or the reverse.

        The reverse is what a clock leaves behind that was ahead; less than a minute is how much
        the clocks of several processes may differ.
        """
        until, since = _millis(now), _millis(now + CLOCKS_DIFFER)
        async with self._pipeline() as pipe:
            for partition in self._partitions:
                pipe.zrangebyscore(self._keys.expiring(partition), "-inf", until, 0, count)
                pipe.zrangebyscore(self._keys.expired(partition), f"({since}", "+inf", 0, count)
            parts: list[list[bytes]] = await pipe.execute()
        return [uri.decode() for uri in chain.from_iterable(parts)]

    async def age(self, uri: str, now: datetime) -> Row | None:
        """Take an article that has expired out of all lists, or back. The row, if it changed.

        Safe to repeat. Raises TryLater when other processes change it again and again.
        """
        for _ in range(MAX_RACES):
            row = await self.row(uri)
            if row is None or (new := aged(row, now)) == row:
                return None
            if await self._replace(row, new, self._aged_step(new)):
                return new
        raise TryLater(f"{uri}: too many changes at the same time")

    async def relink(self, remade: Remade) -> Relinked:
        """Let related links that were made anew stand. Safe to repeat, in any order.

        Raises TryLater when other processes change the article again and again.
        """
        for _ in range(MAX_RACES):
            row = await self.row(remade.uri)
            new = relinked(row, remade)
            if row is None or new is None:
                return "waits"
            if new == row:
                return "stands"
            await self._note_links_elsewhere(new)
            if await self._do(relinking(self._keys, row, new), row.uri, row.rev):
                return "stands" if new.article == row.article else "relinked"
        raise TryLater(f"{remade.uri}: too many changes at the same time")

    async def held(self, uris: Iterable[str]) -> set[str]:
        """Those of the articles that ingest holds: whoever names them, they are not shown yet."""
        wanted = list(uris)
        async with self._pipeline() as pipe:
            for uri in wanted:
                pipe.zscore(self._keys.held(self._keys.keys.partition(uri)), uri)
            scores: list[float | None] = await pipe.execute()
        return {uri for uri, score in zip(wanted, scores, strict=True) if score is not None}

    async def rewrites(self, uri: str) -> dict[str, Row]:
        """The rows of the articles that have ever said they evolved from this one."""
        members: Any = await self._redis.smembers(self._keys.rewrites(uri))
        return await self.rows(sorted(map(bytes.decode, members)))

    async def row(self, uri: str) -> Row | None:
        """The current state of an article, or None when nothing is known of it."""
        return (await self.rows([uri])).get(uri)

    async def rows(self, uris: Iterable[str]) -> dict[str, Row]:
        """The current states of those of the articles that are known."""
        wanted = list(dict.fromkeys(uris))
        async with self._pipeline() as pipe:
            for uri in wanted:
                pipe.hgetall(self._keys.row(uri))
            hashes: list[dict[bytes, bytes]] = await pipe.execute()
        found = zip(wanted, map(from_hash, hashes), strict=True)
        return {uri: row for uri, row in found if row is not None}

    async def revs(self, uris: Sequence[str]) -> list[int]:
        """How often each of the rows has changed, 0 for an article that is not known."""
        async with self._pipeline() as pipe:
            for uri in uris:
                pipe.hget(self._keys.row(uri), "rev")
            found: list[bytes | None] = await pipe.execute()
        return [int(rev or 0) for rev in found]

    async def linkers(self, uri: str) -> list[str]:
        """The articles whose pages may show this one as a card."""
        found: Any = self._redis.smembers(self._keys.linked_by(uri))
        return [one.decode() for one in await found]

    async def newest(self, listing: Listing, count: int) -> list[LiveArticle]:
        """The latest `count` articles of a list, newest first."""
        async with self._pipeline() as pipe:
            for partition in self._partitions:
                key = self._keys.list(partition, listing)
                pipe.zrange(key, 0, count - 1, desc=True, withscores=True)
            parts: list[list[tuple[bytes, float]]] = await pipe.execute()
        merged = sorted(chain.from_iterable(parts), key=lambda member: member[1], reverse=True)
        uris = [uri.decode() for uri, _ in merged[:count]]
        rows = await self.rows(uris)
        # One that went since the lists were read has marked this list for another rebuild.
        found = (rows[uri].live for uri in uris if uri in rows)
        return [live for live in found if live]

    async def killed(self, listing: Listing, since: datetime) -> list[Tombstone]:
        """Stories killed after `since` that had stood in the list, latest kill first."""
        async with self._pipeline() as pipe:
            for partition in self._partitions:
                key = self._keys.killed(partition, listing)
                pipe.zrangebyscore(key, _millis(since), "+inf")
            parts: list[list[bytes]] = await pipe.execute()
        rows = await self.rows(uri.decode() for uri in chain.from_iterable(parts))
        stones = [row.tombstone for row in rows.values()]
        return sorted(filter(None, stones), key=lambda stone: (stone.when, stone.uri), reverse=True)

    async def sections(self) -> tuple[Listing, ...]:
        """The sections that have articles, those with most articles first."""
        async with self._pipeline() as pipe:
            for partition in self._partitions:
                pipe.hgetall(self._keys.labels(partition, "section"))
            parts: list[dict[bytes, bytes]] = await pipe.execute()
        labels = dict(chain.from_iterable(part.items() for part in parts))
        found = [Listing("section", slug.decode(), text.decode()) for slug, text in labels.items()]
        sizes = await self._sizes(found)
        return tuple(sorted(filter(sizes.get, found), key=lambda one: (-sizes[one], one.slug)))

    async def listing(self, name: str) -> Listing:
        """The list of that name, with its label; a list nobody has heard of is labelled by slug."""
        kind, _, slug = name.partition(":")
        if kind == ALL.kind:
            return ALL
        known = cast("ListKind", kind)
        async with self._pipeline() as pipe:
            for partition in self._partitions:
                pipe.hget(self._keys.labels(partition, known), slug)
            labels: list[bytes | None] = await pipe.execute()
        return Listing(known, slug, next((text.decode() for text in labels if text), slug))

    @property
    def _partitions(self) -> range:
        return range(self._keys.keys.partitions)

    def _pipeline(self) -> Pipeline:
        # One connection and one round trip, over all slots: reads need no transaction.
        return self._redis.pipeline(transaction=False)

    async def _sizes(self, listings: Sequence[Listing]) -> dict[Listing, int]:
        async with self._pipeline() as pipe:
            for listing in listings:
                for partition in self._partitions:
                    pipe.zcard(self._keys.list(partition, listing))
            counts: list[int] = await pipe.execute()
        width = len(self._partitions)
        return {
            listing: sum(counts[at * width : (at + 1) * width])
            for at, listing in enumerate(listings)
        }

    async def _replace(self, old: Row | None, new: Row, *more: Command) -> bool:
        """Whether the row was still `old`; then all is done that follows, and `more`."""
        todo = changes(self._keys, old, new)
        todo = replace(todo, commands=(*more, *todo.commands))  # the row is written last
        return await self._do(todo, new.uri, old.rev if old else 0)

    async def _do(self, todo: Changes, uri: str, rev: int) -> bool:
        """Whether the row still had that `rev`; then all is done."""
        partition = self._keys.keys.partition(uri)
        keys = [
            self._keys.row(uri),
            self._keys.dirty(partition),
            self._keys.marks(partition),
            self._keys.linked_by(uri),
            self._keys.stirred(partition),
            *todo.keys,
        ]
        done: int = await self._compare_and_set(keys=keys, args=[rev, todo.as_json()])
        return done == 1

    def _aged_step(self, row: Row) -> Command:
        """The step of its timeline."""
        name = "publish.expired" if row.expired else "publish.relisted"
        told = ["step", name, "version", str(row.version), "trace", "", "pubstatus", "usable"]
        key = self._keys.keys.of(row.uri, "timeline")
        return ["XADD", key, "MAXLEN", "~", str(KEEP_ENTRIES), "*", *told]

    async def _note_links_elsewhere(self, row: Row) -> None:
        """Tell articles of other partitions who shows them, before the row says so.

        Before, because a note too many costs one needless rebuild, and a missing one would leave
        a killed headline standing. For the same reason such notes are never taken back.
        """
        mine = self._keys.keys.partition(row.uri)
        for uri in sorted(links_of(row)):
            if self._keys.keys.partition(uri) != mine:
                await self._redis.sadd(self._keys.linked_by(uri), row.uri)


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
