"""A channel whose own code fails: its row says so, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import time_ns

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.channels import webhook
from services.publish.delivery.by_hand import replay
from services.publish.delivery.caps import Way
from services.publish.delivery.channel import Announcement
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.office import Office
from services.publish.delivery.postroom import Postroom
from services.publish.delivery.rota import Rota
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from shared.article import Article
from shared.errors import Rejected
from shared.events import Event
from shared.hop import Entry
from shared.http import HttpSettings, public_client
from shared.logs import Happened
from shared.streams import PUBLISHED, Keys
from shared.tasks import end
from tests.publish.posting import Posting, is_current
from tests.publish.receiver import Receiver
from tests.publish.social import BLIND, NAMED, SEARCHED, Platform, Social, plug
from tests.stored import as_stored

STORY = Article(uri="urn:broken:1", headline="便橋通車")
BUG = KeyError("headline")


async def announce(row: Row) -> Announcement | None:
    return Announcement(STORY, row.sending_op, "https://a.example/1", first=True)


@asynccontextmanager
async def postroom(redis: Redis, channel: Social) -> AsyncIterator[Postroom]:
    """A postroom at work with two channels: webhooks, and one of a third party."""
    ledger = Ledger(redis, Keys())
    office = Office(
        ledger,
        Destinations(redis),
        Lines(redis, ledger),
        announce,
        is_current,
        lambda: time_ns() // 1_000_000,
    )
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    room = Postroom(
        office,
        Keys(),
        rota=Rota(redis, "here"),
        channels={"webhook": webhook, "social": plug(channel)},
        http=lambda: public_client(loopback),
        clock=lambda: datetime.now(UTC),
    )
    tasks = [asyncio.create_task(work) for work in (room.keep_couriers(), room.watch())]
    yield room
    await end(tasks)


async def subscribe(redis: Redis, name: str, channel: str, **settings: object) -> None:
    now = datetime.now(UTC)
    await Destinations(redis).add(
        Destination(name=name, channel=channel, settings=settings, created=now)
    )


async def until(redis: Redis, name: str, state: str) -> Row:
    async with asyncio.timeout(15):
        while True:
            rows = await Ledger(redis, Keys()).rows([(STORY.uri, name)])
            if rows and rows[0].state == state:
                return rows[0]
            await asyncio.sleep(0.02)


async def test_a_formatter_error_for_one_destination_is_a_visible_failed_row_not_a_log_line(
    redis: Redis,
) -> None:
    channel = Social(Platform(lambda: time_ns() // 1_000_000), SEARCHED)
    channel.broken["render"] = BUG
    entry = Entry(b"1-0", as_stored(Event.begin(PUBLISHED, STORY, datetime.now(UTC))))
    async with Receiver() as receiver:
        await subscribe(redis, "partner", "webhook", url=receiver.url, secrets=[new_secret()])
        await subscribe(redis, "account", "social")
        async with postroom(redis, channel) as room:
            with capture_logs() as logs:
                await room(entry)
                await until(redis, "partner", "delivered")
                row = await until(redis, "account", "dead")
            assert row.error == "bug: KeyError('headline')"
            [told] = [one for one in logs if one["event"] == Happened.DELIVERY_BROKEN]
            assert (told["destination"], told["exc_info"]) == ("account", BUG)
            assert Happened.SERVICE_DIED not in {one["event"] for one in logs}

            channel.broken.clear()
            again = replay(row, time_ns() // 1_000_000, Way(SEARCHED))
            assert again
            await Ledger(redis, Keys()).replace([Change(again)])
            assert (await until(redis, "account", "delivered")).remote_id == "p1"
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [
        ("render", BUG, "bug: KeyError('headline')"),
        ("render", Rejected("no room for the address"), "Rejected: no room for the address"),
        ("classify", BUG, "bug: KeyError('headline')"),
    ],
    ids=["render", "rejected", "classify"],
)
async def test_the_row_is_dead_with_its_cause_and_the_courier_carries_on(
    redis: Redis, place: str, error: Exception, said: str
) -> None:
    post = Posting(redis, SEARCHED)
    post.channel.broken[place] = error
    row = await post.publish(1)
    assert (row.state, row.error, row.due_at) == ("dead", said, 0)
    assert (await post.ledger.attempts("account", 1))[0]["outcome"] == "broken"
    assert (await post.destinations.health("account")).is_well
    post.channel.broken.clear()
    await post.want(1, uri="urn:another")
    await post.carry()
    assert (await post.row("urn:another")).state == "delivered"


async def test_after_a_bug_in_reading_the_answer_a_replay_looks_before_it_sends(
    redis: Redis,
) -> None:
    post = Posting(redis, SEARCHED)
    post.channel.broken["classify"] = BUG
    dead = await post.publish(1)
    post.channel.broken.clear()
    again = replay(dead, post.now, Way(SEARCHED))
    assert again
    await post.write(again)
    row = await post.carry()
    assert (row.state, len(post.platform.posts)) == ("delivered", 1)


async def test_a_bug_in_a_kill_keeps_it_open_until_it_is_mended(redis: Redis) -> None:
    post = Posting(redis, BLIND)
    await post.publish(1)
    post.channel.broken["render"] = BUG
    await post.want(1, "kill")
    with capture_logs():  # a traceback for each try
        row = await post.carry(hours=0.2)
    assert (row.state, row.error) == ("waiting", "bug: KeyError('headline')")
    assert 0 < row.due_at - post.now <= 60_000 + 0.2 * 3_600_000
    post.channel.broken.clear()
    assert (await post.carry()).proof == "accepted"


async def test_a_channel_that_cannot_name_a_post_harms_that_row_alone(redis: Redis) -> None:
    post = Posting(redis, NAMED)
    post.channel.broken["name"] = BUG
    row = await post.publish(1)
    assert (row.state, row.error) == ("dead", "bug: KeyError('headline')")
    post.channel.broken.clear()
    assert (await post.publish(2)).state == "delivered"


async def test_an_article_that_cannot_be_read_harms_its_own_row_alone(redis: Redis) -> None:
    post = Posting(redis, SEARCHED)
    await post.want(1, uri="urn:another")
    await post.want(1)
    del post.versions["urn:another"]  # the desk's answer about it makes our own code fail
    await post.carry()
    assert (await post.row("urn:another")).error == "bug: KeyError('urn:another')"
    assert (await post.row()).state == "delivered"


async def test_a_pause_that_ends_by_itself_ends_and_no_other(redis: Redis) -> None:
    channel = Social(Platform(lambda: time_ns() // 1_000_000), SEARCHED)
    store, now = Destinations(redis), datetime.now(UTC)
    for name in ("over", "later", "by-hand"):
        await subscribe(redis, name, "social")
    await store.stop("over", "paused", "used up", now + timedelta(seconds=0.3))
    await store.stop("later", "paused", "used up", now + timedelta(hours=1))
    await store.pause("by-hand", "搬家")
    with capture_logs() as logs:
        async with postroom(redis, channel), asyncio.timeout(15):
            while (await store.all())["over"].state == "paused":
                await asyncio.sleep(0.02)
    assert datetime.now(UTC) >= now + timedelta(seconds=0.3)
    states = {one.name: (one.state, one.reason) for one in (await store.all()).values()}
    assert states["over"] == ("active", "")
    assert (states["later"][0], states["by-hand"][0]) == ("paused", "paused")
    resumed = [one for one in logs if one["event"] == Happened.DESTINATION_RESUMED]
    assert [(one["destination"], one["by"]) for one in resumed] == [("over", "clock")]
