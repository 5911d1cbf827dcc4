"""The archive: the enriched articles that are kept in Redis, from which every replica learns.

A hash per partition holds the newest enriched version of each article. It is written in the same
commit that emits `article.enriched`, so it tells exactly what was emitted. A replica reads it once
at its start, and then follows the `article.enriched` streams to learn what other replicas did.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.enrich.corpus import Corpus
from shared.article import Article
from shared.commit import Write
from shared.errors import InvalidArticle
from shared.events import Event
from shared.logs import Happened
from shared.redis import is_outage
from shared.streams import ENRICHED, Keys

SCAN_COUNT = 500
FOLLOW_COUNT = 200
BLOCK_MS = 1000
REST_SECONDS = 0.5
LEFT_OUT = {"images", "links", "subjects", "copyright", "body_html", "ednote"}
"""Fields of no use for finding tags and related links, left out of the archive."""
log = structlog.get_logger()


def archived(keys: Keys, article: Article) -> Write:
    """The write that keeps an article. Withdrawn ones are kept too: they refuse older versions."""
    body = article.model_dump_json(exclude_defaults=True, exclude=LEFT_OUT)
    return Write("HSET", keys.shared(keys.partition(article.uri), "archive"), (article.uri, body))


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
        found = [article async for article in self._all() if self._is_wanted(article, now)]
        # In order of publication, so that stories and clusters begin with the same article again.
        found.sort(key=lambda one: (one.date_published or one.version_created or now, one.uri))
        for article in found:
            self._corpus.remember(article)
            await asyncio.sleep(0)
        self._rebuilt.set()
        log.info(Happened.CORPUS_REBUILT, articles=len(found))
        return len(found)

    async def follow(self) -> None:
        """Learn what others emit after the rebuild, until cancelled."""
        await self._rebuilt.wait()
        while True:
            try:
                wanted: Any = self._last
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

    def _learn(self, fields: dict[bytes, bytes]) -> None:
        try:
            self._corpus.remember(Event.parse(fields).article)
        except InvalidArticle as error:  # somebody else wrote it; our own hop parks such entries
            log.warning(Happened.ARTICLE_REJECTED, reason=str(error))

    async def _end_of(self, stream: str) -> str:
        newest: Any = await self._redis.xrevrange(stream, count=1)
        return newest[0][0].decode() if newest else "0-0"

    async def _all(self) -> AsyncIterator[Article]:
        for key in self._keys.every("archive"):
            async for _, body in self._redis.hscan_iter(key, count=SCAN_COUNT):
                yield Article.model_validate_json(body)

    def _is_wanted(self, article: Article, now: datetime) -> bool:
        when = article.date_published or article.version_created
        return article.pubstatus != "usable" or when is None or when > now - self._keep
