"""The store of destinations: whoever changes them at the same time, no change is lost."""

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from services.publish.delivery.breaker import Health, after_failure
from services.publish.delivery.destinations import Destination, Destinations, Fixed
from shared.streams import DESTINATIONS

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
AT_ONCE = 20


def destination(name: str = "partner", **fields: object) -> Destination:
    plain = {"name": name, "channel": "webhook", "settings": {}, "created": NOW}
    return Destination.model_validate({**plain, **fields})


async def test_a_name_is_given_away_once(redis: Redis) -> None:
    store = Destinations(redis)
    added = await asyncio.gather(*(store.add(destination()) for _ in range(AT_ONCE)))
    assert sorted(added) == [False] * (AT_ONCE - 1) + [True]


async def test_to_pause_what_is_being_removed_does_not_bring_it_back(redis: Redis) -> None:
    store, other = Destinations(redis), Destinations(redis)
    for _ in range(AT_ONCE):
        await store.add(destination())
        changes = [other.pause("partner", "搬家"), other.resume("partner")] * 3
        *_, removed = await asyncio.gather(*changes, store.remove("partner"))
        assert removed
        assert await redis.hlen(DESTINATIONS) == 0


async def test_changes_of_several_at_once_are_all_there_in_the_end(redis: Redis) -> None:
    stores = [Destinations(redis) for _ in range(AT_ONCE)]
    await stores[0].add(destination(concurrency=1))

    def one_more(old: Destination) -> Destination:
        return old.model_copy(update={"owner": old.owner + "x"})

    await asyncio.gather(*(store.change("partner", one_more) for store in stores))
    found = await stores[0].get("partner")
    assert found is not None
    assert found.owner == "x" * AT_ONCE


async def test_failures_that_several_processes_see_are_all_counted(redis: Redis) -> None:
    stores = [Destinations(redis) for _ in range(AT_ONCE)]

    def failed(health: Health) -> Health:
        return after_failure(health, "503", 1)

    await asyncio.gather(*(store.note("partner", failed) for store in stores))
    assert (await stores[0].health("partner")).failures == AT_ONCE


async def test_one_of_the_file_is_paused_and_resumed_and_else_left_alone(redis: Redis) -> None:
    store = Destinations(redis)
    await store.configure("partner", lambda _: destination(configured=True))
    with pytest.raises(Fixed, match=r"change \[destinations.partner\] there"):
        await store.change("partner", lambda one: one)
    with pytest.raises(Fixed):
        await store.remove("partner")
    assert await store.pause("partner", "搬家")
    assert (await store.all())["partner"].state == "paused"
    assert await store.resume("partner")
    assert (await store.all())["partner"].state == "active"


async def test_what_is_not_there_is_neither_changed_nor_made(redis: Redis) -> None:
    store = Destinations(redis)
    assert not await store.pause("nobody", "搬家")
    assert not await store.resume("nobody")
    assert not await store.remove("nobody")
    assert await store.change("nobody", lambda one: one) is None
    assert await store.all() == {}


async def test_an_answer_stops_an_active_destination_once_and_no_paused_one(redis: Redis) -> None:
    store = Destinations(redis)
    await store.add(destination())
    stops = [store.stop("partner", "paused", "401") for _ in range(AT_ONCE)]
    assert sorted(await asyncio.gather(*stops))[-2:] == [False, True]
    assert not await store.stop("partner", "disabled", "410")
    assert (await store.all())["partner"].reason == "401"


async def test_to_resume_forgets_how_it_failed(redis: Redis) -> None:
    store = Destinations(redis)
    await store.add(destination())
    await store.note("partner", lambda health: after_failure(health, "503", 1))
    await store.resume("partner")
    assert (await store.health("partner")).is_well
    assert await store.healths() == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Partner"},
        {"concurrency": 0},
        {"max_per_hour": 0},
        {"pace_seconds": -1},
        {"give_up_hours": -1},
        {"state": "asleep"},
        {"colour": "red"},
    ],
)
def test_a_destination_that_cannot_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        destination(**fields)


async def test_whoever_resumes_or_pauses_by_hand_ends_the_pause_of_the_clock(redis: Redis) -> None:
    store, later = Destinations(redis), datetime(2026, 12, 1, tzinfo=UTC)
    await store.add(destination())
    await store.stop("partner", "paused", "used up", later)
    assert not await store.end_pause("partner", NOW)
    await store.pause("partner", "搬家")
    assert not await store.end_pause("partner", later)
    await store.resume("partner")
    await store.stop("partner", "paused", "used up", later)
    assert await store.end_pause("partner", later)
    assert not await store.end_pause("partner", later)
    assert (await store.all())["partner"].state == "active"
