"""What no peer keeps: the promises of delivery, each with a real receiver and a real Redis.

Those about the life of a story are in `test_promises_of_a_life.py`.
"""

import asyncio
import json
from datetime import UTC, datetime
from statistics import quantiles
from time import monotonic

from services.publish.delivery.destinations import Destination, Destinations
from tests.publish.newsroom import Newsroom, is_in, told, until
from tests.publish.receiver import Receiver, answer, hang

TRIES = 3


async def test_after_a_503_on_v1_the_receiver_ends_on_v2_and_v1_never_follows(
    newsroom: Newsroom,
) -> None:
    newsroom.receiver.plan(answer(503), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    await newsroom.send(2)
    await until(is_in(newsroom, "delivered"))
    await asyncio.sleep(1)
    assert newsroom.heard()[-1][1] == 2
    versions = [version for _, version in newsroom.heard()]
    assert versions == sorted(versions)


async def test_after_a_503_on_v1_and_a_kill_v1_is_never_delivered_afterwards(
    newsroom: Newsroom,
) -> None:
    newsroom.receiver.plan(answer(503), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    await newsroom.kill()
    await until(told(newsroom, ("withdrawn", 1)))
    await asyncio.sleep(6)  # longer than the first wait of v1 would have been
    assert newsroom.heard() == [("published", 1), ("withdrawn", 1)]


async def test_a_429_is_tried_again_and_not_before_its_retry_after(newsroom: Newsroom) -> None:
    newsroom.receiver.plan(answer(429, retry_after="5"), answer(204))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    start = monotonic()
    await until(is_in(newsroom, "delivered"), 20)
    assert monotonic() - start >= 4.9
    ids = {one.headers["webhook-id"] for one in newsroom.receiver.received}
    assert len(newsroom.receiver.received) == 2
    assert len(ids) == 1


async def test_a_receiver_that_hangs_does_not_delay_the_others(newsroom: Newsroom) -> None:
    for number in range(TRIES):
        if not await is_delayed(newsroom, number):
            return
    raise AssertionError("the machine may be busy once; a delay that is ours is there each time")


async def is_delayed(newsroom: Newsroom, number: int) -> bool:
    """Whether news comes later beside a subscriber that hangs, which has at most four calls."""
    without = await seconds_to_arrive(newsroom, f"without{number}")
    async with Receiver() as sick:
        sick.plan(hang)
        await newsroom.subscribe(f"sick{number}", sick.url)
        await asyncio.sleep(1)
        beside = await seconds_to_arrive(newsroom, f"beside{number}")
        assert 1 <= len(sick.received) <= 4
        await Destinations(newsroom.redis).remove(f"sick{number}")
    # Half as much again and half a second are the machine's; a hanging call takes twenty seconds.
    return quantiles(beside, n=20)[-1] > 1.5 * quantiles(without, n=20)[-1] + 0.5


async def seconds_to_arrive(newsroom: Newsroom, name: str) -> list[float]:
    """Send forty stories, ten a second; how long each took from the newsroom to the receiver."""
    sent: dict[str, float] = {}
    for number in range(40):
        sent[uri := f"urn:{name}:{number}"] = monotonic()
        await newsroom.send(uri=uri)
        await asyncio.sleep(sent[uri] + 0.1 - monotonic())

    def arrived() -> dict[str, float]:
        return {json.loads(one.body)["data"]["uri"]: one.at for one in newsroom.receiver.received}

    async def all_are_told() -> bool:
        return sent.keys() <= arrived().keys()

    await until(all_are_told)
    return [arrived()[uri] - sent[uri] for uri in sent]


async def test_a_destination_that_cannot_be_opened_leaves_visible_rows(newsroom: Newsroom) -> None:
    now = datetime.now(UTC)
    broken = Destination(name="broken", channel="webhook", settings={"url": "x"}, created=now)
    await Destinations(newsroom.redis).add(broken)
    await asyncio.sleep(1)
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    row = await newsroom.row("broken")
    assert row is not None
    assert (row.state, row.sent_version) == ("waiting", 0)


async def test_a_receiver_that_was_down_ends_on_the_newest_version_only(newsroom: Newsroom) -> None:
    newsroom.receiver.plan(answer(503))
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    for version in (2, 3, 4):
        await newsroom.send(version)
    newsroom.receiver.plan(answer(204))
    await until(is_in(newsroom, "delivered"), 30)
    row = await newsroom.row()
    assert row is not None
    assert row.sent_version == 4
    versions = [version for _, version in newsroom.heard()]
    assert versions == sorted(versions)
