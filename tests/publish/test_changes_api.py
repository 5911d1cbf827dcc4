"""The change feed over HTTP, as a downstream site follows it: pull, long poll, event stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.types import Message

from services.publish.changes.cursor import Cursor, write
from services.publish.changes.items import event
from services.publish.changes.log import ChangeLog
from services.publish.changes.stream import EventStream
from services.publish.changes.watch import Watch
from shared.streams import Keys
from shared.tasks import end
from tests.publish.newspaper import kill, story
from tests.publish.served import Served, serving, until
from tests.publish.stories import SITE

Item = dict[str, Any]


@pytest.fixture
async def paper(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(redis, redis_url, tmp_path) as served:
        yield served


def heads(items: list[Item]) -> list[tuple[str, int, str]]:
    return [(one["uri"].rpartition(":")[2], one["version"], one["type"]) for one in items]


async def test_a_reader_gets_all_there_is_and_then_only_what_is_new(paper: Served) -> None:
    await paper.emit(story("a"), story("b"), story("a", 2))
    first = (await paper.site.get("/v1/changes")).json()
    assert heads(first["changes"]) == [("b", 1, "published"), ("a", 2, "updated")]
    assert (await paper.changes(after=first["next"])) == []
    await paper.emit(kill("b"))
    assert heads(await paper.changes(after=first["next"])) == [("b", 1, "withdrawn")]


async def test_what_is_told_can_be_opened_at_that_moment(paper: Served) -> None:
    await paper.emit(story("a"), story("b"), kill("b"))
    [a, b] = await paper.changes()
    for item, status in ((a, 200), (b, 410)):
        assert item["url"].startswith("https://daily.example/news/")
        page = await paper.site.get(item["url"].removeprefix("https://daily.example"))
        assert page.status_code == status
    document = await paper.site.get(a["ninjs"].removeprefix("https://daily.example"))
    assert document.json()["version"] == "1"
    assert "ninjs" not in b


async def test_answers_may_be_read_by_scripts_of_other_sites_and_are_never_kept(
    paper: Served,
) -> None:
    answer = await paper.site.get("/v1/changes")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    head = await paper.site.head("/v1/changes")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_long_poll_is_answered_as_soon_as_there_is_something(paper: Served) -> None:
    await paper.emit(story("a"))
    end = (await paper.site.get("/v1/changes")).json()["next"]
    waiting = asyncio.create_task(paper.changes(after=end, wait=30))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    start = monotonic()
    await paper.emit(story("b"))
    assert heads(await waiting) == [("b", 1, "published")]
    assert monotonic() - start < 5


async def test_a_long_poll_without_news_keeps_its_cursor(paper: Served) -> None:
    await paper.emit(story("a"))
    end = (await paper.site.get("/v1/changes")).json()["next"]
    start = monotonic()
    answer = (await paper.site.get("/v1/changes", params={"after": end, "wait": "0.5"})).json()
    assert answer == {"changes": [], "next": end}
    assert 0.4 < monotonic() - start < 5


async def test_what_another_process_publishes_wakes_who_waits_here(
    paper: Served, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with serving(redis, redis_url, tmp_path) as other:
        readers = [
            asyncio.create_task(one.changes(wait=30)) for one in (paper, other) for _ in range(20)
        ]
        await asyncio.sleep(0.3)
        await paper.emit(story("a"))
        answers = await asyncio.gather(*readers)
    assert {tuple(heads(items)) for items in answers} == {(("a", 1, "published"),)}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"after": "nonsense"}, ["after"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "many", "wait": "31"}, ["limit", "wait"]),
        ({"afterwards": "x"}, ["afterwards"]),
        ({"since": "2026-11-23"}, ["since"]),
    ],
)
async def test_a_bad_question_is_answered_by_field(
    paper: Served, query: dict[str, str], fields: list[str]
) -> None:
    answer = await paper.site.get("/v1/changes", params=query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["field"] for fault in answer.json()["errors"]] == fields
    assert all(fault["reason"] for fault in answer.json()["errors"])


async def test_a_cursor_of_another_installation_is_gone_and_says_what_to_do(
    paper: Served,
) -> None:
    stranger = write(Cursor(b"abroad", (1_795_397_400_000_000,)))
    for path in ("/v1/changes", "/v1/events"):
        answer = await paper.site.get(path, params={"after": stranger})
        assert answer.status_code == 410
        assert "Begin anew without a cursor" in answer.json()["detail"]


async def test_a_cursor_of_a_redis_that_was_emptied_is_gone(paper: Served, redis: Redis) -> None:
    await paper.emit(story("a"))
    end = (await paper.site.get("/v1/changes")).json()["next"]
    waiting = asyncio.create_task(paper.site.get("/v1/changes", params={"after": end, "wait": 30}))
    await asyncio.sleep(0.3)
    await redis.delete(*(Keys().shared(0, name) for name in ("sequence", "changes", "told")))
    assert (await waiting).status_code == 410
    assert (await paper.site.get("/v1/changes", params={"after": end})).status_code == 410
    assert (await paper.site.get("/v1/changes")).json()["changes"] == []


async def test_who_asks_too_fast_is_told_when_to_come_back(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with serving(redis, redis_url, tmp_path, requests_per_second=1) as paper:
        answers = [await paper.site.get("/v1/changes") for _ in range(15)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:10] == [200] * 10
        assert statuses[-1] == 429
        assert answers[-1].headers["retry-after"] == "1"


async def test_more_readers_than_there_are_places_are_asked_to_come_back(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with serving(redis, redis_url, tmp_path, max_waiting=2) as paper:
        waiting = asyncio.create_task(paper.changes(wait=30))
        async with listening(paper, "/v1/events"):
            await asyncio.sleep(0.3)
            for path, query in (("/v1/events", {}), ("/v1/changes", {"wait": "1"})):
                answer = await paper.site.get(path, params=query)
                assert answer.status_code == 503
                assert answer.headers["retry-after"] == "5"
            assert (await paper.site.get("/v1/changes")).status_code == 200
            metrics = (await paper.site.get("/metrics")).text
            assert "wiredesk_change_readers 2.0" in metrics
            assert 'wiredesk_change_readers_refused_total{status="503"}' in metrics
        await paper.emit(story("a"))
        await waiting
        async with listening(paper, "/v1/events"):
            pass


async def test_one_address_cannot_take_all_places(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with (
        serving(redis, redis_url, tmp_path, max_waiting_per_address=1) as paper,
        listening(paper, "/v1/events"),
    ):
        answer = await paper.site.get("/v1/events")
        assert answer.status_code == 429
        elsewhere = {"x-forwarded-for": "203.0.113.7"}  # as a proxy on this machine tells
        async with listening(paper, "/v1/events", headers=elsewhere) as stream:
            assert stream.answer.is_success


async def test_a_reader_who_leaves_frees_its_place(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with serving(redis, redis_url, tmp_path, max_waiting=1) as paper:
        async with asyncio.timeout(10):
            with pytest.raises(httpx.ReadTimeout):
                await paper.site.get("/v1/changes", params={"wait": "30"}, timeout=0.3)

            async def is_free() -> bool:
                answer = await paper.site.get("/v1/changes", params={"wait": "0.001"})
                return answer.is_success

            await until(is_free)


# Event streams


class Stream:
    """An open event stream, read as the standard says."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.last_id = ""
        self.comments = 0
        self._blocks = self._read()

    async def _read(self) -> AsyncIterator[str]:
        text = ""
        async for chunk in self.answer.aiter_text():
            text += chunk
            *blocks, text = text.split("\n\n")
            for block in blocks:
                yield block

    async def next(self) -> Item:
        """The next event that has data. Ids alone and comments are noted."""
        async with asyncio.timeout(20):
            async for block in self._blocks:
                fields = dict(self._fields(block))
                if "data" in fields:
                    item: Item = json.loads(fields["data"])
                    return item
        raise EOFError

    def _fields(self, block: str) -> Iterator[tuple[str, str]]:
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if name == "id":
                self.last_id = value.strip()
            self.comments += not name
            yield name, value.strip()

    async def take(self, count: int) -> list[Item]:
        return [await self.next() for _ in range(count)]


