"""The bus of one service: its connection, its hops, their keepers, and one truthful readiness.

FastStream is the wiring (broker, subscribers, lifespan); delivery is ours (`hop.py`, `commit.py`,
`keeper.py`), because FastStream's default stream subscriber loses and repeats entries.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from os import getpid
from socket import gethostname
from time import monotonic
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError

from shared.hop import POLL_MS, Entry, Handler, Hop, Lanes, StreamSettings
from shared.keeper import Keeper
from shared.logs import Happened
from shared.redis import broker_for, connect
from shared.streams import heartbeat
from shared.tasks import end

log = structlog.get_logger()

PING_SECONDS = 1.0
BUSY_SECONDS = 60.0
CLOSE_SECONDS = 0.05


class Bus:
    """All hops of one service process.

    Use: `bus.hop(...)` for each kind of work, then `start()`, and `stop()` on SIGTERM.
    """

    def __init__(self, url: str, settings: StreamSettings, *, consumer: str = "") -> None:
        """`consumer` is this process' name in all groups; host name and process id by default."""
        self.settings = settings
        self.consumer = consumer or f"{gethostname()}:{getpid()}"
        self.redis: Redis = connect(url)
        self.hops: list[Hop] = []
        self._broker = broker_for(url)
        self._lanes = Lanes()
        self._keepers: list[Keeper] = []
        self.tasks: list[asyncio.Task[None]] = []
        """What must go on as long as the service does; one that ends by an error is a bug."""

    def hop(self, sources: Sequence[str], group: str, handler: Handler) -> None:
        """Let `handler` work on every entry of the sources. Call before `start`."""
        for source in sources:
            hop = Hop(
                self._broker,
                self.redis,
                source=source,
                group=group,
                consumer=self.consumer,
                handler=handler,
                settings=self.settings,
                lanes=self._lanes,
            )
            self.hops.append(hop)
            self._keepers.append(Keeper(hop))

    async def start(self) -> None:
        """Begin to work as soon as Redis answers; until then `troubles` says that it does not."""
        self.tasks = [asyncio.create_task(self._beat()), asyncio.create_task(self._run())]

    async def _run(self) -> None:
        await self._wait_for_redis()
        client: Any = await self._broker.connect()
        # FastStream asks for the group at each start: at `$`, if it was lost in that moment; and a
        # full Redis refuses to be asked. The keepers make the groups, and start the readers.
        client.xgroup_create = _do_nothing
        async with asyncio.TaskGroup() as group:
            for keeper in self._keepers:
                group.create_task(keeper.run())

    async def _wait_for_redis(self) -> None:
        waiting = False
        while True:
            try:
                for keeper in self._keepers:
                    await keeper.ensure_group()
            except (RedisError, OSError) as error:
                if not waiting:
                    log.warning(Happened.REDIS_UNREACHABLE, reason=str(error))
                waiting = True
                await asyncio.sleep(self.settings.retry_seconds / 2)
            else:
                return

    async def _beat(self) -> None:
        """Say that this consumer is alive, more often than others would count it as dead."""
        key, seconds = heartbeat(self.consumer), self.settings.dead_after_seconds
        while True:
            with suppress(RedisError, OSError):
                try:
                    await self.redis.set(key, b"1", px=int(seconds * 1000))
                except OutOfMemoryError:  # the last beat may still be made to last
                    await self.redis.pexpire(key, int(seconds * 1000))
            await asyncio.sleep(seconds / 3)

    async def troubles(self) -> list[str]:
        """Why the service cannot do its work now; empty when it can. Asks Redis, waits 1 s."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self.redis.ping()
                return [t for keeper in self._keepers if (t := await _trouble(keeper))]
        except (RedisError, OSError, TimeoutError) as error:
            return [f"redis: {str(error) or type(error).__name__}"]

    async def stop(self) -> None:
        """Finish what was read, leave nothing pending that can be finished, and disconnect."""
        for hop in self.hops:
            hop.stopping = True
            hop.subscriber.running = False
        readers = [task for hop in self.hops for task in hop.subscriber.tasks]
        await _let_end(readers)
        await end(self.tasks)
        for hop in self.hops:
            with suppress(RedisError, OSError):
                await _drain(hop)
        await self._broker.stop()
        await end(readers)  # the broker cancels them and does not wait
        with suppress(RedisError, OSError):
            await self.redis.delete(heartbeat(self.consumer))
        await self.redis.aclose()
        await asyncio.sleep(CLOSE_SECONDS)  # connections cut off in mid-command close a turn later


async def _let_end(readers: Collection[asyncio.Task[Any]]) -> None:
    """A reader cancelled while it waits could still be handed entries that nobody sees."""
    reading = [task for task in readers if not task.done()]
    if reading:
        await asyncio.wait(reading, timeout=3 * POLL_MS / 1000)


async def _do_nothing(**_: object) -> None:
    """Stands in for a command that is not to be sent."""


async def _trouble(keeper: Keeper) -> str | None:
    hop = keeper.hop
    if not await keeper.has_group():
        return f"{hop.source}: the group {hop.group} is missing"
    if keeper.trouble:
        return f"{hop.source}: {keeper.trouble}"
    if not hop.subscriber.running or all(task.done() for task in hop.subscriber.tasks):
        return f"{hop.source}: the subscriber has stopped"
    if hop.in_flight and monotonic() - hop.last_fetch > BUSY_SECONDS:
        return f"{hop.source}: busy with one batch for more than {BUSY_SECONDS:.0f} s"
    return None


async def _drain(hop: Hop) -> None:
    """Work off what was handed to us but not handled. What fails now stays pending for others."""
    seen: set[bytes] = set()
    while True:
        answer: Any = await hop.redis.xreadgroup(
            hop.group, hop.consumer, {hop.source: "0"}, count=hop.settings.batch
        )
        # An entry deleted from the stream is still listed, without fields.
        found = [(i, fields) for _, entries in answer for i, fields in entries if fields]
        fresh = [Entry(entry_id, fields) for entry_id, fields in found if entry_id not in seen]
        if not fresh:
            break
        seen |= {entry.id for entry in fresh}
        await hop.process(fresh)
