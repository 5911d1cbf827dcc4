"""Several builders on one disk: the newest stays, a killed page never returns, no crash matters."""

import asyncio
import multiprocessing
import random
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.publish.lists import ALL
from shared.article import Article
from tests.publish.newspaper import Newspaper, kill, story, uri_of


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


async def test_many_builders_racing_with_many_versions_end_at_the_newest(
    paper: Newspaper, redis: Redis
) -> None:
    others = [Newspaper(redis, paper.root) for _ in range(3)]
    versions = [story("a", version) for version in range(1, 25)]
    random.shuffle(versions)

    async def publish(one: Newspaper, article: Article) -> None:
        await one.tell(article)
        await one.builder.build_page(article.uri)

    await asyncio.gather(
        *(publish(others[number % 3], article) for number, article in enumerate(versions))
    )
    assert await paper.page("a") == "live|a24"


def publish_in_a_process(redis_url: str, root: Path, numbers: list[int]) -> None:
    """One of several publishing processes, with its own share of the versions."""

    async def work() -> None:
        async with Redis.from_url(redis_url) as redis:
            paper = Newspaper(redis, root)
            for number in numbers:
                await paper.tell(kill("k", 40) if number == 40 else story("k", number))
                await paper.tell(story("a", number))
                await paper.builder.build_page(uri_of("k"))
                await paper.builder.rebuild_dirty()

    asyncio.run(work())


async def test_processes_racing_on_one_disk_leave_the_newest_and_no_killed_page(
    paper: Newspaper, redis_url: str
) -> None:
    await paper.tell(story("k"), story("a"))  # the kill finds a story that readers have seen
    numbers = list(range(2, 41))
    random.shuffle(numbers)
    spawn = multiprocessing.get_context("spawn")
    shares = [numbers[start::2] for start in range(2)]
    workers = [
        spawn.Process(target=publish_in_a_process, args=(redis_url, paper.root, share))
        for share in shares
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        await asyncio.to_thread(worker.join)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert await paper.page("a") == "live|a40"
    assert await paper.page("k") == f"gone|{uri_of('k')}"
    assert paper.file("/feed.xml").split("|") == ["a40", f"-{uri_of('k')}"]
    assert [live.article.version for live in await paper.desk.newest(ALL, 9)] == [40]


def publish_until_killed(redis_url: str, root: Path) -> None:
    """Publish stories in new versions for ever."""

    async def work() -> None:
        async with Redis.from_url(redis_url) as redis:
            paper = Newspaper(redis, root)
            for version in range(1, 1_000):
                await paper.tell(*(story(f"s{number}", version) for number in range(4)))
                await paper.builder.rebuild_dirty()

    asyncio.run(work())


async def test_a_process_killed_while_it_publishes_leaves_a_site_that_can_be_finished(
    paper: Newspaper, redis_url: str
) -> None:
    spawn = multiprocessing.get_context("spawn")
    for moment in (0.06, 0.19):
        worker = spawn.Process(target=publish_until_killed, args=(redis_url, paper.root))
        worker.start()
        async with asyncio.timeout(20):
            while not paper.file("/feed.xml"):  # another process writes it
                await asyncio.sleep(0.01)
        await asyncio.sleep(moment)
        worker.kill()
        await asyncio.to_thread(worker.join)
        await paper.builder.rebuild_dirty()
        live = await paper.desk.newest(ALL, 9)
        assert [await paper.page(f"s{number}") for number in range(4)] == [
            f"live|{one.article.headline}" for one in sorted(live, key=lambda one: one.article.uri)
        ]
        assert sorted(paper.file("/feed.xml").split("|")) == sorted(
            one.article.headline for one in live
        )
