"""What comes before the call that readers see, and what a channel keeps between starts."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared, Unsaid
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.memory import Memory
from services.publish.delivery.opening import opened
from services.publish.delivery.row import Outcome
from services.publish.delivery.trial import tried
from shared.http import HttpSettings, public_client
from shared.streams import DESTINATION_MEMORY
from tests.publish.posting import Posting
from tests.publish.social import BLIND, BY_CLASS, SEARCHED, Platform, Settings, Social

BUSY = Unprepared(Outcome("retry", "the login server is busy", after_ms=90_000, reached=False))
LOCKED = Unprepared(Outcome("stopped", "the password is not accepted", reached=False))
TOO_BIG = Unprepared(Outcome("refused", "the server takes no news", reached=False))


USED_UP = Unprepared(
    Outcome("retry", "nothing is left", after_ms=900_000, rest_ms=900_000, reached=False)
)


class Careful(Social):
    """An account that logs in before everything it does. `troubles` are met one after another."""

    def __init__(self, platform: Platform, caps: Caps) -> None:
        super().__init__(platform, caps)
        self.troubles: list[Unprepared] = []
        self.prepared = 0

    async def prepare(self) -> None:
        self.prepared += 1
        if self.troubles:
            raise self.troubles.pop(0)

    async def test(self) -> object:
        await self.prepare()
        return None


class Terse(Social):
    """An account that says nothing of versions without a correction."""

    def render(self, announcement: Announcement) -> Rendered:
        is_worth_it = announcement.first or announcement.article.headline != "第2版"
        if announcement.op == "put" and not is_worth_it:
            raise Unsaid
        return super().render(announcement)


def posting(redis: Redis, *troubles: Unprepared, kind: str = "D") -> tuple[Posting, Careful]:
    post = Posting(redis, BY_CLASS[kind])
    channel = Careful(post.platform, post.caps)
    channel.troubles = list(troubles)
    post.channel = channel
    return post, channel


@pytest.mark.parametrize("kind", list(BY_CLASS))
async def test_what_failed_before_the_post_is_tried_again_even_where_nobody_can_look(
    redis: Redis, kind: str
) -> None:
    post, channel = posting(redis, BUSY, kind=kind)
    began = post.now
    row = await post.publish(1)
    assert (row.state, channel.prepared, post.platform.written()[:1]) == (
        "delivered",
        2,
        ["create"],
    )
    assert post.now - began >= 90_000


async def test_nothing_was_reached_so_a_kill_has_nothing_to_take_away(redis: Redis) -> None:
    post, _ = posting(redis, BUSY)
    await post.want(1)
    await post.carry(hours=0)
    row = await post.publish(1, "kill")
    assert (row.state, row.proof, post.platform.calls) == ("cancelled", "gone", [])


async def test_a_login_that_is_refused_stops_the_destination_with_its_reason(redis: Redis) -> None:
    post, _ = posting(redis, LOCKED)
    await post.destinations.add(post.destination)
    await post.want(1)
    await post.carry(hours=0)
    stopped = await post.destinations.get("account")
    assert stopped
    assert (stopped.state, stopped.reason) == ("paused", "the password is not accepted")
    assert (await post.row()).state == "waiting"


async def test_what_is_refused_before_the_post_is_given_up_after_three_tries(redis: Redis) -> None:
    post, channel = posting(redis, *[TOO_BIG] * 9)
    row = await post.publish(1)
    assert (row.state, row.error, channel.prepared) == ("dead", "the server takes no news", 3)


async def test_a_budget_that_is_used_up_is_no_illness_and_no_try(redis: Redis) -> None:
    post, channel = posting(redis, *[USED_UP] * 14)
    await post.destinations.add(post.destination)
    began = post.now
    await post.want(1)
    news = post.couriers()[1]
    for _ in range(14):
        assert await news.round() == 1
        assert await news.round() == 0
        post.now += 900_000
    row = await post.row()
    health = await post.destinations.health("account")
    assert (row.error, row.attempt, health.is_well) == ("nothing is left", 0, True)
    row = await post.carry()
    assert (row.state, channel.prepared, len(post.platform.posts)) == ("delivered", 15, 1)
    assert post.now - began < 4 * 3_600_000


async def test_a_trial_says_what_failed_before_it(redis: Redis) -> None:
    _, channel = posting(redis, LOCKED)
    outcome = await tried(channel)
    assert outcome
    assert (outcome.status, outcome.verdict, outcome.error) == (
        None,
        "stopped",
        "the password is not accepted",
    )


async def test_a_version_that_is_not_worth_another_post_counts_as_told(redis: Redis) -> None:
    post = Posting(redis, replace(SEARCHED, edits=False))
    post.channel = Terse(post.platform, post.caps)
    await post.publish(1)
    row = await post.publish(2)
    assert (row.state, row.sent_version, len(post.platform.posts)) == ("delivered", 2, 1)
    await post.publish(3)
    assert [one.text for one in post.platform.posts.values()] == ["第1版", "第3版"]
    row = await post.publish(3, "kill")
    assert (row.proof, post.platform.posts) == ("gone", {})


class Remembering(Social):
    """An account that keeps its login."""

    def remember_in(self, memory: Memory) -> None:
        self.memory = memory


async def test_what_a_channel_keeps_is_its_own_and_goes_with_its_destination(redis: Redis) -> None:
    destinations = Destinations(redis)
    kept = []
    async with public_client(HttpSettings(allow_networks=())) as http:
        for name in ("one", "other"):
            channel = Remembering(Platform(lambda: 0), BLIND)
            plug = SimpleNamespace(open_channel=lambda _, __, made=channel: made)
            assert opened(plug, Settings(), http, destinations.memory(name)) is channel
            kept.append(channel.memory)
            new = Destination(name=name, channel="social", settings={}, created=datetime.now(UTC))
            await destinations.add(new)
    await kept[0].keep({"token": "t1", "limit": "500"})
    await kept[0].keep({"token": "t2"})
    assert await kept[0].recall() == {"token": "t2", "limit": "500"}
    assert await kept[1].recall() == {}
    await destinations.remove("one")
    assert await redis.hgetall(DESTINATION_MEMORY) == {}


async def test_redis_away_keeps_what_needs_the_memory_waiting_and_is_no_bug() -> None:
    away = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    memory = Destinations(away).memory("account")
    for asked in (memory.recall(), memory.keep({"token": "t"})):
        with pytest.raises(Unprepared) as failed:
            await asked
        outcome = failed.value.outcome
        assert (outcome.verdict, outcome.reached) == ("retry", False)
    await away.aclose()


async def test_a_channel_that_remembers_nothing_need_not_know_of_it(redis: Redis) -> None:
    channel = Social(Platform(lambda: 0), BLIND)
    plug = SimpleNamespace(open_channel=lambda _, __: channel)
    async with public_client(HttpSettings(allow_networks=())) as http:
        assert opened(plug, Settings(), http, Destinations(redis).memory("one")) is channel


async def test_a_used_up_budget_lets_its_own_lane_rest(redis: Redis) -> None:
    post = Posting(redis, SEARCHED)
    post.channel = Tired(post.platform, SEARCHED)
    kills, news = post.couriers()
    await post.want(1, uri="tag:example.tw,2026:0")
    assert await news.round() == 1
    await post.want(1, uri="tag:example.tw,2026:late")
    assert await news.round() == 0
    await post.want(1, "kill", uri="tag:example.tw,2026:0")
    assert await kills.round() == 1
    post.now += 60_000
    assert await news.round() == 1
    assert sorted(post.platform.written()) == ["create", "create", "delete"]


class Tired(Social):
    """An account whose budget of posts is used up by every post."""

    def classify(self, answer: object, op: object) -> Outcome:
        outcome = super().classify(answer, op)
        return replace(outcome, rest_ms=60_000 if op == "put" else 0)
