"""The withdrawals that are not proven yet, and what is remembered of each, in Redis.

    wiredesk:{p}:withdrawals        uri by when its withdrawal was accepted; proven ones leave it
    wiredesk:{p}:withdrawal:<uri>   version, when, why; what is proven, and what was told

Ingest writes both in the script that accepts a kill, so the clock runs before any service has seen
it. Here they are read, and closed.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveFloat
from redis.asyncio import Redis

from services.publish.delivery.proof import WEBSITE, Deadline, Withdrawal
from shared.streams import Keys

# KEYS: withdrawals, withdrawal. ARGV: uri, the version it is about, now or ''.
CLOSE = """
if redis.call('HGET', KEYS[2], 'version') ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[2], 'proven', ARGV[3]) end
return redis.call('ZREM', KEYS[1], ARGV[1])
"""


class WithdrawalSettings(BaseModel):
    """Settings `[withdrawals]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    proof_seconds: PositiveFloat


class Withdrawals:
    """The store."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._close = redis.register_script(CLOSE)

    async def outstanding(self, start: int, count: int) -> list[tuple[str, int]]:
        """Those not proven yet, with when they were accepted, oldest first.

        Of each partition `count` after the first `start`.
        """
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in self._keys.every("withdrawals"):
                pipe.zrange(key, start, start + count - 1, withscores=True)
            parts: list[list[tuple[bytes, float]]] = await pipe.execute()
        found = [(uri.decode(), int(at)) for part in parts for uri, at in part]
        return sorted(found, key=lambda pair: pair[1])

    async def count(self) -> int:
        """How many are not proven yet."""
        return sum([int(await self._redis.zcard(key)) for key in self._keys.every("withdrawals")])

    async def read(self, uri: str) -> Withdrawal | None:
        """The last withdrawal of an article, proven or not; None when there was none."""
        found: Any = await self._redis.hgetall(self._keys.of(uri, "withdrawal"))
        text = {name.decode(): value.decode() for name, value in found.items()}
        return _withdrawal(uri, text) if "version" in text else None

    async def note_gone(self, uri: str, outlet: str, now: int) -> None:
        """Keep when one of our own places was first seen without it."""
        name = "website" if outlet == WEBSITE else "feeds"
        noted: Any = self._redis.hsetnx(self._keys.of(uri, "withdrawal"), name, str(now))
        await noted

    async def tell(self, withdrawal: Withdrawal, place: str, deadline: Deadline, now: int) -> bool:
        """Whether nobody has told yet that this place missed this deadline."""
        told = f"told:{withdrawal.version}:{place}:{deadline}"
        first: Any = self._redis.hsetnx(self._keys.of(withdrawal.uri, "withdrawal"), told, str(now))
        return bool(await first)

    async def close(self, withdrawal: Withdrawal, proven_at: int | None) -> bool:
        """Wait for it no longer. False when somebody was faster, or it is a newer one by now."""
        uri = withdrawal.uri
        keys = [
            self._keys.shared(self._keys.partition(uri), "withdrawals"),
            self._keys.of(uri, "withdrawal"),
        ]
        proven = "" if proven_at is None else proven_at
        done: int = await self._close(keys=keys, args=[uri, withdrawal.version, proven])
        return done == 1

    async def drop(self, uri: str) -> None:
        """Forget one of which nothing is remembered."""
        await self._redis.zrem(self._keys.shared(self._keys.partition(uri), "withdrawals"), uri)


def _withdrawal(uri: str, text: Mapping[str, str]) -> Withdrawal:
    return Withdrawal(
        uri,
        version=int(text["version"]),
        accepted_at=int(text["accepted"]),
        reason=text.get("reason", ""),
        planned=int(text.get("planned", 0)),
        website_at=int(text.get("website", 0)),
        feeds_at=int(text.get("feeds", 0)),
        proven_at=int(text.get("proven", 0)),
    )
