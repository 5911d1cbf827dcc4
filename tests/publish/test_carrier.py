"""Publish processes share the destinations, and learn of each other through Redis."""

import asyncio

from hypothesis import given, strategies as st
from redis.asyncio import Redis

from services.publish.delivery.carrier import carrier_of
from services.publish.delivery.rota import GONE_AFTER_MS, Rota
from shared.streams import CARRIERS

NAMES = st.sets(st.text("abcdef:0123456789", min_size=1, max_size=12), min_size=1, max_size=8)
DESTINATION = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)


@given(NAMES, DESTINATION)
def test_everybody_agrees_whatever_order_they_know_each_other_in(
    carriers: set[str], destination: str
) -> None:
    chosen = carrier_of(destination, sorted(carriers))
    assert chosen == carrier_of(destination, sorted(carriers, reverse=True))
    assert chosen in carriers


@given(NAMES, DESTINATION)
def test_when_one_leaves_only_its_own_share_moves(carriers: set[str], destination: str) -> None:
    chosen = carrier_of(destination, carriers)
    for gone in carriers - {chosen}:
        assert carrier_of(destination, carriers - {gone}) == chosen


def test_two_carriers_share_about_equally() -> None:
    shares = [carrier_of(f"subscriber-{n}", ("desk-1:101", "desk-1:102")) for n in range(1000)]
    assert 400 < shares.count("desk-1:101") < 600


async def test_each_destination_has_one_carrier_of_those_at_work(redis: Redis) -> None:
    one, other = Rota(redis, "a:1"), Rota(redis, "b:2")
    assert one.is_ours("anything")
    for rota in (one, other, one):
        await rota.sign_in()
    for number in range(100):
        assert one.is_ours(f"d-{number}") != other.is_ours(f"d-{number}")
    await other.sign_out()
    await one.sign_in()
    assert all(one.is_ours(f"d-{number}") for number in range(100))


async def test_who_died_is_forgotten_after_some_seconds(redis: Redis) -> None:
    one, dead = Rota(redis, "a:1"), Rota(redis, "b:2")
    await dead.sign_in()
    await one.sign_in()
    assert await redis.zcard(CARRIERS) == 2
    await asyncio.sleep(GONE_AFTER_MS / 1000 + 0.1)
    await one.sign_in()
    assert await redis.zrange(CARRIERS, 0, -1) == [b"a:1"]
