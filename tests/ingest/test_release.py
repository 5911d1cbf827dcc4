"""Embargo and schedule on a real Redis: not before their time, and within a second after it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.ingest.intake import Intake
from services.ingest.ledger import Ledger
from services.ingest.release import Release
from shared.article import Article
from shared.events import Event
from shared.streams import RECEIVED, Keys

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
HOUR = timedelta(hours=1)
KEYS = Keys(3)
URI = "urn:held:1"


def story(version: int = 1, uri: str = URI, **more: object) -> Article:
    plain = {"uri": uri, "version": version, "headline": f"央行利率決議 {uri} {version}"}
    return Article.model_validate(plain | more)


@dataclass
class Clock:
    """A wall clock that somebody sets; it runs on from where it was set."""

    offset: timedelta = timedelta()
    begin: float = field(default_factory=monotonic)

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=monotonic() - self.begin) + self.offset


@dataclass
class Room:
    """One ingest process' ledger and watch, over a Redis that others use too."""

    redis: Redis
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.redis, KEYS)
        self.intake = Intake(self.ledger, self.clock)
        self.release = Release(self.intake)

    async def accept(self, *articles: Article, now: datetime = NOW) -> list[str]:
        return [(await self.ledger.accept(article, now)).outcome for article in articles]

    async def left(self) -> Sequence[tuple[str, int]]:
        """What has left, in the order of Redis' ids."""
        entries: list[Any] = []
        for stream in KEYS.streams(RECEIVED):
            entries += await self.redis.xrange(stream)
        found = [Event.parse(fields).article for _, fields in sorted(entries, key=_moment)]
        return [(article.uri, article.version) for article in found]

    async def held(self) -> int:
        return sum([await self.redis.zcard(key) for key in KEYS.every("held")])

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.release.watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _moment(entry: tuple[bytes, object]) -> tuple[int, ...]:
    return tuple(map(int, entry[0].split(b"-")))


@pytest.fixture
def room(redis: Redis) -> Room:
    return Room(redis)


async def test_a_held_story_goes_once_however_many_processes_let_it_go(room: Room) -> None:
    assert await room.accept(story(embargoed=SOON)) == ["held"]
    assert await room.ledger.release(URI, NOW) == []
    assert await room.left() == []
    rooms = [Room(room.redis) for _ in range(10)]
    went = await asyncio.gather(*(one.ledger.release(URI, SOON) for one in rooms))
    assert [article for some in went for article in some] == [story(embargoed=SOON)]
    assert await room.left() == [(URI, 1)]
    assert await room.held() == 0


async def test_a_clock_that_jumps_back_holds_it_and_one_that_jumps_on_lets_it_go_in_a_second(
    room: Room,
) -> None:
    await room.accept(story(embargoed=NOW + timedelta(seconds=1)))
    async with room.watching():
        room.clock.offset = -HOUR
        await asyncio.sleep(1.5)  # its time would have come
        assert await room.left() == []
        room.clock.offset = HOUR
        await asyncio.sleep(1)
        assert await room.left() == [(URI, 1)]
        room.clock.offset = -HOUR
        await asyncio.sleep(0.5)
    row = await room.ledger.read(URI)
    assert row
    assert (row.known.state, row.known.live) == ("live", 1)
    assert await room.left() == [(URI, 1)]


async def test_a_story_sent_again_after_the_clock_jumped_back_is_a_duplicate(room: Room) -> None:
    held = story(embargoed=SOON)
    await room.accept(held)
    await room.ledger.release(URI, SOON)
    assert await room.accept(held, now=NOW - HOUR) == ["duplicate"]


async def test_a_hundred_stories_of_one_moment_all_leave_within_a_second(room: Room) -> None:
    due = NOW + timedelta(seconds=1.5)
    stories = [story(uri=f"urn:held:{number}", embargoed=due) for number in range(100)]
    await asyncio.gather(*map(room.accept, stories))
    other = Room(room.redis, room.clock)
    async with room.watching(), other.watching():
        while room.clock() < due:
            assert await room.left() == []
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert len(set(await room.left())) == len(await room.left()) == 100


@pytest.mark.parametrize(
    ("second", "left"),
    [
        (story(2), [(URI, 2)]),
        (story(2, pubstatus="withheld"), [(URI, 2)]),
        (story(1, pubstatus="canceled"), [(URI, 1)]),
        (story(2, embargoed=LATER), []),
    ],
    ids=["a later version", "withheld", "killed", "a later embargo"],
)
async def test_what_is_replaced_while_it_is_held_never_leaves(
    room: Room, second: Article, left: list[tuple[str, int]]
) -> None:
    await room.accept(story(1, embargoed=SOON, body_text="第一版"), second)
    await room.ledger.release(URI, SOON)
    await room.release.look_once(SOON)
    assert await room.left() == left
    assert await room.held() == (not left)
    everything = [await room.redis.xrange(stream) for stream in KEYS.streams(RECEIVED)]
    assert "第一版" not in str(
        [str(b, "utf-8") for s in everything for _, f in s for b in f.values()]
    )


