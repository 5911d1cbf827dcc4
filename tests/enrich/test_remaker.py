"""Making related links anew: nothing called for is lost, and what knows less never wins."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.enrich.app import Enrich
from services.enrich.archive import Archive
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.enrich.remaker import LEASE_MS, REMAKER, Remaker
from services.enrich.step import Step
from shared.article import Article
from shared.events import Event
from shared.hop import Entry
from shared.remade import CHANGED, LOST, REMADE, STIRRED, Remade
from shared.streams import RECEIVED, Keys
from shared.tasks import end
from tests.enrich.samples import STEPS, article, newspaper
from tests.stored import as_stored

NOW = datetime.now(UTC)
OLDER, LATER = "urn:n:2", "urn:n:3"


class Replica:
    """A process of enrich, without its bus. `quick` = no list rests."""

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        quick: bool = True,
        per_second: float = 1_000,
        steps: Mapping[str, Step] = STEPS,
    ) -> None:
        self.redis = redis
        self.keys = keys
        self.now = NOW
        self.pipeline = Pipeline(Corpus(), steps)
        self.archive = Archive(redis, keys, self.pipeline.corpus, timedelta(days=365))
        self.remaker = Remaker(
            redis,
            keys,
            self.archive,
            self.pipeline,
            name="replica",
            per_second=per_second,
            rest_seconds=0 if quick else 60,
            clock=lambda: self.now,
        )
        self._follows: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self.archive.rebuild(NOW)
        self._follows = [asyncio.create_task(self.archive.follow())]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._follows)

    async def enrich(self, *stories: Article) -> None:
        for story in stories:
            entry = Entry(b"1-0", as_stored(Event.begin(RECEIVED, story, NOW)))
            writes = await Enrich(self.pipeline, self.keys)(entry)
            async with self.redis.pipeline(transaction=True) as pipe:
                for write in writes:
                    pipe.execute_command(write.command, write.key, *write.args)
                await pipe.execute()

    async def remake_all(self) -> int:
        """Until nothing calls for it any more; how many lists that were."""
        made = 0
        while sum([await self.remaker.look_once(p) for p in range(self.keys.partitions)]):
            made += 1
        return made


@pytest.fixture(params=[1, 4], ids=["one partition", "four partitions"])
def keys(request: pytest.FixtureRequest) -> Keys:
    return Keys(request.param)


async def stored(redis: Redis, keys: Keys, uri: str) -> Remade | None:
    body: Any = await redis.hget(keys.shared(keys.partition(uri), REMADE), uri)
    return Remade.model_validate_json(body) if body else None


async def links(redis: Redis, keys: Keys, uri: str) -> set[str | None]:
    found = await stored(redis, keys, uri)
    return {link.uri for link in found.links} if found else set()


async def calls(redis: Redis, keys: Keys) -> dict[str, float]:
    parts = [await redis.zrange(key, 0, -1, withscores=True) for key in keys.every(STIRRED)]
    return {uri.decode(): score for part in parts for uri, score in part}


async def call(redis: Redis, keys: Keys, uri: str, by: int = CHANGED) -> None:
    await redis.zincrby(keys.shared(keys.partition(uri), STIRRED), by, uri)


async def test_a_story_calls_its_neighbours_and_itself_and_nobody_else(
    redis: Redis, keys: Keys
) -> None:
    async with Replica(redis, keys) as replica:
        await replica.enrich(*newspaper()[:2])
        await redis.delete(*keys.every(STIRRED))
        await replica.enrich(newspaper()[2])
        assert await calls(redis, keys) == {OLDER: CHANGED, LATER: CHANGED}


async def test_the_older_story_links_to_the_later_one(redis: Redis, keys: Keys) -> None:
    async with Replica(redis, keys) as replica:
        await replica.enrich(*newspaper())
        await replica.remake_all()
    assert await links(redis, keys, OLDER) == {LATER}
    assert await calls(redis, keys) == {}


async def test_a_killed_story_calls_nobody_and_is_linked_to_no_more(
    redis: Redis, keys: Keys
) -> None:
    async with Replica(redis, keys) as replica:
        await replica.enrich(*newspaper())
        await replica.remake_all()
        await replica.enrich(article(LATER, "", version=2, pubstatus="canceled"))
        assert await calls(redis, keys) == {}
        await call(redis, keys, OLDER, LOST)
        await call(redis, keys, LATER, LOST)
        await replica.remake_all()
    assert await links(redis, keys, OLDER) == set()


async def test_a_story_that_has_expired_is_linked_to_no_more(redis: Redis, keys: Keys) -> None:
    until = NOW + timedelta(hours=1)
    async with Replica(redis, keys) as replica:
        await replica.enrich(newspaper()[1], newspaper()[2].model_copy(update={"expires": until}))
        await replica.remake_all()
        assert await links(redis, keys, OLDER) == {LATER}
        replica.now = until
        await call(redis, keys, OLDER, LOST)
        await replica.remake_all()
        assert await links(redis, keys, OLDER) == set()
        await replica.enrich(newspaper()[2].model_copy(update={"version": 2}))
        await call(redis, keys, OLDER)
        await replica.remake_all()
    assert await links(redis, keys, OLDER) == {LATER}


async def test_a_replica_learns_all_that_was_emitted_before_it_makes_a_list(
    redis: Redis, keys: Keys
) -> None:
    behind, at = Replica(redis, keys), keys.partition(OLDER)
    async with Replica(redis, keys) as ahead:
        await ahead.enrich(newspaper()[1])
        await behind.archive.rebuild(NOW)
        await ahead.enrich(newspaper()[2])
    making = asyncio.create_task(behind.remaker.look_once(at))
    await asyncio.sleep(0.3)
    assert not making.done()
    follow = asyncio.create_task(behind.archive.follow())
    assert await making
    await end([follow])
    assert await links(redis, keys, OLDER) == {LATER}


async def test_two_replicas_at_work_on_two_neighbours_at_once_miss_neither(
    redis: Redis, keys: Keys
) -> None:
    replicas = Replica(redis, keys), Replica(redis, keys)
    for replica in replicas:
        await replica.archive.rebuild(NOW)
    for replica, story in zip(replicas, newspaper()[1:3], strict=True):
        await replica.enrich(story)  # neither has been told of the other's
    follow = asyncio.create_task(replicas[0].archive.follow())
    await replicas[0].remake_all()
    await end([follow])
    assert await links(redis, keys, OLDER) == {LATER}
    assert await links(redis, keys, LATER) == {OLDER}


async def test_a_list_that_was_begun_earlier_is_not_stored_over_a_newer_one(
    redis: Redis, keys: Keys
) -> None:
    """A replica begins, then stands still, as in a long pause of its machine."""
    at = keys.partition(OLDER)
    async with Replica(redis, keys) as awake:
        await awake.enrich(newspaper()[1])
        asleep = Replica(redis, keys)
        begun = asyncio.create_task(asleep.remaker.look_once(at))
        await asyncio.sleep(0.1)  # it has drawn its number, and waits for what it has to know
        await awake.enrich(newspaper()[2])
        await redis.delete(*keys.every(REMAKER))  # its lease runs out
        await awake.remake_all()
        newer = await stored(redis, keys, OLDER)
        await call(redis, keys, OLDER)
        await asleep.archive.rebuild(NOW)
        assert await begun
    assert newer
    assert await stored(redis, keys, OLDER) == newer
    assert await calls(redis, keys) == {OLDER: CHANGED}


async def test_what_is_called_for_while_a_list_is_made_is_made_once_more(
    redis: Redis, redis_url: str, keys: Keys
) -> None:
    class Meanwhile:
        after = ("tags", "duplicates")

        def find(self, story: Article, corpus: Corpus) -> Any:  # noqa: ANN401
            if corpus.get(story.uri):
                with SyncRedis.from_url(redis_url) as other:
                    other.zincrby(keys.shared(keys.partition(OLDER), STIRRED), CHANGED, OLDER)
            return STEPS["related"].find(story, corpus)

    async with Replica(redis, keys, steps={**STEPS, "related": Meanwhile()}) as replica:
        await replica.enrich(newspaper()[1])
        assert await replica.remaker.look_once(keys.partition(OLDER))
    assert await calls(redis, keys) == {OLDER: CHANGED + CHANGED}


async def test_one_replica_works_at_a_time_and_another_when_it_is_lost(
    redis: Redis, keys: Keys
) -> None:
    at = keys.partition(OLDER)
    async with Replica(redis, keys) as one, Replica(redis, keys) as other:
        await one.enrich(newspaper()[1])
        await call(redis, keys, OLDER)
        assert await one.remaker.look_once(at)
        await call(redis, keys, OLDER)
        assert not await other.remaker.look_once(at)
        assert 0 < await redis.pttl(keys.shared(at, REMAKER)) <= LEASE_MS
        await redis.delete(keys.shared(at, REMAKER))  # as when it runs out
        assert await other.remaker.look_once(at)


async def test_a_list_rests_unless_a_link_of_it_is_gone(redis: Redis, keys: Keys) -> None:
    async with Replica(redis, keys, quick=False) as replica:
        await replica.enrich(newspaper()[1])
        assert await replica.remake_all() == 1
        await call(redis, keys, OLDER)
        assert await replica.remake_all() == 0
        assert await calls(redis, keys) == {OLDER: CHANGED}
        await call(redis, keys, OLDER, LOST)
        assert await replica.remake_all() == 1
    assert await calls(redis, keys) == {}


async def test_a_burst_of_news_is_worked_off_at_its_pace(redis: Redis, keys: Keys) -> None:
    per_second, seconds = 5, 0.5
    async with Replica(redis, keys, per_second=per_second) as replica:
        await replica.enrich(*newspaper())
        work = asyncio.create_task(replica.remaker.run())
        await asyncio.sleep(seconds)
        assert len(await calls(redis, keys)) >= len(newspaper()) - per_second * seconds - 1
        async with asyncio.timeout(15):
            while await calls(redis, keys):
                await asyncio.sleep(0.05)
        await end([work])
    assert await links(redis, keys, OLDER) == {LATER}


async def test_a_list_that_lost_a_link_comes_before_those_that_may_gain_one(
    redis: Redis,
) -> None:
    keys = Keys()
    async with Replica(redis, keys) as replica:
        await replica.enrich(*newspaper())
        await call(redis, keys, "urn:n:5", LOST)
        await replica.remaker.look_once(0)
    assert "urn:n:5" not in await calls(redis, keys)
    assert len(await calls(redis, keys)) == len(newspaper()) - 1


async def test_a_bug_is_told_once_and_keeps_no_other_list_from_being_made(redis: Redis) -> None:
    keys = Keys()

    class Broken:
        after = ("tags", "duplicates")

        def find(self, story: Article, corpus: Corpus) -> Any:  # noqa: ANN401
            known = corpus.get(story.uri)
            if story.uri == OLDER and known:
                raise ZeroDivisionError
            return STEPS["related"].find(story, corpus)

    async with Replica(redis, keys, steps={**STEPS, "related": Broken()}) as replica:
        await replica.enrich(*newspaper())
        with capture_logs() as lines:
            await replica.remake_all()
    assert [line["uri"] for line in lines if line["event"] == "related.failed"] == [OLDER]
    assert await calls(redis, keys) == {}
    assert await links(redis, keys, LATER) == {OLDER}
