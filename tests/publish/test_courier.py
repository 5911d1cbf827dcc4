"""The courier of one destination: what it claims, calls, hands back, and keeps while Redis is away.

Redis is real; the channel is a whole fake, and so is a ledger whose answers get lost.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import time_ns

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from services.publish.delivery.breaker import OPEN_AFTER, Health
from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered
from services.publish.delivery.courier import Courier
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.lately import AT_LEAST
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.office import Office
from services.publish.delivery.row import Op, Outcome, Row
from shared.article import Article
from shared.process_name import process_name
from shared.streams import Keys
from shared.tasks import end

NAME = "desk"
Answer = Callable[[str], Awaitable[int]]


class Wire:
    """A channel that asks a test for each answer. `called` are the keys it was called with."""

    caps = Caps(
        idempotency="key", edits=True, deletes=True, finds=False, verifies=False, has_ids=False
    )

    def __init__(self, answer: Answer) -> None:
        self.called: list[str] = []
        self.at_once = self.most_at_once = 0
        self._answer = answer

    def render(self, announcement: Announcement) -> Rendered:
        return Rendered(announcement.article.uri.encode(), "text/plain")

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        self.called.append(key)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            return httpx.Response(await self._answer(post.body.decode()))
        finally:
            self.at_once -= 1

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        return await self.deliver(post, key, remote_id)

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        return Outcome("unknown")

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        return await self.deliver(post, key, remote_id)

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:  # noqa: ARG002
        well = isinstance(answer, httpx.Response) and answer.is_success
        return Outcome("done") if well else Outcome("retry", "not now")


class Forgetful(Ledger):
    """A ledger of which some answers are lost on the way back: what was asked is done."""

    lose = 0

    async def replace(self, changes: Sequence[Change]) -> list[bool]:
        done = await super().replace(changes)
        if self.lose and changes:
            self.lose -= 1
            raise RedisConnectionError("the answer was lost")
        return done


async def quick(uri: str) -> int:
    await asyncio.sleep(0.001)
    return 204


async def announce(row: Row) -> Announcement | None:
    return Announcement(Article(uri=row.uri, headline="一"), row.sending_op, "", first=True)


async def is_current(article: Article) -> bool:
    return True


class Post:
    """One destination, its ledger, and its courier."""

    def __init__(self, redis: Redis, answer: Answer, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger(redis, Keys())
        self.wire = Wire(answer)
        self.redis = redis
        self.destination = Destination(
            name=NAME, channel="wire", settings={}, created=datetime.now(UTC)
        )
        office = Office(
            self.ledger,
            Destinations(redis),
            Lines(redis, self.ledger),
            announce,
            is_current,
            lambda: time_ns() // 1_000_000,
        )
        self.courier = Courier(office, self.destination, self.wire, kills=False)

    async def want(self, count: int) -> None:
        now = time_ns() // 1_000_000
        rows = [Row(f"urn:c:{n}", NAME, 1, "put", wanted_at=now, due_at=now) for n in range(count)]
        await Ledger(self.redis, Keys()).replace([Change(row) for row in rows])

    async def states(self) -> dict[str, int]:
        rows = await Ledger(self.redis, Keys()).of_destination(NAME)
        states = [row.state for row in rows]
        return {state: states.count(state) for state in set(states)}

    async def health(self) -> Health:
        return await Destinations(self.redis).health(NAME)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.courier.run())
        yield
        self.courier.end()
        await asyncio.wait_for(task, 10)

    async def until(self, wanted: dict[str, int], seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while await self.states() != wanted:
                await asyncio.sleep(0.02)


async def test_a_thousand_rows_are_called_once_each_and_never_more_than_four_at_once(
    redis: Redis,
) -> None:
    post = Post(redis, quick)
    await post.want(1000)
    async with post.working():
        await post.until({"delivered": 1000}, seconds=50)
    assert len(post.wire.called) == len(set(post.wire.called)) == 1000
    assert post.wire.most_at_once == 4


async def test_what_was_claimed_ahead_of_a_slow_call_goes_back_unsent(redis: Redis) -> None:
    hung = asyncio.Event()

    async def answer(uri: str) -> int:
        if len(post.wire.called) > 200:
            await hung.wait()
        return 204

    post = Post(redis, answer)
    await post.want(400)
    async with post.working():
        async with asyncio.timeout(15):
            while post.wire.at_once < 4:
                await asyncio.sleep(0.02)
        assert (await post.states())["sending"] > 4
        await asyncio.sleep(3.2)
        called = len(post.wire.called)
        post.courier.end()
        hung.set()
    states = await post.states()
    assert states == {"delivered": called, "waiting": 400 - called}
    rows = await post.ledger.of_destination(NAME)
    assert {(row.attempt, row.claims) for row in rows if row.state == "waiting"} == {(0, 0)}


async def of_a_killed_process() -> str:
    """The name of a process that has ended."""
    say = "from shared.process_name import process_name; print(process_name())"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", say, stdout=asyncio.subprocess.PIPE
    )
    name, _ = await process.communicate()
    return name.decode().strip()


@pytest.mark.skipif(not process_name(), reason="no /proc here")
async def test_what_a_killed_process_had_claimed_goes_on_long_before_its_lease_runs_out(
    redis: Redis,
) -> None:
    post = Post(redis, quick)
    await post.want(3)
    [killed, alive, poison] = await post.ledger.of_destination(NAME)
    now = time_ns() // 1_000_000
    owners = (await of_a_killed_process(), process_name(), await of_a_killed_process())
    claimed = [
        replace(row, state="sending", owner=f"c {owner}", lease_until=now + 25_000, claims=claims)
        for row, owner, claims in zip([killed, alive, poison], owners, (1, 1, 3), strict=True)
    ]
    rows = [replace(r, sending_version=1, epoch=1, due_at=now + 25_000) for r in claimed]
    assert await post.ledger.replace([Change(row) for row in rows]) == [True] * 3
    async with post.working():
        await post.until({"delivered": 1, "sending": 2}, seconds=10)
    [now_delivered] = [r for r in await post.ledger.of_destination(NAME) if r.state == "delivered"]
    assert now_delivered.uri == killed.uri
    assert len(post.wire.called) == 1


async def test_nothing_is_kept_behind_calls_that_hang(redis: Redis) -> None:
    async def answer(uri: str) -> int:
        if len(post.wire.called) > 200:
            await asyncio.Event().wait()
        return 204

    post = Post(redis, answer)
    await post.want(400)
    task = asyncio.create_task(post.courier.run())
    async with asyncio.timeout(15):
        while post.wire.at_once < 4:
            await asyncio.sleep(0.02)
    await asyncio.sleep(3.5)
    assert (await post.states())["sending"] == 4
    assert (await post.states())["waiting"] == 400 - len(post.wire.called)
    await end([task])
    assert post.wire.at_once == 0


async def test_a_breaker_that_opens_stops_the_rest_of_what_was_claimed(redis: Redis) -> None:
    sick = False

    async def answer(uri: str) -> int:
        await asyncio.sleep(0.001)
        return 503 if sick else 204

    post = Post(redis, answer)
    await post.want(150)
    async with post.working():
        await post.until({"delivered": 150})
        sick = True
        well = len(post.wire.called)
        now = time_ns() // 1_000_000
        rows = [Row(f"urn:s:{n}", NAME, 1, "put", wanted_at=now, due_at=1) for n in range(100)]
        await post.ledger.replace([Change(row) for row in rows])
        post.courier.wake.set()
        await post.until({"delivered": 150, "waiting": 100})
        await asyncio.sleep(0.3)
    failed = len(post.wire.called) - well
    assert OPEN_AFTER <= failed < OPEN_AFTER + 4


async def test_a_destination_of_whose_calls_every_second_fails_is_left_alone(redis: Redis) -> None:
    async def answer(_: str) -> int:
        return 503 if len(post.wire.called) % 2 else 204

    post = Post(redis, answer)
    await post.want(100)
    async with post.working():
        async with asyncio.timeout(15):
            while not (await post.health()).is_open:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    assert AT_LEAST <= len(post.wire.called) < 2 * AT_LEAST
    assert (await post.health()).failures < OPEN_AFTER


@pytest.mark.parametrize("lost", [1, 2, 5])
async def test_an_answer_of_redis_that_gets_lost_costs_neither_a_delivery_nor_time(
    redis: Redis, lost: int
) -> None:
    ledger = Forgetful(redis, Keys())
    post = Post(redis, quick, ledger)
    await post.want(20)
    ledger.lose = lost
    async with post.working():
        async with asyncio.timeout(15):
            while (await post.states()) != {"delivered": 20}:
                post.courier.wake.set()
                await asyncio.sleep(0.05)
    assert len(post.wire.called) == len(set(post.wire.called)) == 20