async def test_a_held_update_leaves_what_is_live_and_the_row_says_so(room: Room) -> None:
    assert await room.accept(story(1), story(2, embargoed=SOON)) == ["accepted", "held"]
    row = await room.ledger.read(URI)
    assert row
    assert (row.known.version, row.known.state, row.known.live, row.due) == (2, "held", 1, SOON)
    assert await room.left() == [(URI, 1)]
    await room.release.look_once(SOON)
    assert await room.left() == [(URI, 1), (URI, 2)]


async def test_a_late_reinstatement_is_noted_and_disturbs_nothing_that_is_held(room: Room) -> None:
    back = story(3, reinstate=True)
    assert await room.accept(story(4, embargoed=SOON), back) == ["held", "stale"]
    assert await room.accept(story(2, pubstatus="canceled")) == ["stale"]
    await room.release.look_once(SOON)
    assert await room.left() == [(URI, 4)]


async def test_a_rewrite_waits_for_its_original_and_follows_it(room: Room) -> None:
    rewrite = story(uri="urn:held:0", evolved_from=URI)
    assert await room.accept(story(embargoed=SOON), rewrite) == ["held", "held"]
    assert await room.release.look_once(NOW) == 0
    await room.release.look_once(SOON)
    assert await room.left() == [(URI, 1), ("urn:held:0", 1)]
    assert await room.held() == 0


async def test_a_rewrite_goes_as_soon_as_its_original_goes_earlier_than_planned(room: Room) -> None:
    rewrite = story(uri="urn:held:0", evolved_from=URI)
    await room.accept(story(1, embargoed=LATER), rewrite, story(2))
    await room.release.look_once(NOW)
    assert await room.left() == [(URI, 2), ("urn:held:0", 1)]


async def test_a_rewrite_waits_longer_when_its_original_does(room: Room) -> None:
    rewrite = story(uri="urn:held:0", evolved_from=URI)
    await room.accept(story(1, embargoed=SOON), rewrite, story(2, embargoed=LATER))
    await room.release.look_once(SOON)
    assert await room.left() == []
    await room.release.look_once(LATER)
    assert await room.left() == [(URI, 2), ("urn:held:0", 1)]


async def test_a_kill_of_the_original_publishes_no_rewrite_before_its_time(room: Room) -> None:
    rewrite = story(uri="urn:held:0", evolved_from=URI)
    await room.accept(story(embargoed=SOON), rewrite, story(pubstatus="canceled"))
    await room.release.look_once(NOW)
    assert await room.left() == [(URI, 1)]  # the kill
    rewrites = await room.ledger.rewrites(URI)
    assert {uri: row.known.state for uri, row in rewrites.items()} == {"urn:held:0": "held"}
    await room.release.look_once(SOON)
    assert await room.left() == [(URI, 1), ("urn:held:0", 1)]


@pytest.mark.parametrize("status", ["withheld", "canceled"])
async def test_a_rewrite_that_was_taken_away_is_still_named(room: Room, status: str) -> None:
    rewrite = "urn:held:0"
    await room.accept(story(), story(uri=rewrite, evolved_from=URI))
    await room.accept(story(2, uri=rewrite, pubstatus=status))
    assert set(await room.ledger.rewrites(URI)) == {rewrite}


async def test_stories_that_say_they_evolved_from_each_other_wait_for_no_one_for_ever(
    room: Room,
) -> None:
    one = story(uri="urn:a", evolved_from="urn:b", embargoed=SOON)
    other = story(uri="urn:b", evolved_from="urn:a", embargoed=LATER)
    itself = story(uri="urn:c", evolved_from="urn:c", embargoed=SOON)
    await room.accept(one, other, itself)
    await room.release.look_once(LATER)
    assert {uri for uri, _ in await room.left()} == {"urn:a", "urn:b", "urn:c"}


async def test_an_original_nobody_ever_sent_holds_nothing_back(room: Room) -> None:
    assert await room.accept(story(evolved_from="urn:never")) == ["accepted"]


async def test_a_held_article_that_cannot_be_read_is_told_and_holds_up_no_other(room: Room) -> None:
    await room.accept(story(embargoed=SOON), story(uri="urn:held:2", embargoed=SOON))
    await room.redis.hset(KEYS.of(URI, "ledger"), "held", '{"from": "another age"}')
    with capture_logs() as lines:
        await room.release.look_once(SOON)
        await room.release.look_once(SOON)
    told = [line["uri"] for line in lines if line["event"] == "article.unreadable"]
    assert told == [URI]
    assert await room.left() == [("urn:held:2", 1)]
