"""Delivery rows, as publish writes them and every service may read them."""

import asyncio

from hypothesis import HealthCheck, given, settings
from redis.asyncio import Redis

from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.row import Row
from shared.deliveries import deliveries_of
from shared.embedded import EmbeddedRedis
from shared.streams import Keys
from tests.publish.delivery_rows import rows, wants

KEYS = Keys(3)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=rows())
def test_whatever_publish_writes_is_told_as_it_is(embedded_redis: EmbeddedRedis, row: Row) -> None:
    async def write_and_read() -> list[dict[str, object]]:
        async with Redis.from_url(embedded_redis.url) as redis:
            await redis.flushall()
            await Ledger(redis, KEYS).replace([Change(row)])
            return await deliveries_of(redis, KEYS, row.uri)

    [told] = asyncio.run(write_and_read())
    assert told["destination"] == row.destination
    assert (told["state"], told["proof"], told["error"]) == (row.state, row.proof, row.error)
    assert told["wanted"] == {"op": row.want_op, "version": row.want_version}
    sent = {"op": row.sent_op, "version": row.sent_version} if row.sent_version else None
    assert told["sent"] == sent
    assert told["tries"] == row.attempt
    assert (told["next_try"] is not None) == (row.state in ("waiting", "sending"))


async def test_the_destinations_of_a_story_come_by_name(redis: Redis) -> None:
    row = wants(1)
    for name in ("zebra", "ant"):
        other = Row(row.uri, name, 1, "put", wanted_at=1, due_at=1_795_397_400_250)
        await Ledger(redis, KEYS).replace([Change(other)])
    told = await deliveries_of(redis, KEYS, row.uri)
    assert [one["destination"] for one in told] == ["ant", "zebra"]
    assert told[0]["next_try"] == "2026-11-23T01:30:00.250000Z"
    assert await deliveries_of(redis, KEYS, "urn:unknown") == []
