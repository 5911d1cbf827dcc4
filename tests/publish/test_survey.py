"""How a destination is said to be, and what is counted of it."""

from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from services.publish.delivery.breaker import HOUR, OPEN_AFTER, Health, after_failure
from services.publish.delivery.claim import claim
from services.publish.delivery.condition import Condition, State, condition
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.row import Row
from services.publish.delivery.survey import Survey
from shared.streams import Keys
from tests.publish.delivery_rows import KEYED

NOW = 1_795_000_000_000


def failed(times: int, since: int = NOW) -> Health:
    health = Health()
    for _ in range(times):
        health = after_failure(health, "503", since)
    return health


@pytest.mark.parametrize(
    ("state", "health", "word"),
    [
        ("active", Health(), "well"),
        ("active", failed(1), "failing"),
        ("active", failed(OPEN_AFTER), "resting"),
        ("active", failed(20, NOW - 120 * HOUR), "disabled"),
        ("paused", failed(20, NOW - 120 * HOUR), "paused"),
        ("disabled", Health(), "disabled"),
        ("retired", Health(), "retired"),
    ],
)
def test_one_word_says_how_it_is(state: State, health: Health, word: Condition) -> None:
    assert condition(state, health, NOW) == word


async def test_what_waits_and_who_stands_in_line_is_counted_over_all_partitions(
    redis: Redis,
) -> None:
    keys, destinations = Keys(3), Destinations(redis)
    ledger = Ledger(redis, keys)
    lines = Lines(redis, ledger)
    names = ("busy", "idle")
    found = [
        Destination(
            name=name, channel="webhook", settings={}, created=datetime.now(UTC), max_per_hour=1
        )
        for name in names
    ]
    rows = [
        Row(f"urn:{number}", "busy", 1, "put", wanted_at=NOW + number, due_at=NOW)
        for number in range(9)
    ]
    await ledger.replace([Change(row) for row in rows])
    later = NOW + len(rows)
    await lines.admit(found[0], rows, lambda row: claim(row, later, KEYED), later, 9)
    await destinations.note("busy", lambda _: failed(1))
    busy, idle = await Survey(destinations, ledger, lines, lambda: NOW).of(found)
    assert (busy.condition, busy.waiting, busy.in_line) == ("failing", 9, 8)
    assert busy.next_turn == later + HOUR
    assert (idle.condition, idle.waiting, idle.in_line, idle.next_turn) == ("well", 0, 0, 0)
