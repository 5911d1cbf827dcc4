"""The clock of withdrawals over a real Redis and real files, with a clock that tests move."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.ingest.ledger import Ledger as Intake
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.proof import Withdrawal
from services.publish.delivery.row import want
from services.publish.delivery.withdrawals import Withdrawals
from services.publish.site.build import Builder, find_feeds
from services.publish.site.files import Files
from services.publish.site.outlets import Outlets
from services.publish.site.pages import Pages
from services.publish.withdrawal_watch import WithdrawalWatch
from shared.logs import Happened
from shared.streams import Keys
from tests.publish.delivery_rows import DONE, after, wants
from tests.publish.newspaper import NOW, SITE, Newspaper, kill, story, uri_of

KEYS = Keys(3)
MILLIS = int(NOW.timestamp() * 1000)
URI = uri_of("a")
FEEDS = [feed.FILE_NAME for feed in find_feeds().values()]


@dataclass
class Desk:
    """A newspaper, its deliveries, and two watches as two processes have them."""

    redis: Redis
    root: Path
    now: int = MILLIS
    logs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.paper = Newspaper(self.redis, self.root)
        self.paper.builder = Builder(
            SITE,
            self.paper.desk,
            self.paper.dirty,
            Files(self.root),
            self.paper.changes,
            pages=lambda sections: Pages(SITE, sections),
            feeds=find_feeds(),
            clock=lambda: self.paper.now,
        )
        self.ledger = Ledger(self.redis, KEYS)
        self.withdrawals = Withdrawals(self.redis, KEYS)
        self.destinations = Destinations(self.redis)
        self.watches = [self.watch(), self.watch()]

    def watch(self) -> WithdrawalWatch:
        outlets = Outlets(self.root, self.paper.desk, FEEDS)
        return WithdrawalWatch(
            self.withdrawals,
            self.ledger,
            self.destinations,
            self.paper.desk,
            outlets,
            proof_seconds=120,
            now=lambda: self.now,
        )

    async def accept(self, name: str = "a") -> None:
        """What ingest does with a kill."""
        when = datetime.fromtimestamp(self.now / 1000, UTC)
        await Intake(self.redis, KEYS).accept(kill(name), when)

    async def plan(self, name: str = "a") -> None:
        """What the postroom writes down with a kill."""
        await self.redis.hset(KEYS.of(uri_of(name), "withdrawal"), "planned", "1")

    async def later(self, seconds: float) -> list[tuple[str, str]]:
        """The alarms told meanwhile, place and deadline, however often one looks."""
        before = len(self.alarms())
        for step in range(20):
            self.now += int(seconds * 50)
            await self.watches[step % 2].round()
        return self.alarms()[before:]

    def alarms(self) -> list[tuple[str, str]]:
        told = [one for one in self.logs if one["event"] == Happened.WITHDRAWAL_OUTSTANDING]
        return [(one["place"], one["deadline"]) for one in told]

    def happened(self, event: Happened) -> list[Any]:
        return [one for one in self.logs if one["event"] == event]


@pytest.fixture
async def desk(redis: Redis, tmp_path: Path) -> AsyncIterator[Desk]:
    with capture_logs() as logs:
        yield Desk(redis, tmp_path, logs=logs)


async def read(desk: Desk, name: str = "a") -> Withdrawal:
    found = await desk.withdrawals.read(uri_of(name))
    assert found
    return found


async def test_a_kill_that_no_service_has_seen_yet_is_late_all_the_same(desk: Desk) -> None:
    await desk.destinations.add(
        Destination(name="line", channel="webhook", settings={}, created=NOW)
    )
    await desk.accept()
    assert await desk.later(1.9) == []
    assert await desk.later(2) == [("website", "live"), ("feeds", "live")]
    assert await desk.later(2) == [("line", "call")]
    assert await desk.later(200) == [(name, "proof") for name in ("website", "feeds", "line")]
    assert await desk.later(3600) == []
    assert [name for name, _ in await desk.later(86_400)] == ["website", "feeds", "line"]


async def test_it_is_gone_when_readers_do_not_get_it_and_not_before(desk: Desk) -> None:
    await desk.paper.tell(story("a"))
    await desk.paper.builder.rebuild_dirty()
    desk.now = int(desk.paper.now.timestamp() * 1000)
    await desk.accept()
    await desk.plan()
    await desk.paper.tell(kill("a"))
    await desk.later(1)
    assert ((await read(desk)).website_at, (await read(desk)).feeds_at) == (0, 0)
    await desk.paper.builder.build_page(URI)
    await desk.later(0.5)
    assert ((await read(desk)).website_at > 0, (await read(desk)).feeds_at) == (True, 0)
    await desk.paper.builder.rebuild_dirty()
    await desk.later(0.1)
    assert (await read(desk)).proven_at == desk.now - 95
    [told] = desk.happened(Happened.WITHDRAWAL_PROPAGATED)
    assert (told["uri"], told["gone"]) == (URI, 2)
    assert desk.alarms() == []


async def test_a_card_on_another_storys_page_keeps_it_open(desk: Desk) -> None:
    card = {"related": [{"uri": URI, "headline": "前情", "creator": "newsroom"}]}
    await desk.paper.tell(story("a"), story("b", **card))
    await desk.paper.builder.rebuild_dirty()
    await desk.accept()
    await desk.plan()
    await desk.paper.tell(kill("a"))
    row = await desk.paper.desk.row(URI)
    assert row
    outlets = Outlets(desk.root, desk.paper.desk, FEEDS)
    other = await desk.paper.desk.row(uri_of("b"))
    assert other
    assert other.path in await outlets.show(row)
    await desk.paper.builder.rebuild_dirty()
    assert await outlets.show(row) == []


async def test_an_alarm_is_told_once_whoever_looks_and_whoever_starts_again(desk: Desk) -> None:
    await desk.accept()
    assert len(await desk.later(300)) == 4
    desk.watches = [desk.watch(), desk.watch()]
    assert await desk.later(300) == []


async def test_a_second_withdrawal_of_the_same_story_is_told_of_anew(desk: Desk) -> None:
    await desk.accept()
    await desk.later(300)
    await Intake(desk.redis, KEYS).accept(
        story("a", 2, reinstate=True), datetime.fromtimestamp(desk.now / 1000, UTC)
    )
    assert await desk.withdrawals.count() == 0
    when = datetime.fromtimestamp(desk.now / 1000, UTC)
    await Intake(desk.redis, KEYS).accept(kill("a", 3), when)
    assert ("website", "live") in await desk.later(3)


async def test_a_destination_that_took_it_closes_it(desk: Desk) -> None:
    await desk.accept()
    await desk.paper.tell(kill("a"))
    there = after(wants(1), DONE)
    await desk.ledger.replace([Change(there)])
    await desk.plan()
    await desk.later(1)
    assert await desk.withdrawals.count() == 1
    [row] = await desk.ledger.of_article(URI)
    killed = want(row, wants(1, "kill"))
    assert killed
    await desk.ledger.replace([Change(after(killed, DONE))])
    await desk.later(1)
    assert await desk.withdrawals.count() == 0


async def test_a_thousand_that_are_stuck_hide_no_other(desk: Desk) -> None:
    for number in range(3_500):
        stuck = f"urn:stuck:{number}"
        key = KEYS.shared(KEYS.partition(stuck), "withdrawals")
        await desk.redis.zadd(key, {stuck: desk.now - number})
        told = {"version": 1, "accepted": desk.now}
        await desk.redis.hset(KEYS.of(stuck, "withdrawal"), mapping=told)
    desk.now += 1
    await desk.accept()
    await desk.plan()
    await desk.paper.tell(kill("a"))
    await desk.later(60)
    assert (await read(desk)).proven_at > 0


async def test_what_is_not_remembered_is_dropped(desk: Desk) -> None:
    partition = KEYS.partition("tag:lost")
    await desk.redis.zadd(KEYS.shared(partition, "withdrawals"), {"tag:lost": 1})
    await desk.later(1)
    assert await desk.withdrawals.count() == 0
