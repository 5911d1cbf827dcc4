"""Wiring of enrich: `article.received` in, `article.enriched` out."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

import structlog
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)
from redis.exceptions import RedisError

from services.enrich import steps
from services.enrich.archive import Archive, archived
from services.enrich.corpus import Corpus
from services.enrich.duplicate_policy import DuplicatePolicy, policy_of
from services.enrich.pipeline import Pipeline
from services.enrich.remaker import Remaker
from services.enrich.step import Step
from services.enrich.vocabulary_file import VocabularyFile
from shared.article import Article
from shared.bus import Bus
from shared.commit import Write
from shared.events import Event
from shared.hop import Entry, StreamSettings
from shared.logs import Happened
from shared.metrics import STAGE_DURATION
from shared.plugs import find_plugs
from shared.redis import RedisSettings, is_outage
from shared.remade import CHANGED, STIRRED
from shared.service import Service
from shared.settings import Settings
from shared.streams import ENRICHED, RECEIVED, Keys
from shared.timeline import timeline

GROUP = "enrich"
LINK_DUPLICATES = DuplicatePolicy("link", {})
RETRY_SECONDS = 0.5
WARM_UP = Article(
    uri="urn:wiredesk:warm-up", headline="暖身", body_text="市長說「準備好了」。 Ready."
)
log = structlog.get_logger()


class EnrichSettings(BaseModel):
    """Settings `[enrich]`; the defaults file says what each means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    corpus_days: PositiveInt
    vocabulary: str
    freshness_days: NonNegativeInt
    duplicates: str
    duplicate_sources: tuple[str, ...]
    remakes_per_second: PositiveFloat
    remake_rest_seconds: NonNegativeFloat


class Enrich:
    """The handler: everything that is found about one article, emitted and archived together."""

    def __init__(
        self, pipeline: Pipeline, keys: Keys, policy: DuplicatePolicy = LINK_DUPLICATES
    ) -> None:
        self._pipeline = pipeline
        self._keys = keys
        self._policy = policy

    async def __call__(self, entry: Entry) -> Sequence[Write]:
        """Enrich one event. Raises InvalidArticle for what is no event of ours."""
        event = Event.parse(entry.fields)
        before = self._pipeline.corpus.get(event.article.uri)
        with STAGE_DURATION.labels("enrich").time():
            found = self._pipeline.enrich(event.article)
        article = self._policy(found, before)
        if article is None:
            dropped = event.onward(ENRICHED, found)
            same = found.duplicate_of or ""
            told = timeline(self._keys, dropped, "enrich.dropped", duplicate_of=same)
            return [archived(self._keys, found), *told]
        onward = event.onward(ENRICHED, article)
        partition = self._keys.partition(article.uri)
        log.info(
            Happened.ARTICLE_ENRICHED,
            uri=article.uri,
            version=article.version,
            language=article.language,
            tags=len(article.tags),
            related=len(article.related),
            trace_id=event.trace_id,
        )
        names = "、".join(tag.name for tag in article.tags)
        return [
            Write.add(self._keys.stream(ENRICHED, onward.lane, partition), onward.fields()),
            archived(self._keys, article),
            *timeline(self._keys, onward, "enrich.done", tags=names, related=len(article.related)),
            *self._stirring(article),
        ]

    def _stirring(self, article: Article) -> Sequence[Write]:
        """What has related links made anew. The key of any partition will do; ours is at hand."""
        key = self._keys.shared(self._keys.partition(article.uri), STIRRED)
        return [Write("ZINCRBY", key, (CHANGED, uri)) for uri in _stirred_by(article)]


def _stirred_by(article: Article) -> list[str]:
    """The articles whose links a story may change: its neighbours', and its own once more.

    Its own, because another replica may be at work on a neighbour that this one has not seen. Who
    linked to a story that is withdrawn, the desk knows.
    """
    if article.pubstatus != "usable":
        return []
    return [article.uri, *dict.fromkeys(link.uri for link in article.related if link.uri)]


def build(settings: Settings) -> Service:
    """The service, not started. Call inside a running event loop."""
    own = settings.section("enrich", EnrichSettings)
    streams = settings.section("streams", StreamSettings)
    url = settings.section("redis", RedisSettings).url.get_secret_value()

    bus, keys, corpus = Bus(url, streams), Keys(streams.partitions), Corpus(own.freshness_days)
    plugs = cast("Mapping[str, Step]", find_plugs(steps))
    policy = policy_of(own.duplicates, own.duplicate_sources)
    archive = Archive(bus.redis, keys, corpus, timedelta(days=own.corpus_days))
    pipeline = Pipeline(corpus, plugs)
    bus.hop(keys.streams(RECEIVED), GROUP, Enrich(pipeline, keys, policy))
    remaker = Remaker(
        bus.redis,
        keys,
        archive,
        pipeline,
        name=bus.consumer,
        per_second=own.remakes_per_second,
        rest_seconds=own.remake_rest_seconds,
        clock=_now,
    )
    vocabulary = VocabularyFile(own.vocabulary, corpus)
    vocabulary.load()
    return Service(
        "enrich",
        bus,
        background=[archive.follow(), vocabulary.follow(), remaker.run()],
        prepare=lambda: _prepare(archive, plugs),
    )


def _now() -> datetime:
    return datetime.now(UTC)


async def _prepare(archive: Archive, plugs: Mapping[str, Step]) -> None:
    """Know the past, and have all dictionaries in memory, before the first article comes."""
    Pipeline(Corpus(), plugs).enrich(WARM_UP)
    while True:
        try:
            await archive.rebuild(_now())
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
