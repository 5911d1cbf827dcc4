"""The archive: the enriched articles that are kept in Redis, from which every replica learns.

A hash per partition holds the enriched versions of each article, by uri, version and status. They
are written in the same commit that emits `article.enriched`, so it tells exactly what was emitted;
and because a version never takes the place of another, lanes that overtake each other do no harm.
A replica reads it once at its start, drops what later versions have replaced, and then follows the
`article.enriched` streams to learn what other replicas did.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.enrich.corpus import RANK, Corpus
from shared.article import Article, PubStatus
from shared.commit import Write
from shared.errors import InvalidArticle
from shared.events import Event
from shared.logs import Happened
from shared.redis import is_outage
from shared.streams import ENRICHED, LANES, Keys

ARCHIVE = "archive"
SCAN_COUNT = 500
READ_COUNT = 200
TOLD_EVERY = 10_000
STATUSES: tuple[PubStatus, ...] = ("usable", "withheld", "canceled")
"""In the order of `RANK`."""
DROP_COUNT = 500
FOLLOW_COUNT = 200
BLOCK_MS = 1000
REST_SECONDS = 0.5
CATCH_UP_SECONDS = 0.02
LEFT_OUT = {"images", "links", "subjects", "copyright", "body_html", "ednote"}
"""Fields of no use for finding tags and related links, left out of the archive."""
log = structlog.get_logger()


class Dates(BaseModel):
    """What tells an archived version apart, read without the rest of it."""

    uri: str
    version: int = 1
    pubstatus: PubStatus = "usable"
    date_published: datetime | None = None
    version_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """One version in the archive. `when` = published or made, in seconds, if it says so."""

    uri: str
    order: tuple[int, int]
    when: float | None

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Read what tells it apart."""
        one = Dates.model_validate_json(body)
        when = one.date_published or one.version_created
        order = one.version, RANK[one.pubstatus]
        return cls(one.uri, order, when.timestamp() if when else None)

    @property
    def name(self) -> str:
        """Its name in the hash."""
        return _named(self.uri, self.order[0], STATUSES[self.order[1]])

    def is_wanted(self, since: datetime) -> bool:
        """Whether it is kept: withdrawn ones always, since they refuse older versions."""
        return self.order[1] > 0 or self.when is None or self.when > since.timestamp()


def archived(keys: Keys, article: Article) -> Write:
    """The write that keeps an article. Withdrawn ones are kept too: they refuse older versions."""
    body = article.model_dump_json(exclude_defaults=True, exclude=LEFT_OUT)
    key = keys.shared(keys.partition(article.uri), ARCHIVE)
    return Write("HSET", key, (_name(article), body))


def _name(article: Article) -> str:
    return _named(article.uri, article.version, article.pubstatus)


def _named(uri: str, version: int, pubstatus: PubStatus) -> str:
    """Names one version in the hash. A uri has no blanks in it."""
    return f"{uri} {version} {pubstatus}"


def _place(entry_id: str) -> tuple[int, ...]:
    """Entry ids in the order of their stream."""
    return tuple(map(int, entry_id.split("-")))


