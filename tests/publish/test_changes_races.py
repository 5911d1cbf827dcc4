"""Two publish processes, one of them killed again and again, and readers who follow meanwhile."""

import asyncio
import multiprocessing
import random
from multiprocessing.context import SpawnProcess
from pathlib import Path

from redis.asyncio import Redis

from services.publish.changes.cursor import Cursor
from services.publish.desk_rule import ORDER
from shared.streams import Keys
from tests.publish.newspaper import Newspaper, kill, story, uri_of

NAMES = [f"s{number}" for number in range(6)]
VERSIONS = 30
STATES = {"usable": "live", "withheld": "withheld", "canceled": "gone"}
spawn = multiprocessing.get_context("spawn")


def publish_share(redis_url: str, root: Path, partitions: int, seed: int) -> None:
    """Every version of every story in an order of its own, with withholds and kills."""

    async def work() -> None:
        order = [(name, version) for name in NAMES for version in range(2, VERSIONS + 1)]
        random.Random(seed).shuffle(order)
        async with Redis.from_url(redis_url) as redis:
            paper = Newspaper(redis, root, keys=Keys(partitions))
            for name, version in order:
                fate = {"pubstatus": "withheld"} if version % 7 == 3 else {"reinstate": True}
                last = version == VERSIONS and name in ("s0", "s1")
                await paper.tell(kill(name, version) if last else story(name, version, **fate))
                await paper.builder.build_page(uri_of(name))

    asyncio.run(work())


def start(redis_url: str, root: Path, partitions: int, seed: int) -> SpawnProcess:
    process = spawn.Process(target=publish_share, args=(redis_url, root, partitions, seed))
    process.start()
    return process


class Reader:
    """Follows by pages of its own size, and refuses whatever would take it back."""

    def __init__(self, paper: Newspaper, limit: int) -> None:
        self.paper = paper
        self.limit = limit
        self.at: Cursor | None = None
        self.has: dict[str, tuple[int, int]] = {}

    async def read(self) -> int:
        page = await self.paper.changes.page(self.at, self.limit)
        for told in page.changes:
            change = told.change
            now = change.version, ORDER.index(STATES[change.pubstatus])
            assert now >= self.has.get(change.uri, (0, 0)), change
            self.has[change.uri] = now
        self.at = page.next
        return len(page.changes)


async def test_readers_of_two_publishers_of_which_one_is_killed_all_end_on_the_desk(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    for partitions in (1, 4):
        await redis.flushall()
        paper = Newspaper(redis, tmp_path / str(partitions), keys=Keys(partitions))
        await paper.tell(*(story(name) for name in NAMES))
        await paper.builder.rebuild_dirty()
        readers = [Reader(paper, limit) for limit in (1, 2, 5, 100)]
        steady = start(redis_url, paper.root, partitions, 1)
        for seed in (2, 3, 4):
            mortal = start(redis_url, paper.root, partitions, seed)
            for _ in range(random.randint(60, 120)):
                await asyncio.gather(*(reader.read() for reader in readers))
                await asyncio.sleep(0.01)
            mortal.kill()
            await asyncio.to_thread(mortal.join)
        while steady.is_alive():
            await asyncio.gather(*(reader.read() for reader in readers))
        assert steady.exitcode == 0
        await paper.builder.rebuild_dirty()
        rows = await paper.desk.rows(map(uri_of, NAMES))
        desk = {uri: (row.version, ORDER.index(row.state)) for uri, row in rows.items()}
        assert {version for version, _ in desk.values()} == {VERSIONS}
        for reader in (*readers, Reader(paper, 3)):
            while await reader.read():
                pass
            assert reader.has == desk