@asynccontextmanager
async def listening(
    paper: Served, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    async with paper.site.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


BEGINNING = "/v1/events?since=1970-01-01T00:00:00Z"


async def test_a_stream_brings_what_there_is_and_then_what_comes(paper: Served) -> None:
    await paper.emit(story("a"), story("b"))
    async with listening(paper, BEGINNING) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        assert stream.answer.headers["x-accel-buffering"] == "no"
        items = await stream.take(2)
        await paper.emit(story("b", 2), kill("a"))
        items += await stream.take(2)
    assert heads(items) == [
        ("a", 1, "published"),
        ("b", 1, "published"),
        ("b", 2, "updated"),
        ("a", 1, "withdrawn"),
    ]
    assert stream.last_id == items[-1]["cursor"]


async def test_a_stream_without_a_cursor_begins_now(paper: Served) -> None:
    await paper.emit(story("a"))
    async with listening(paper, "/v1/events") as stream:
        await paper.emit(story("b"))
        assert heads([await stream.next()]) == [("b", 1, "published")]


async def test_a_stream_that_broke_goes_on_behind_the_last_event_id(paper: Served) -> None:
    await paper.emit(story("a"), story("b"), story("c"))
    async with listening(paper, BEGINNING) as stream:
        await stream.take(2)
    await paper.emit(story("a", 2), story("d"))
    back = {"last-event-id": stream.last_id}
    async with listening(paper, "/v1/events", headers=back) as again:
        assert heads(await again.take(3)) == [
            ("c", 1, "published"),
            ("a", 2, "updated"),
            ("d", 1, "published"),
        ]


async def test_a_stream_that_broke_before_its_first_event_misses_none(paper: Served) -> None:
    async with listening(paper, "/v1/events") as stream:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await stream.next()
        assert stream.last_id
    await paper.emit(story("a"))
    async with listening(paper, "/v1/events", headers={"last-event-id": stream.last_id}) as again:
        assert heads([await again.next()]) == [("a", 1, "published")]


async def test_one_cursor_serves_pull_and_stream(paper: Served) -> None:
    await paper.emit(story("a"), story("b"), story("c"))
    [one] = await paper.changes(limit=1)
    async with listening(paper, f"/v1/events?after={one['cursor']}") as stream:
        two = await stream.next()
    assert heads(await paper.changes(after=two["cursor"])) == [("c", 1, "published")]


async def test_an_impossible_last_event_id_is_refused_by_name(paper: Served) -> None:
    answer = await paper.site.get("/v1/events", headers={"last-event-id": "42"})
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()["errors"]] == ["Last-Event-ID"]