class Archive:
    """Keeps one corpus equal to what all replicas have emitted."""

    def __init__(self, redis: Redis, keys: Keys, corpus: Corpus, keep: timedelta) -> None:
        self._redis = redis
        self._keys = keys
        self._corpus = corpus
        self._keep = keep
        self._last: dict[str, str] = {}
        self._rebuilt = asyncio.Event()

    async def rebuild(self, now: datetime) -> int:
        """Read everything that is kept and not too old. Returns how many articles that were."""
        # Where the streams end is noted first: what comes meanwhile is learned twice, not never.
        self._last = {key: await self._end_of(key) for key in self._keys.streams(ENRICHED)}
        stored = await self._stored()
        wanted = [one for one in stored if one.is_wanted(now - self._keep)]
        # In order of publication, so that stories and clusters begin with the same article again.
        wanted.sort(key=lambda one: (one.when or now.timestamp(), one.uri))
        for start in range(0, len(wanted), READ_COUNT):
            if start % TOLD_EVERY == 0:
                log.info(Happened.CORPUS_REBUILDING, done=start, of=len(wanted))
            await self._remember(wanted[start : start + READ_COUNT])
        self._rebuilt.set()
        log.info(Happened.CORPUS_REBUILT, articles=len(wanted))
        return len(wanted)

    async def _remember(self, some: Sequence["Stored"]) -> None:
        """Take in the articles themselves, giving way to other tasks after each."""
        async for article in self._bodies(some):
            self._corpus.remember(article)
            await asyncio.sleep(0)

    async def _bodies(self, some: Sequence["Stored"]) -> AsyncIterator[Article]:
        """Read articles in order: a few at a time, since all together may be gigabytes."""
        bodies: dict[str, bytes | None] = {}
        for partition, key in enumerate(self._keys.every(ARCHIVE)):
            names = [one.name for one in some if self._keys.partition(one.uri) == partition]
            if names:
                reading: Any = self._redis.hmget(key, names)
                bodies |= zip(names, await reading, strict=True)
        for one in some:
            body = bodies[one.name]
            if body:  # None: another replica has dropped it meanwhile for a later version
                yield Article.model_validate_json(body)

    async def newest(self, most: int) -> AsyncIterator[list[Article]]:
        """The last articles of the archive that stand, the newest first, some at a time."""
        stored = [one for one in await self._stored() if one.order[1] == 0]
        stored.sort(key=lambda one: (one.when or 0.0, one.uri), reverse=True)
        for start in range(0, min(most, len(stored)), READ_COUNT):
            some = stored[start : min(start + READ_COUNT, most)]
            yield [article async for article in self._bodies(some)]

    async def read(self, uri: str) -> Article | None:
        """The archived article that the corpus knows under this uri."""
        known = self._corpus.get(uri)
        if known is None:
            return None
        key = self._keys.shared(self._keys.partition(uri), ARCHIVE)
        reading: Any = self._redis.hget(key, _named(uri, known.version, known.pubstatus))
        body: bytes | None = await reading
        return Article.model_validate_json(body) if body else None

    async def follow(self) -> None:
        """Learn what others emit after the rebuild, until cancelled."""
        await self._rebuilt.wait()
        # Not a TaskGroup: it passes a cancellation on once, and redis-py may swallow that one.
        await asyncio.gather(*map(self._follow, range(self._keys.partitions)))

    async def _follow(self, partition: int) -> None:
        """Read the lanes of one partition: one command may ask for the keys of one slot only."""
        lanes = [self._keys.stream(ENRICHED, lane, partition) for lane in LANES]
        while True:
            try:
                wanted: Any = {lane: self._last[lane] for lane in lanes}
                answer: Any = await self._redis.xread(wanted, FOLLOW_COUNT, BLOCK_MS)
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
                await asyncio.sleep(REST_SECONDS)
                continue
            for stream, entries in answer or ():
                for _, fields in entries:
                    self._learn(fields)
                self._last[stream.decode()] = entries[-1][0].decode()

    async def caught_up(self) -> None:
        """Wait until the corpus knows all that was emitted before this was asked."""
        await self._rebuilt.wait()
        ends = {key: await self._end_of(key) for key in self._keys.streams(ENRICHED)}
        while any(_place(self._last[key]) < _place(end) for key, end in ends.items()):
            await asyncio.sleep(CATCH_UP_SECONDS)

    def _learn(self, fields: dict[bytes, bytes]) -> None:
        try:
            self._corpus.remember(Event.parse(fields).article)
        except InvalidArticle as error:  # somebody else wrote it; our own hop parks such entries
            log.warning(Happened.ARTICLE_REJECTED, reason=str(error))

    async def _end_of(self, stream: str) -> str:
        newest: Any = await self._redis.xrevrange(stream, count=1)
        return newest[0][0].decode() if newest else "0-0"

    async def _stored(self) -> list["Stored"]:
        """The last version of every article. What it replaced is dropped."""
        newest: dict[str, Stored] = {}
        for key in self._keys.every(ARCHIVE):
            replaced: set[str] = set()
            async for _, body in self._redis.hscan_iter(key, count=SCAN_COUNT):
                one = Stored.of(body)
                first = newest.setdefault(one.uri, one)
                older, newer = sorted((first, one), key=lambda each: each.order)
                newest[one.uri] = newer
                if older.name != newer.name:
                    replaced.add(older.name)
            await self._drop(key, sorted(replaced))
        return list(newest.values())

    async def _drop(self, key: str, names: Sequence[str]) -> None:
        for start in range(0, len(names), DROP_COUNT):
            dropping: Any = self._redis.hdel(key, *names[start : start + DROP_COUNT])
            await dropping
