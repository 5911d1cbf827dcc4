"""What previews and commands learn: an article of a file, and the archive as enrich knows it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from redis.asyncio import Redis

from services.enrich import steps
from services.enrich.app import EnrichSettings
from services.enrich.archive import Archive
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.enrich.step import Step
from services.enrich.vocabulary_file import VocabularyFile
from services.ingest.clean import clean
from services.ingest.reading import read
from shared.article import Article
from shared.plugs import find_plugs
from shared.settings import Settings
from shared.streams import Keys


def from_file(file: Path) -> Article:
    """The first article of a file, as ingest would take it. Raises InvalidArticle."""
    return from_bytes(file.read_bytes())


def from_bytes(content: bytes) -> Article:
    """The first article of these bytes, in any of ingest's formats. Raises InvalidArticle."""
    return clean(read(content)[0])


def ignorant(settings: Settings) -> Pipeline:
    """A pipeline that knows no article."""
    own = settings.section("enrich", EnrichSettings)
    corpus = Corpus(own.freshness_days)
    VocabularyFile(own.vocabulary, corpus).load()
    return Pipeline(corpus, cast("dict[str, Step]", find_plugs(steps)))


async def learnt(settings: Settings, redis: Redis, keys: Keys) -> tuple[Pipeline, Archive]:
    """A pipeline that knows every article of the archive, and the archive."""
    pipeline = ignorant(settings)
    archive = _archive(settings, redis, keys, pipeline.corpus)
    await archive.rebuild(datetime.now(UTC))
    return pipeline, archive


def newest(settings: Settings, redis: Redis, keys: Keys, most: int) -> AsyncIterator[list[Article]]:
    """The last articles of the archive that stand, the newest first, some at a time."""
    return _archive(settings, redis, keys, Corpus()).newest(most)


def _archive(settings: Settings, redis: Redis, keys: Keys, corpus: Corpus) -> Archive:
    days = settings.section("enrich", EnrichSettings).corpus_days
    return Archive(redis, keys, corpus, timedelta(days=days))
