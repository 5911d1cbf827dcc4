"""A withdrawal with its clock: gone from our own places, told everywhere, and an alarm if late.

Everything runs, from ingest's door on, with a real receiver and a real Redis.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.delivery.destinations import Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.proof import Removal, removals
from services.publish.delivery.withdrawals import Withdrawals
from shared.logs import Happened
from shared.overview import overview
from shared.streams import Keys
from tests.publish.newsroom import URI, Newsroom, is_in, open_newsroom, told, until
from tests.publish.receiver import answer, hang

KEYS = Keys()


@pytest.fixture
async def hurried(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    """A newsroom that wants proof within a second."""
    more = {"WIREDESK_WITHDRAWALS__PROOF_SECONDS": "1"}
    async with open_newsroom(redis, redis_url, tmp_path, **more) as running:
        yield running


async def places(newsroom: Newsroom, uri: str = URI) -> dict[str, Removal]:
    """How far the withdrawal has come, by place."""
    withdrawal = await Withdrawals(newsroom.redis, KEYS).read(uri)
    if withdrawal is None:
        return {}
    rows = await Ledger(newsroom.redis, KEYS).of_article(uri)
    known = await Destinations(newsroom.redis).all()
    return {one.place: one for one in removals(withdrawal, rows, known.keys())}


async def is_proven(newsroom: Newsroom) -> bool:
    withdrawal = await Withdrawals(newsroom.redis, KEYS).read(URI)
    return withdrawal is not None and withdrawal.proven_at > 0


def alarms(logs: list[Any]) -> list[tuple[str, str]]:
    """The alarms told: place and deadline."""
    return [
        (one["place"], one["deadline"])
        for one in logs
        if one["event"] == Happened.WITHDRAWAL_OUTSTANDING
    ]


def gauge(name: str) -> float:
    return REGISTRY.get_sample_value(f"wiredesk_{name}") or 0.0


@contextmanager
def listening() -> Iterator[list[Any]]:
    with capture_logs() as logs:
        yield logs


async def test_a_kill_at_a_receiver_that_answers_429_is_delivered_with_a_receipt_in_time(
    newsroom: Newsroom,
) -> None:
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    newsroom.receiver.plan(answer(429, retry_after="3"), answer(429), answer(204))
    with listening() as logs:
        await newsroom.kill()
        await until(lambda: is_proven(newsroom), 90)
    found = await places(newsroom)
    withdrawal = await Withdrawals(newsroom.redis, KEYS).read(URI)
    assert withdrawal is not None
    assert {name: one.proof for name, one in found.items()} == {
        "website": "gone",
        "feeds": "gone",
        "desk": "accepted",
    }
    assert found["desk"].tries == 3
    assert found["desk"].called_at - withdrawal.accepted_at < 5_000
    assert found["desk"].accepted_at - withdrawal.accepted_at < 120_000
    assert found["website"].proven_at - withdrawal.accepted_at < 2_000
    assert found["feeds"].proven_at - withdrawal.accepted_at < 2_000
    assert alarms(logs) == []
    [told] = [one for one in logs if one["event"] == Happened.WITHDRAWAL_PROPAGATED]
    assert (told["uri"], told["gone"], told["accepted"]) == (URI, 2, 1)


async def test_a_kill_that_a_receiver_never_takes_is_an_alarm_told_once(hurried: Newsroom) -> None:
    await hurried.send(1)
    await until(is_in(hurried, "delivered"))
    hurried.receiver.plan(answer(429))
    with listening() as logs:
        await hurried.kill()
        async with asyncio.timeout(15):
            while ("desk", "proof") not in alarms(logs):
                await asyncio.sleep(0.02)
        await asyncio.sleep(1)
        assert [one for one in alarms(logs) if one[0] == "desk"] == [("desk", "proof")]
        [told] = [one for one in logs if one.get("place") == "desk"]
        assert (told["proof"], told["reason"]) == ("sent", "429 Too Many Requests")
        assert gauge("withdrawals_outstanding") == 1
        assert gauge("withdrawal_oldest_seconds") > 1
        seen = await overview(hurried.redis, KEYS, proof_seconds=1)
        assert (seen.worst, seen.withdrawals) == ("critical", 1)

        hurried.receiver.plan(answer(204))
        await until(lambda: is_proven(hurried), 60)
        await asyncio.sleep(0.5)
    assert gauge("withdrawals_outstanding") == gauge("withdrawal_oldest_seconds") == 0
    seen = await overview(hurried.redis, KEYS, proof_seconds=1)
    assert (seen.withdrawals, seen.is_withdrawal_late) == (0, False)


async def test_a_killed_story_is_on_no_page_no_list_no_feed_and_no_card(newsroom: Newsroom) -> None:
    related = {"related": [{"uri": URI, "headline": "前情", "creator": "newsroom"}]}
    await newsroom.send(1, section="生活", tags=[{"name": "便橋"}])
    await until(newsroom.path_of)
    path = await newsroom.path_of()
    await newsroom.send(1, uri="urn:promise:2", section="生活", **related)
    await until(lambda: newsroom.path_of("urn:promise:2"))
    other = await newsroom.path_of("urn:promise:2")
    await until(lambda: shows(newsroom, other, path))
    await newsroom.kill()
    await until(lambda: is_proven(newsroom))
    assert (await newsroom.site.get(path)).status_code == 410
    for place in ("/", "/section/生活/", "/tag/便橋/", other):
        assert not await shows(newsroom, place, path)
    for name in ("feed.xml", "atom.xml"):
        assert not await shows(newsroom, f"/section/生活/{name}", path)
    assert await newsroom.path_of() == ""


async def shows(newsroom: Newsroom, place: str, path: str) -> bool:
    return path in (await newsroom.site.get(place)).text


async def test_a_withheld_story_is_proven_away_and_its_return_ends_the_clock(
    newsroom: Newsroom,
) -> None:
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    await newsroom.send(2, pubstatus="withheld")
    await until(lambda: is_proven(newsroom))
    newsroom.receiver.plan(answer(503))
    await newsroom.send(3)
    await newsroom.send(4, pubstatus="withheld")
    await newsroom.send(5)
    newsroom.receiver.plan(answer(204))
    await until(is_in(newsroom, "delivered"))
    assert await Withdrawals(newsroom.redis, KEYS).count() == 0


async def test_a_kill_of_a_story_nobody_ever_saw_is_proven_at_once(newsroom: Newsroom) -> None:
    await newsroom.kill()
    await until(lambda: is_proven(newsroom))
    assert {one.proof for one in (await places(newsroom)).values()} == {"gone"}
    assert newsroom.heard() == []


async def test_a_kill_does_not_wait_behind_news_that_hangs(newsroom: Newsroom) -> None:
    """It has calls of its own, as many as the news has: half of what a destination may take."""
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    newsroom.receiver.plan(hang)
    for number in range(2, 12):
        await newsroom.send(1, uri=f"urn:promise:{number}")

    async def all_calls_hang() -> bool:
        return len(newsroom.receiver.received) >= 5

    await until(all_calls_hang)
    newsroom.receiver.plan(answer(204))
    await newsroom.kill()
    await until(lambda: is_proven(newsroom))
    desk = (await places(newsroom))["desk"]
    withdrawal = await Withdrawals(newsroom.redis, KEYS).read(URI)
    assert withdrawal is not None
    assert desk.called_at - withdrawal.accepted_at < 5_000


async def test_a_kill_does_not_wait_behind_a_kill_that_hangs(newsroom: Newsroom) -> None:
    for number in (2, 3, 4):
        await newsroom.send(1, uri=f"urn:promise:{number}")
    await newsroom.send(1)
    await until(told(newsroom, ("published", 1)))
    await until(is_in(newsroom, "delivered"))
    newsroom.receiver.plan(hang, hang, hang, answer(204))
    for number in (2, 3, 4):
        await newsroom.kill(f"urn:promise:{number}")
        await asyncio.sleep(0.3)
    await newsroom.kill()
    await until(lambda: is_proven(newsroom), 10)
    desk = (await places(newsroom))["desk"]
    withdrawal = await Withdrawals(newsroom.redis, KEYS).read(URI)
    assert withdrawal is not None
    assert desk.called_at - withdrawal.accepted_at < 5_000


async def test_a_paused_destination_is_told_of_a_kill(newsroom: Newsroom) -> None:
    await newsroom.send(1)
    await until(is_in(newsroom, "delivered"))
    await Destinations(newsroom.redis).pause("desk", "搬家")
    await asyncio.sleep(1)  # the postroom looks for changed destinations twice a second
    await newsroom.kill()
    await until(lambda: is_proven(newsroom))
    assert newsroom.heard()[-1] == ("withdrawn", 1)


async def test_a_removed_destination_that_had_it_stays_outstanding_for_all_to_see(
    hurried: Newsroom,
) -> None:
    await hurried.send(1)
    await until(is_in(hurried, "delivered"))
    await Destinations(hurried.redis).remove("desk")
    await asyncio.sleep(1)  # the postroom looks for changed destinations twice a second
    with listening() as logs:
        await hurried.kill()
        async with asyncio.timeout(15):
            while ("desk", "proof") not in alarms(logs):
                await asyncio.sleep(0.02)
    desk = (await places(hurried))["desk"]
    assert (desk.proof, desk.is_done) == ("impossible", False)
    assert "removed" in desk.error
