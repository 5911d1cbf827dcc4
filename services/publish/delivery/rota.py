"""The rota: which publish processes are at work, and what each of them carries.

Each destination has one process that carries its news: then its concurrency, its pace and its probe
are those of the whole installation, and two processes do not run for the same rows. Kills are
carried by all. This only saves work: what keeps a delivery right is its row (`row.py`), so for a
moment two processes may well disagree.
"""

from typing import Any

from redis.asyncio import Redis

from services.publish.delivery.carrier import carrier_of
from shared.process_name import has_surely_ended
from shared.streams import CARRIERS

GONE_AFTER_MS = 3_000

# KEYS: carriers. ARGV: our name, milliseconds after which one who says nothing counts as gone.
SIGN_IN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""


class Rota:
    """The carriers that are at work. `name` is ours, different for every process.

    Others on this machine know at once when one named by `process_name` has ended.
    """

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name
        self._sign_in = redis.register_script(SIGN_IN)
        self._carriers: frozenset[str] = frozenset({name})

    async def sign_in(self) -> None:
        """Say that we are at work, and learn who else is. Redis' own clock is used."""
        found: Any = await self._sign_in(keys=[CARRIERS], args=[self._name, GONE_AFTER_MS])
        names = map(bytes.decode, found)
        self._carriers = frozenset(name for name in names if not has_surely_ended(name))

    async def sign_out(self) -> None:
        """Leave our share to the others at once."""
        await self._redis.zrem(CARRIERS, self._name)

    def is_ours(self, destination: str) -> bool:
        """Whether we carry its news, as far as we know."""
        return carrier_of(destination, self._carriers) == self._name
