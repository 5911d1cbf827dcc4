"""One way to Redis: a single server (also the embedded one), Sentinel, or Cluster, by URL.

No client that writes retries by itself: a reply lost after XADD would be sent again and stored
twice (docs/decisions.md). What must be repeated is repeated by code that knows it is safe. The
broker's client reads and nothing else, and asks until it is answered.
"""

import logging
import re
import sys
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from faststream.redis import RedisBroker, RedisClusterBroker, RedisSentinelBroker
from pydantic import BaseModel, ConfigDict, SecretStr
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ConstantBackoff, NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError as RedisConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError as RedisTimeoutError,
)
from redis.maint_notifications import MaintNotificationsConfig

from shared.errors import Misconfigured

SENTINEL, CLUSTER = "redis+sentinel", "redis+cluster"
TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 1_000
"""More than a process ever uses at once; redis-py raises an error at the limit."""
SENTINEL_PORT, REDIS_PORT = 26379, 6379
OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT_SECONDS,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "max_connections": MAX_CONNECTIONS,
}
CHECKED: dict[str, Any] = {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}
"""Only without this service of a vendor's does redis-py look whether an idle connection was closed.

With it, each connection that was idle when Redis restarted fails one more command afterwards.
"""
READ_AGAIN_SECONDS = 0.1
FOREVER = -1
SERIALIZER = HiredisRespSerializer()
COMMAND_LEAVES = "wiredesk.redis.command"
"""The audit event (PEP 578) of every command that is about to be sent, with all its words."""
CANNOT_NOW = re.compile(
    r"(^|-)(MISCONF|LOADING|OOM|READONLY)\b|command not allowed when used memory"
)
OUTAGES = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    OSError,
)


class RedisSettings(BaseModel):
    """Settings `[redis]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr
    """Empty, or where Redis is: see the defaults file for the forms it can take."""


def is_outage(error: BaseException) -> bool:
    """Whether the error says that Redis cannot work now, rather than that we are wrong."""
    if isinstance(error, OUTAGES):
        return True
    # A script hands such an answer on in words of its own, which differ between versions.
    return isinstance(error, RedisError) and bool(CANNOT_NOW.search(str(error)))


def connect(url: str) -> Redis:
    """A client for any of the forms. It connects when it is first used. Bytes in, bytes out."""
    form = urlsplit(url).scheme
    if form == SENTINEL:
        nodes, service, login = _nodes(url, SENTINEL_PORT), _service(url), _login(url)
        sentinel = Sentinel(nodes, sentinel_kwargs=OPTIONS | CHECKED, **OPTIONS)  # type: ignore[no-untyped-call]  # theirs has no types
        master: Redis = sentinel.master_for(service, retry=_never(), **login)
        return _ours(master)
    if form == CLUSTER:
        start = [ClusterNode(host, port) for host, port in _nodes(url, REDIS_PORT)]
        # The cluster client has the commands of the single one; its type is a sibling, not a child.
        return RedisCluster(startup_nodes=start, **_login(url), **OPTIONS)  # type: ignore[return-value]
    if form not in {"redis", "rediss", "unix"}:
        raise Misconfigured(f"[redis] url: {form or 'no'} scheme; redis://host:port/0 is expected")
    return _ours(Redis.from_url(url, retry=_never(), **OPTIONS, **CHECKED))


def broker_for(url: str) -> RedisBroker:
    """The FastStream broker for the same forms of URL."""
    form = urlsplit(url).scheme
    quiet: dict[str, Any] = {"logger": logging.getLogger("faststream"), "apply_types": False}
    if form == SENTINEL:
        return RedisSentinelBroker(
            sentinels=_nodes(url, SENTINEL_PORT),
            sentinel_master_name=_service(url),
            **_login(url),
            **OPTIONS,
            **_asking_again(),
            **quiet,
        )
    if form == CLUSTER:
        host, port = _nodes(url, REDIS_PORT)[0]
        return RedisClusterBroker(f"redis://{host}:{port}", **_login(url), **quiet)
    return RedisBroker(url, **OPTIONS, **_asking_again(), **quiet)


class _Connection:
    """What our connections do otherwise than those of redis-py.

    A command is packed with hiredis, as in its synchronous client: the asyncio one packs in Python,
    argument by argument, and a commit has more than a thousand.

    When one was not answered, those that lay idle meanwhile are made anew before they are used: a
    firewall that forgot one has forgotten them all, and each would keep its caller waiting too.
    """

    doubted_at: ClassVar[float] = 0.0
    """When a connection of the pool was last not answered, by the monotonic clock."""
    _heard_at = 0.0

    def pack_command(self, *args: Any) -> list[bytes]:  # noqa: ANN401  # as redis-py types it
        sys.audit(COMMAND_LEAVES, args)
        packed: list[bytes] = SERIALIZER.pack(*args)
        return packed

    async def connect(self) -> None:
        """Also what every use of one begins with, connected or not."""
        parent: Any = super()
        is_new = not parent.is_connected
        await parent.connect()
        if is_new:
            self._heard_at = monotonic()

    async def read_response(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401  # the same
        parent: Any = super()
        try:
            response = await parent.read_response(*args, **more)
        except RedisTimeoutError:
            type(self).doubted_at = monotonic()
            raise
        self._heard_at = monotonic()
        return response

    async def can_read(self) -> bool:
        """The pool's question before it lends a connection: True has it made anew."""
        if self._heard_at < self.doubted_at:
            return True
        parent: Any = super()
        readable: bool = await parent.can_read()
        return readable


def _ours(redis: Redis) -> Redis:
    """With connections of ours, of a class of this client's own."""
    pool = redis.connection_pool
    pool.connection_class = type("Connection", (_Connection, pool.connection_class), {})
    return redis


def _never() -> Retry:
    return Retry(NoBackoff(), 0)


def _asking_again() -> dict[str, Any]:
    """For readers: FastStream rests for five seconds at an error, however short the outage was.

    Entries whose reply was lost are pending, and the keeper finds them there.
    """
    return {"retry": Retry(ConstantBackoff(READ_AGAIN_SECONDS), FOREVER), **CHECKED}


def _nodes(url: str, default_port: int) -> list[tuple[str, int]]:
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    pairs = (host.partition(":") for host in hosts)
    return [(host, int(port or default_port)) for host, _, port in pairs]


def _service(url: str) -> str:
    name = urlsplit(url).path.strip("/").split("/")[0]
    if not name:
        raise Misconfigured("[redis] url: the Sentinel form ends in /service/0")
    return name


def _login(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    login = {"username": parts.username, "password": parts.password}
    return {name: unquote(value) for name, value in login.items() if value}
