"""Brakes that several couriers share, in a real Redis: nobody overtakes, nobody is lost."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from services.publish.delivery.claim import claim
from services.publish.delivery.destinations import Destination
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.pace import HOUR, SECOND, give_up_after
from services.publish.delivery.row import Op, Row, want
from services.publish.delivery.settle import settle
from shared.streams import Keys
from tests.publish.delivery_rows import BUSY, DONE, KEYED, NOW

LIMIT = 4


def destination(**brakes: object) -> Destination:
    plain = {"name": "line", "channel": "webhook", "settings": {}, "created": datetime.now(UTC)}
    return Destination.model_validate({**plain, **brakes})


@dataclass
class Courier:
    """One of several that carry for the same destination; its calls always succeed."""

    redis: Redis
    destination: Destination
    now: int = NOW
    sent: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.redis, Keys(3))
        self.lines = Lines(self.redis, self.ledger)

    async def plan(self, *numbers: int, version: int = 1, op: Op = "put") -> None:
        for number in numbers:
            uri = f"urn:{number:02}"
            at = self.now - 100 + number
            wanted = Row(uri, "line", version, op, wanted_at=at, published_at=NOW, due_at=at)
            known = {row.uri: row for row in await self.ledger.of_article(uri)}
            row = want(known.get(uri), wanted)
            assert row
            await self.ledger.replace([Change(row)])

    async def round(self) -> list[str]:
        """Claim, call, settle. Returns what was sent."""
        calls = [row for row in await self.claim() if row.state == "sending"]
        await self.ledger.replace(
            [
                Change(settle(replace(row, rev=row.rev + 1), DONE, self.now, None, KEYED))
                for row in calls
            ]
        )
        self.sent += [(self.now, row.uri) for row in calls]
        return [row.uri for row in calls]

    def delivered(self, row: Row) -> Change:
        return Change(settle(replace(row, rev=row.rev + 1), DONE, self.now, None, KEYED))

    async def claim(self) -> list[Row]:
        due = await self.ledger.due("line", self.now, LIMIT, kills=False)
        rows = await self.lines.admit(self.destination, due, self._claimed, self.now, LIMIT)
        done = await self.ledger.replace([Change(row) for row in rows])
        return [row for row, mine in zip(rows, done, strict=True) if mine]

    def _claimed(self, row: Row) -> Row | None:
        cut = give_up_after(row, self.destination)
        return claim(row, self.now, KEYED, give_up_after=cut)

    async def row(self, number: int) -> Row:
        [row] = await self.ledger.rows([(f"urn:{number:02}", "line")])
        return row


@pytest.fixture
def courier(redis: Redis) -> Courier:
    return Courier(redis, destination(max_per_hour=2))


async def rounds(courier: Courier, times: int) -> list[str]:
    return [uri for _ in range(times) for uri in await courier.round()]


async def test_two_an_hour_go_the_others_wait_visibly_and_go_in_their_order(
    courier: Courier,
) -> None:
    await courier.plan(*range(5))
    assert await rounds(courier, 4) == ["urn:00", "urn:01"]
    waiting = await courier.row(3)
    assert waiting.state == "waiting"
    assert waiting.error == "waits in line: at most 2 first posts an hour"
    assert await courier.lines.lengths(["line"]) == [3]
    assert await courier.lines.opens_at(courier.destination, courier.now) == NOW + HOUR
    courier.now += HOUR - 1
    assert await courier.round() == []
    courier.now += 1
    assert await rounds(courier, 2) == ["urn:02", "urn:03"]
    courier.now += HOUR
    assert await rounds(courier, 2) == ["urn:04"]
    assert await courier.lines.lengths(["line"]) == [0]


async def test_who_comes_later_waits_behind_who_waits_already(courier: Courier) -> None:
    await courier.plan(*range(8))
    await rounds(courier, 4)
    courier.now += HOUR
    await courier.plan(50)
    assert await rounds(courier, 4) == ["urn:02", "urn:03"]
    courier.now += 10 * HOUR
    assert await rounds(courier, 2) == ["urn:04", "urn:05"]


async def test_a_correction_and_a_kill_go_at_once_while_first_posts_wait(courier: Courier) -> None:
    await courier.plan(0, 1, 2, 3)
    await rounds(courier, 3)
    await courier.plan(0, version=2)
    assert await courier.round() == ["urn:00"]
    await courier.plan(1, version=2, op="kill")
    [kill] = await courier.ledger.due("line", courier.now, LIMIT, kills=True)
    assert kill.uri == "urn:01"


async def test_who_is_killed_in_line_is_never_sent_and_blocks_nobody(courier: Courier) -> None:
    await courier.plan(*range(5))
    await rounds(courier, 3)
    await courier.plan(2, 3, version=1, op="kill")
    courier.now += HOUR
    assert await rounds(courier, 2) == ["urn:04"]
    assert (await courier.row(2)).state == "cancelled"
    assert await courier.lines.lengths(["line"]) == [0]


async def test_who_is_corrected_in_line_keeps_the_place_and_goes_once_as_the_newest(
    courier: Courier,
) -> None:
    await courier.plan(*range(6))
    await rounds(courier, 3)
    courier.now += SECOND
    await courier.plan(2, version=2)
    assert await rounds(courier, 2) == []
    courier.now += HOUR
    assert await rounds(courier, 2) == ["urn:02", "urn:03"]
    assert (await courier.row(2)).sent_version == 2


async def test_what_is_no_news_any_more_when_its_turn_comes_is_given_up_and_takes_no_turn(
    redis: Redis,
) -> None:
    courier = Courier(redis, destination(max_per_hour=1, max_age_hours=2))
    await courier.plan(0, 1, 2, 3)
    await rounds(courier, 3)
    courier.now += 3 * HOUR
    courier.destination = destination(max_per_hour=1, max_age_hours=2)
    await courier.plan(4)
    await rounds(courier, 2)
    dead = [await courier.row(number) for number in (1, 2, 3)]
    assert {(row.state, row.error) for row in dead} == {("dead", "old news by now")}
    assert await courier.lines.lengths(["line"]) == [0]


async def test_a_failed_first_post_is_tried_again_in_its_own_turn(redis: Redis) -> None:
    courier = Courier(redis, destination(max_per_hour=1))
    await courier.plan(0, 1)
    [call] = [row for row in await courier.claim() if row.state == "sending"]
    failed = settle(replace(call, rev=call.rev + 1), BUSY, courier.now, 5 * SECOND, KEYED)
    await courier.ledger.replace([Change(failed)])
    courier.now += 5 * SECOND
    assert await rounds(courier, 2) == ["urn:00"]


async def test_a_pace_lets_one_go_at_a_time(redis: Redis) -> None:
    courier = Courier(redis, destination(pace_seconds=60))
    await courier.plan(0, 1, 2)
    for number in range(3):
        assert await rounds(courier, 2) == [f"urn:{number:02}"]
        courier.now += 60 * SECOND
    assert await rounds(courier, 2) == []


async def test_when_the_brake_is_taken_away_the_whole_line_goes(courier: Courier) -> None:
    await courier.plan(*range(7))
    await rounds(courier, 4)
    courier.destination = destination()
    await courier.lines.release(courier.destination, courier.now)
    due = await courier.ledger.due("line", courier.now, 100, kills=False)
    assert [row.uri for row in due] == [f"urn:{number:02}" for number in range(2, 7)]
    assert {row.error for row in due} == {""}


async def test_a_row_whose_line_was_lost_comes_back_within_an_hour(
    courier: Courier, redis: Redis
) -> None:
    await courier.plan(0, 1, 2)
    await rounds(courier, 3)
    await redis.delete("wiredesk:line:line")
    courier.now += HOUR
    assert await rounds(courier, 2) == ["urn:02"]


@pytest.mark.parametrize("brake", [{"max_per_hour": 7}, {"pace_seconds": 600}])
async def test_however_many_couriers_there_are_they_share_one_brake(
    redis: Redis, brake: dict[str, object]
) -> None:
    couriers = [Courier(redis, destination(**brake)) for _ in range(5)]
    await couriers[0].plan(*range(20))
    for _ in range(30):
        await asyncio.gather(*(courier.round() for courier in couriers))
        for courier in couriers:
            courier.now += 8 * 60 * SECOND
    sent = sorted(entry for courier in couriers for entry in courier.sent)
    assert len({uri for _, uri in sent}) == len(sent) > 10
    for at, _ in sent:
        within = [uri for other, uri in sent if at - HOUR < other <= at]
        assert len(within) <= 7