async def test_a_head_request_opens_no_stream(paper: Served) -> None:
    answer = await paper.site.head("/v1/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


async def test_fifty_readers_that_take_nothing_delay_nobody(paper: Served) -> None:
    url = httpx.URL(str(paper.site.base_url))
    deaf = [await asyncio.open_connection(url.host, url.port, limit=1) for _ in range(50)]
    for _, writer in deaf:
        writer.write(f"GET {BEGINNING} HTTP/1.1\r\nHost: {url.host}\r\n\r\n".encode())
    async with listening(paper, BEGINNING) as stream:
        for number in range(20):
            await paper.emit(story(f"n{number}", headline="長" * 400))
        assert len(await stream.take(20)) == 20
    for _, writer in deaf:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_what_a_slow_reader_has_not_taken_is_kept_nowhere(
    paper: Served, redis: Redis
) -> None:
    """While the connection takes nothing, nothing is written; later the newest of each comes."""
    log = ChangeLog(redis, Keys())
    watch, written, takes = Watch(log), list[bytes](), asyncio.Semaphore(2)
    looking = asyncio.create_task(watch.run())

    async def send(message: Message) -> None:
        await takes.acquire()
        written.append(message.get("body", b""))

    stream = EventStream(await log.since(0), watch, partial(event, SITE), list, {})
    never = asyncio.Event()
    scope = {"type": "http", "method": "GET"}
    streaming = asyncio.create_task(stream(scope, never.wait, send))
    for version in range(1, 31):
        await paper.emit(story("a", version))
    assert len(written) == 2  # the head, and where it begins
    takes.release()
    takes.release()
    await until(lambda: asyncio.sleep(0, len(written) == 4))
    lines = b"".join(written[2:]).decode().split("\n")
    told = [json.loads(one[6:])["version"] for one in lines if one.startswith("data: ")]
    assert len(told) == 2
    assert told[0] < told[1] == 30
    await end([streaming, looking])
