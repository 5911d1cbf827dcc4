"""Two replicas of enrich and a publisher, killed again and again: every list ends up whole."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.enrich.archive import Archive
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row, from_hash
from shared.article import Article, RelatedLink, Tag
from shared.events import Event
from shared.streams import ENRICHED, PUBLISHED, RECEIVED, Keys
from tests.enrich.samples import STEPS, any_han
from tests.processes import Process
from tests.stored import as_stored

Links = tuple[RelatedLink, ...]
KEYS = Keys()
THEMES, CHAPTERS, KILLED = 12, 6, 6
SEED = 20261125
NOW = datetime.now(UTC)


def story(theme: int, chapter: int) -> Article:
    """Chapters of one theme share names and a paragraph; no two are copies."""
    subject, name = any_han(4, theme), any_han(60, 1000 + theme)
    return Article(
        uri=f"urn:heal:{theme}:{chapter}",
        headline=f"{subject}案第{chapter}場說明會",
        body_text=f"「{subject}」{name}。{any_han(100, 100 * theme + chapter)}。",
        tags=(Tag(name=subject),),
        date_published=NOW - timedelta(hours=chapter),
    )


def withdrawn(article: Article) -> Article:
    return Article(uri=article.uri, version=2, pubstatus="canceled")


async def send(redis: Redis, *articles: Article) -> None:
    for article in articles:
        event = Event.begin(RECEIVED, article, NOW)
        await redis.xadd(KEYS.stream(RECEIVED, event.lane, 0), as_stored(event))


@contextmanager
def running(folder: Path, redis_url: str) -> Iterator[list[Process]]:
    """Two replicas of enrich and one of publish."""
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_ENRICH__PORT": "0",
        "WIREDESK_PUBLISH__PORT": "0",
        "WIREDESK_SITE__FOLDER": str(folder / "site"),
        "WIREDESK_ENRICH__REMAKES_PER_SECOND": "200",
        "WIREDESK_ENRICH__REMAKE_REST_SECONDS": "0",
    }
    names = ("enrich", "enrich", "publish")
    found = [Process(name, folder / f"{n}.log", environ) for n, name in enumerate(names)]
    with ExitStack() as stack:
        for process in found:
            process.start()
            stack.callback(process.stop)
        yield found


async def rows(redis: Redis) -> dict[str, Row]:
    found = [from_hash(await redis.hgetall(key)) async for key in redis.scan_iter("*:desk:*")]
    return {row.uri: row for row in found if row}


async def until_quiet(redis: Redis, articles: int, seconds: float) -> None:
    """Wait until that many have been enriched, and nothing is left to be made anew or built."""
    desk = DeskKeys(KEYS)
    waiting = (desk.stirred(0), desk.remade(0), desk.dirty(0))
    give_up = time.monotonic() + seconds
    while True:
        passed = [await redis.xlen(stream) for stream in KEYS.streams(PUBLISHED)]
        left = [name for name in waiting if await redis.exists(name)]
        if sum(passed) >= articles and not left:
            return
        assert time.monotonic() < give_up, (passed, left)
        await asyncio.sleep(0.1)


async def made_by_a_new_replica(redis: Redis, uris: list[str]) -> dict[str, Links]:
    corpus = Corpus()
    archive = Archive(redis, KEYS, corpus, timedelta(days=365))
    await archive.rebuild(NOW)
    pipeline = Pipeline(corpus, STEPS)
    articles = [await archive.read(uri) for uri in uris]
    return {article.uri: pipeline.related(article) for article in articles if article}


def chapters(uri: str, links: Links) -> set[str | None]:
    """The links to other chapters: what else is a little alike may differ between replicas."""
    theme = uri.rpartition(":")[0] + ":"
    return {link.uri for link in links if link.uri and link.uri.startswith(theme)}


@pytest.mark.timeout(240)
async def test_lists_are_whole_and_the_same_for_all_whoever_was_killed_when(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    articles = [story(theme, chapter) for theme in range(THEMES) for chapter in range(CHAPTERS)]
    rng.shuffle(articles)
    killed = rng.sample(articles, KILLED)
    with running(tmp_path, redis_url) as processes:
        step = len(articles) // 6
        for number in range(0, len(articles), step):
            await send(redis, *articles[number : number + step])
            await asyncio.sleep(rng.uniform(0.2, 1.5))
            victim = rng.choice(processes)
            victim.kill()
            victim.start()
        await until_quiet(redis, len(articles), seconds=120)
        await send(redis, *map(withdrawn, killed))
        await asyncio.sleep(0.3)
        for process in processes:
            process.kill()
            process.start()
        await until_quiet(redis, len(articles) + KILLED, seconds=60)
        desk = await rows(redis)
    shown = {uri: row.article.related for uri, row in desk.items() if row.article}
    anew = await made_by_a_new_replica(redis, list(shown))
    assert {uri: chapters(uri, links) for uri, links in shown.items()} == {
        uri: chapters(uri, links) for uri, links in anew.items()
    }
    assert not {one.uri for one in killed} & {
        link.uri for links in shown.values() for link in links
    }
    assert all(len(chapters(uri, links)) > 1 for uri, links in shown.items())
    for event in (ENRICHED, PUBLISHED):
        entries = [e for stream in KEYS.streams(event) for _, e in await redis.xrange(stream)]
        told = Counter((entry[b"uri"], entry[b"version"]) for entry in entries)
        assert set(told.values()) == {1}
        assert len(told) == len(articles) + KILLED
