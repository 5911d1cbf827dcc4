"""The log of changes on a real Redis: what is told, when, and which cursors are refused."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.publish.changes.change import Change
from services.publish.changes.cursor import Cursor
from services.publish.changes.log import ChangeLog, LostLog
from services.publish.live import Card, LiveArticle
from shared.article import Article
from shared.redis import MAX_CONNECTIONS, connect
from shared.streams import Keys
from tests.publish.newspaper import Newspaper, PlainPages, kill, story, uri_of
from tests.shared.cluster import running_cluster

Row = tuple[str, int, str]


@pytest.fixture
def paper(redis: Redis, tmp_path: Path) -> Newspaper:
    return Newspaper(redis, tmp_path)


async def read(log: ChangeLog, after: Cursor | None = None, limit: int = 100) -> list[Change]:
    return [told.change for told in (await log.page(after, limit)).changes]


async def told(log: ChangeLog, after: Cursor | None = None) -> list[Row]:
    return [(one.uri.rpartition(":")[2], one.version, one.type) for one in await read(log, after)]


async def publish(paper: Newspaper, *articles: Article) -> None:
    """Each article comes to the desk, and its page to the disk, one after the other."""
    for article in articles:
        await paper.tell(article)
        await paper.builder.build_page(article.uri)


async def test_a_story_is_told_when_its_page_is_on_disk_and_not_before(paper: Newspaper) -> None:
    await paper.tell(story("a"))
    assert await told(paper.changes) == []
    await paper.builder.build_page(uri_of("a"))
    assert await told(paper.changes) == [("a", 1, "published")]


async def test_only_the_newest_change_of_a_story_is_told(paper: Newspaper) -> None:
    await publish(paper, story("a"), story("b"), story("a", 2), story("a", 3))
    assert await told(paper.changes) == [("b", 1, "published"), ("a", 3, "updated")]


async def test_whoever_was_away_gets_what_changed_since_and_a_kill_for_ever(
    paper: Newspaper,
) -> None:
    await publish(paper, story("a"), story("b"), story("c"))
    stopped_at = (await paper.changes.page(None, 2)).next
    await publish(paper, story("a", 2), kill("b", 1), story("a", 3, pubstatus="withheld"))
    since = [("c", 1, "published"), ("b", 1, "withdrawn"), ("a", 3, "withdrawn")]
    assert await told(paper.changes, stopped_at) == since
    statuses = [one.pubstatus for one in await read(paper.changes, stopped_at)]
    assert statuses == ["usable", "canceled", "withheld"]


async def test_a_story_that_comes_back_is_published_again(paper: Newspaper) -> None:
    await publish(paper, story("a"), kill("a"), story("a", 2, reinstate=True))
    assert await told(paper.changes) == [("a", 2, "published")]
    await publish(paper, story("a", 3, pubstatus="withheld"), story("a", 4))
    assert await told(paper.changes) == [("a", 4, "published")]


async def test_nothing_of_a_killed_text_is_kept(paper: Newspaper, redis: Redis) -> None:
    await publish(paper, story("a", headline="不該留下的標題"), kill("a"))
    [kept] = await redis.hvals(paper.keys.shared(paper.keys.partition(uri_of("a")), "told"))
    assert "不該留下" not in kept.decode()


async def test_a_story_no_reader_ever_saw_is_not_told(paper: Newspaper) -> None:
    await publish(paper, kill("a"), story("b", pubstatus="withheld"))
    assert await told(paper.changes) == []


async def test_the_same_event_again_is_no_news(paper: Newspaper) -> None:
    await publish(paper, story("a"))
    end = (await paper.changes.page(None, 9)).next
    await publish(paper, story("a"), story("a"))
    await paper.builder.rebuild_dirty()
    assert await told(paper.changes, end) == []


async def test_what_enrichment_changed_in_a_version_is_told(paper: Newspaper) -> None:
    await publish(paper, story("a"))
    end = (await paper.changes.page(None, 9)).next
    await publish(paper, story("a", tags=["公園"]))
    assert await told(paper.changes, end) == [("a", 1, "updated")]


async def test_a_page_that_the_desk_has_moved_on_from_is_not_told(paper: Newspaper) -> None:
    await paper.tell(story("a"))
    built = await paper.desk.row(uri_of("a"))
    assert built
    await paper.tell(kill("a"))
    await paper.changes.tell(built)
    assert await told(paper.changes) == []
    await paper.builder.rebuild_dirty()
    assert await told(paper.changes) == [("a", 1, "withdrawn")]


async def test_a_page_that_cannot_be_built_holds_up_no_other(
    paper: Newspaper, redis: Redis
) -> None:
    class Unprintable(PlainPages):
        def article(
            self, live: LiveArticle, related: Sequence[Card], newer: Sequence[Card]
        ) -> bytes:
            if live.article.headline == "無法排版":
                raise RuntimeError(live.path)
            return super().article(live, related, newer)

    paper.pages = Unprintable
    paper.use(paper.changes)
    await paper.tell(story("sick", headline="無法排版"), story("a"), kill("a"), story("b"))
    await paper.builder.rebuild_dirty()
    seen = set(await told(paper.changes))
    assert seen == {("a", 1, "withdrawn"), ("b", 1, "published")}
    end = (await paper.changes.page(None, 9)).next
    await paper.tell(story("sick", 2))
    await paper.builder.rebuild_dirty()
    assert await told(paper.changes, end) == [("sick", 2, "published")]


async def test_pages_of_any_size_add_up_to_the_whole_in_order(paper: Newspaper) -> None:
    await publish(paper, *(story(f"n{number}") for number in range(11)))
    whole = await paper.changes.page(None, 100)
    numbers = [one.number for one in whole.changes]
    assert numbers == sorted(numbers)
    for limit in (1, 2, 3, 10, 11, 12):
        at, names = None, []
        while (page := await paper.changes.page(at, limit)).changes:
            names += [one.change.uri for one in page.changes]
            at = page.next
        assert names == [one.change.uri for one in whole.changes]
    assert [one.cursor for one in whole.changes][-1] == whole.next


async def test_a_cursor_of_every_change_goes_on_right_behind_it(paper: Newspaper) -> None:
    await publish(paper, *(story(f"n{number}") for number in range(7)))
    whole = (await paper.changes.page(None, 100)).changes
    for index, one in enumerate(whole):
        rest = await paper.changes.page(one.cursor, 100)
        assert [two.number for two in rest.changes] == [two.number for two in whole[index + 1 :]]


async def test_an_instant_begins_with_what_was_told_after_it(paper: Newspaper) -> None:
    await publish(paper, story("a"))
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    await publish(paper, story("b"))
    assert await told(paper.changes, await paper.changes.since(now)) == [("b", 1, "published")]
    assert len(await told(paper.changes, await paper.changes.since(0))) == 2
    assert await told(paper.changes, await paper.changes.since(2**53)) == []


async def test_numbers_grow_although_the_clock_goes_back(paper: Newspaper, redis: Redis) -> None:
    await publish(paper, story("a"))
    partition = paper.keys.partition(uri_of("a"))
    sequence = paper.keys.shared(partition, "sequence")
    in_an_hour = int(await redis.hget(sequence, "last")) + 3_600_000_000
    await redis.hset(sequence, "last", in_an_hour)
    await publish(paper, story("a", 2), story("a", 3))
    [one] = (await paper.changes.page(None, 9)).changes
    assert one.number == in_an_hour + 2


async def test_after_an_older_copy_of_redis_a_reader_misses_nothing_that_comes(
    paper: Newspaper, redis: Redis
) -> None:
    await publish(paper, story("a"))
    partition = paper.keys.partition(uri_of("a"))
    names = ("sequence", "changes", "told")
    copy = {name: await redis.dump(paper.keys.shared(partition, name)) for name in names}
    await publish(paper, *(story("a", version) for version in range(2, 6)))
    reader = (await paper.changes.page(None, 9)).next
    for name, value in copy.items():
        await redis.restore(paper.keys.shared(partition, name), 0, value, replace=True)
    with pytest.raises(LostLog):
        await paper.changes.page(reader, 9)
    await publish(paper, story("a", 6))
    assert await told(paper.changes, reader) == [("a", 6, "updated")]


async def test_a_cursor_of_an_emptied_redis_is_refused(paper: Newspaper, redis: Redis) -> None:
    await publish(paper, story("a"), story("b"))
    reader = (await paper.changes.page(None, 9)).next
    await redis.flushall()
    with pytest.raises(LostLog):
        await paper.changes.page(reader, 9)
    await publish(paper, *(story(f"n{number}") for number in range(9)))
    with pytest.raises(LostLog):
        await paper.changes.page(reader, 9)
    assert len(await told(paper.changes)) == 9


async def test_a_cursor_is_refused_when_one_partition_alone_was_lost(
    paper: Newspaper, redis: Redis
) -> None:
    await publish(paper, *(story(f"n{number}") for number in range(9)))
    reader = (await paper.changes.page(None, 99)).next
    await redis.delete(*(paper.keys.shared(1, name) for name in ("sequence", "changes", "told")))
    with pytest.raises(LostLog):
        await paper.changes.page(reader, 9)


async def test_a_cursor_of_other_partitions_or_another_installation_is_refused(
    paper: Newspaper,
) -> None:
    await publish(paper, story("a"))
    reader = (await paper.changes.page(None, 9)).next
    for stranger in (
        Cursor(reader.log, reader.numbers[:2]),
        Cursor(reader.log, (*reader.numbers, 0)),
        Cursor(b"stolen", reader.numbers),
        Cursor(reader.log, tuple(number + 1 for number in reader.numbers)),
    ):
        with pytest.raises(LostLog):
            await paper.changes.page(stranger, 9)


async def test_a_reader_who_came_before_any_news_keeps_the_cursor(paper: Newspaper) -> None:
    early = (await paper.changes.page(None, 9)).next
    await publish(paper, story("a"), story("b"), story("c"))
    assert len(await told(paper.changes, early)) == 3


async def test_stories_from_before_there_was_a_log_are_told_at_the_next_start(
    paper: Newspaper, redis: Redis
) -> None:
    await paper.builder.open()
    await publish(paper, story("a"), story("b"), kill("b"))
    for name in ("sequence", "changes", "told"):
        await redis.delete(*paper.keys.every(name))
    await paper.builder.open()
    await paper.builder.rebuild_dirty()
    assert set(await told(paper.changes)) == {("a", 1, "published"), ("b", 1, "withdrawn")}
    await paper.builder.open()
    assert await paper.dirty.first(9) == []


async def test_more_readers_at_once_than_connections_to_redis_are_all_served(
    paper: Newspaper, redis_url: str
) -> None:
    await publish(paper, story("a"))
    async with connect(redis_url) as redis:
        log = ChangeLog(redis, paper.keys)
        reads = [log.page(None, 9) for _ in range(MAX_CONNECTIONS)]
        looks = [log.newest(uri_of("a")) for _ in range(MAX_CONNECTIONS)]
        pages, newest = await asyncio.gather(asyncio.gather(*reads), asyncio.gather(*looks))
    assert {len(page.changes) for page in pages} == {1}
    assert None not in newest


async def test_many_publishers_at_once_tell_each_story_at_its_end(
    paper: Newspaper, redis: Redis
) -> None:
    papers = [paper, *(Newspaper(redis, paper.root) for _ in range(3))]
    await publish(paper, story("a"), story("b"), story("c"))  # a kill then finds what was seen

    async def work(one: Newspaper, name: str, version: int) -> None:
        await publish(one, kill(name, version) if version == 9 else story(name, version))

    await asyncio.gather(
        *(work(papers[v % 4], n, v) for v in range(2, 10) for n in ("a", "b", "c"))
    )
    assert {(n, 9, "withdrawn") for n in ("a", "b", "c")} == set(await told(paper.changes))


@pytest.mark.timeout(120)
async def test_on_a_cluster_every_partition_is_read_and_told(
    redis_server: Path, tmp_path: Path
) -> None:
    with running_cluster(redis_server, tmp_path) as url:
        async with connect(url) as redis:
            paper = Newspaper(redis, tmp_path / "site", keys=Keys(4))
            await publish(paper, *(story(f"n{number}") for number in range(8)), kill("n3"))
            assert len(await told(paper.changes)) == 8
            end = (await paper.changes.page(None, 99)).next
            assert await paper.changes.heads() == end.numbers
            await publish(paper, story("n5", 2))
            assert await told(paper.changes, end) == [("n5", 2, "updated")]
