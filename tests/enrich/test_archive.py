"""The archive on a real Redis: what a replica knows after a restart, and what others teach it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from services.enrich.app import Enrich
from services.enrich.archive import ARCHIVE, Archive
from services.enrich.corpus import Corpus
from services.enrich.duplicate_policy import policy_of
from services.enrich.pipeline import Pipeline
from shared.article import Article
from shared.events import Event
from shared.hop import Entry
from shared.streams import ENRICHED, RECEIVED, Keys
from shared.tasks import end
from tests.enrich.samples import FIRST, STEPS, article, newspaper
from tests.stored import as_stored

NOW = FIRST + timedelta(days=1)
YEAR = timedelta(days=365)


@pytest.fixture(params=[1, 4], ids=["one partition", "four partitions"])
def keys(request: pytest.FixtureRequest) -> Keys:
    return Keys(request.param)


@dataclass
class Replica:
    """One process of enrich, without its bus: what it works out is written as a commit would."""

    redis: Redis
    keys: Keys
    corpus: Corpus
    archive: Archive

    @classmethod
    def new(cls, redis: Redis, keys: Keys) -> "Replica":
        corpus = Corpus()
        return cls(redis, keys, corpus, Archive(redis, keys, corpus, YEAR))

    async def work_out(self, article: Article) -> "Emission":
        entry = Entry(b"1-0", as_stored(Event.begin(RECEIVED, article, NOW)))
        writes = await Enrich(Pipeline(self.corpus, STEPS), self.keys)(entry)
        return Emission(self.redis, [(write.command, write.key, *write.args) for write in writes])

    async def enrich(self, article: Article) -> None:
        await (await self.work_out(article)).commit()

    def related_to(self, article: Article) -> list[tuple[str | None, float]]:
        links = Pipeline(self.corpus, STEPS).enrich(article).related
        return [(link.uri, link.score) for link in links]


@dataclass
class Emission:
    """What a replica has worked out and not yet written."""

    redis: Redis
    commands: Sequence[tuple[object, ...]]

    async def commit(self) -> None:
        async with self.redis.pipeline(transaction=True) as pipeline:
            for command in self.commands:
                pipeline.execute_command(*command)
            await pipeline.execute()


@asynccontextmanager
async def following(replica: Replica) -> AsyncIterator[None]:
    await replica.archive.rebuild(NOW)
    task = asyncio.create_task(replica.archive.follow())
    try:
        yield
    finally:
        await end([task])


async def until_known(replica: Replica, uri: str, version: int) -> None:
    async with asyncio.timeout(10):
        while (known := replica.corpus.get(uri)) is None or known.version < version:
            await asyncio.sleep(0.01)


def follow_up() -> Article:
    return article(
        "urn:n:9", "捷運萬大線通車倒數 蔣萬安再訪工地", "捷運局今天說明萬大線號誌測試與通車時程。"
    )


async def test_a_restart_gives_the_same_related_links(redis: Redis, keys: Keys) -> None:
    before = Replica.new(redis, keys)
    for story in newspaper():
        await before.enrich(story)
    after = Replica.new(redis, keys)
    assert await after.archive.rebuild(NOW) == len(newspaper())
    links = before.related_to(follow_up())
    assert [uri for uri, _ in links][:2] in (["urn:n:2", "urn:n:3"], ["urn:n:3", "urn:n:2"])
    assert after.related_to(follow_up()) == links


async def test_two_replicas_learn_from_each_other(redis: Redis, keys: Keys) -> None:
    one, other = Replica.new(redis, keys), Replica.new(redis, keys)
    stories = newspaper()
    async with following(one), following(other):
        for number, story in enumerate(stories):
            await (one, other)[number % 2].enrich(story)
        for story in stories:
            await until_known(one, story.uri, 1)
            await until_known(other, story.uri, 1)
    uris = {uri for uri, _ in one.related_to(follow_up())}
    assert {"urn:n:2", "urn:n:3"} <= uris
    assert {uri for uri, _ in other.related_to(follow_up())} == uris


async def test_a_kill_is_learned_by_all_and_remembered_after_a_restart(
    redis: Redis, keys: Keys
) -> None:
    one, other = Replica.new(redis, keys), Replica.new(redis, keys)
    async with following(one), following(other):
        for story in newspaper():
            await one.enrich(story)
        kill = article("urn:n:2", "", version=2, pubstatus="canceled")
        await one.enrich(kill)
        await until_known(other, kill.uri, 2)
    later = Replica.new(redis, keys)
    await later.archive.rebuild(NOW)
    for replica in (one, other, later):
        assert "urn:n:2" not in {uri for uri, _ in replica.related_to(follow_up())}


async def test_a_version_that_is_written_after_a_later_one_does_not_replace_it(
    redis: Redis, keys: Keys
) -> None:
    """The lanes overtake each other: a kill is committed while the story is still worked on."""
    replica = Replica.new(redis, keys)
    for story in newspaper():
        if story.uri != "urn:n:2":
            await replica.enrich(story)
    late = await replica.work_out(newspaper()[1])
    await replica.enrich(article("urn:n:2", "", version=2, pubstatus="canceled"))
    await late.commit()
    after = Replica.new(redis, keys)
    await after.archive.rebuild(NOW)
    known = after.corpus.get("urn:n:2")
    assert known is not None
    assert (known.version, known.pubstatus) == (2, "canceled")
    assert "urn:n:2" not in {uri for uri, _ in after.related_to(follow_up())}


async def test_only_the_last_version_is_kept(redis: Redis, keys: Keys) -> None:
    replica = Replica.new(redis, keys)
    for version in range(1, 30):
        await replica.enrich(article("urn:n:1", f"第{version}版", version=version))
    assert await replica.archive.rebuild(NOW) == 1
    kept = [name for key in keys.every(ARCHIVE) for name in await redis.hkeys(key)]
    assert kept == [b"urn:n:1 29 usable"]
    known = replica.corpus.get("urn:n:1")
    assert known is not None
    assert known.headline == "第29版"


async def test_what_is_too_old_is_not_looked_at(redis: Redis, keys: Keys) -> None:
    replica = Replica.new(redis, keys)
    for story in newspaper():
        await replica.enrich(story)
    later = Replica.new(redis, keys)
    assert await later.archive.rebuild(NOW + YEAR) == 0
    assert len(later.corpus) == 0


async def test_the_newest_articles_that_stand_are_read_newest_first(
    redis: Redis, keys: Keys
) -> None:
    replica = Replica.new(redis, keys)
    for story in newspaper():
        await replica.enrich(story)
    await replica.enrich(article("urn:n:6", "", version=2, pubstatus="canceled"))
    found = [one async for some in replica.archive.newest(3) for one in some]
    assert [one.uri for one in found] == ["urn:n:5", "urn:n:4", "urn:n:3"]
    assert found[0].body_text == newspaper()[4].body_text


async def test_an_entry_that_is_no_event_of_ours_does_not_stop_it(redis: Redis, keys: Keys) -> None:
    replica = Replica.new(redis, keys)
    async with following(replica):
        for stream in keys.streams(ENRICHED):
            await redis.xadd(stream, {"hello": "world"})
        await Replica.new(redis, keys).enrich(newspaper()[0])
        await until_known(replica, "urn:n:1", 1)


async def test_an_article_without_any_date_is_always_kept(redis: Redis, keys: Keys) -> None:
    replica = Replica.new(redis, keys)
    await replica.enrich(Article(uri="urn:n:1", headline="沒有日期"))
    assert await Replica.new(redis, keys).archive.rebuild(datetime.now(UTC)) == 1


async def test_a_dropped_duplicate_is_not_emitted_and_its_timeline_says_why(
    redis: Redis, keys: Keys
) -> None:
    corpus = Corpus()
    enrich = Enrich(Pipeline(corpus, STEPS), keys, policy_of("drop", []))
    first, again = newspaper()[0], newspaper()[0].model_copy(update={"uri": "urn:n:8"})
    written = []
    for story in (first, again):
        entry = Entry(b"1-0", as_stored(Event.begin(RECEIVED, story, NOW)))
        writes = await enrich(entry)
        written.append([write for write in writes if ENRICHED in write.key])
        steps = str([write.args for write in writes])
    assert [len(emitted) for emitted in written] == [1, 0]
    assert "enrich.dropped" in steps
    assert "urn:n:1" in steps
