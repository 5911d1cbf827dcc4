"""The postroom: plans who gets what, and keeps a courier at work for every destination.

It reads `article.published` with a group of its own, so planning waits for nothing on the site.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import ModuleType

import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.publish.delivery.channel import Channel
from services.publish.delivery.courier import Courier
from services.publish.delivery.destinations import Destination
from services.publish.delivery.ledger import Change
from services.publish.delivery.office import Office
from services.publish.delivery.opening import opened
from services.publish.delivery.plan import plan
from services.publish.delivery.rota import Rota
from services.publish.delivery.row import want
from services.publish.delivery.watch import end_pauses
from shared.article import Article
from shared.commit import Write
from shared.events import Event
from shared.hop import Entry
from shared.http import PublicClient
from shared.logs import Happened
from shared.redis import is_outage
from shared.settings import hide_secrets
from shared.streams import Keys
from shared.tasks import end, to_the_end
from shared.timeline import timeline

GROUP = "deliver"
LOOK_SECONDS, WATCH_SECONDS = 0.5, 0.2
LANES = (True, False)
Lane = tuple[str, bool]
"""One lane of one destination: its name, and whether it is that of the kills."""
SETTLE_SECONDS = 2.0
"""What a call under way may still take when its courier is dismissed; then its lease runs out."""
log = structlog.get_logger()


class Postroom:
    """Plans and carries. `channels` are the plugs of `channels/`; `http` makes a new client."""

    def __init__(
        self,
        office: Office,
        keys: Keys,
        *,
        rota: Rota,
        channels: Mapping[str, ModuleType],
        http: Callable[[], PublicClient],
        clock: Callable[[], datetime],
    ) -> None:
        self._office = office
        self._keys = keys
        self._channels = channels
        self._http = http
        self._clients: dict[Lane, PublicClient] = {}
        self._clock = clock
        self._rota = rota
        self._known: dict[Lane, Destination] = {}
        self._couriers: dict[Lane, Courier] = {}
        self._tasks: dict[Lane, asyncio.Task[None]] = {}

    async def __call__(self, entry: Entry) -> Sequence[Write]:
        """Write down who is to get this event. Safe to repeat: a row never wants less."""
        event = Event.parse(entry.fields)
        destinations = await self._office.destinations.served()
        if not await self._office.is_current(event.article):
            return []
        names = await self._plan(event, destinations)
        self._wake((name, kills) for name in names for kills in LANES)
        written = self._withdrawal(event.article)
        if names:
            written += timeline(self._keys, event, "deliver.planned", destinations=len(names))
        return written

    def _withdrawal(self, article: Article) -> list[Write]:
        """That a withdrawal is written down for every destination: its proof waits for that."""
        if article.pubstatus == "usable":
            return []
        key = self._keys.of(article.uri, "withdrawal")
        return [Write("HSET", key, ("planned", article.version))]

    async def _plan(self, event: Event, destinations: Sequence[Destination]) -> set[str]:
        """Repeat until nobody changed a row meanwhile. Returns the destinations concerned."""
        names: set[str] = set()
        article, accepted_at = event.article, int(event.accepted.timestamp() * 1000)
        while True:
            rows = {
                row.destination: row for row in await self._office.ledger.of_article(article.uri)
            }
            wanted = plan(article, destinations, list(rows.values()), self._clock())
            timed = [replace(row, wanted_at=accepted_at) for row in wanted]
            changed = [want(rows.get(row.destination), row) for row in timed]
            changes = [Change(row) for row in changed if row is not None]
            names |= {change.row.destination for change in changes}
            if all(await self._office.ledger.replace(changes)):
                return names

    async def keep_couriers(self) -> None:
        """A courier for each lane of each destination that is ours to carry, until cancelled."""
        try:
            while True:
                try:
                    await self._rota.sign_in()
                    destinations = await self._office.destinations.all()
                    await end_pauses(self._office.destinations, destinations, self._clock())
                    await self._reconcile(destinations)
                except (RedisError, OSError) as error:
                    if not is_outage(error):
                        raise
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await to_the_end(self._close())

    async def _close(self) -> None:
        """Let every courier settle what is under way, and let others carry on."""
        await asyncio.gather(*map(self._dismiss, list(self._known)))
        with suppress(RedisError, OSError):
            await self._rota.sign_out()

    async def watch(self) -> None:
        """Wake the couriers that have something due, whoever planned it; until cancelled."""
        while True:
            try:
                names = {name for name, _ in self._couriers}
                self._wake(await self._office.ledger.lanes_due(names, self._office.now()))
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(WATCH_SECONDS)

    def _wake(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            if lane in self._couriers:
                self._couriers[lane].wake.set()

    async def _reconcile(self, destinations: Mapping[str, Destination]) -> None:
        wanted = {
            (name, kills): destination
            for name, destination in destinations.items()
            for kills in LANES
            if kills or self._rota.is_ours(name)
        }
        gone = [lane for lane, known in self._known.items() if wanted.get(lane) != known]
        failed = [lane for lane, task in self._tasks.items() if _failed(task)]
        # One that failed has met a bug: it was told, and a new courier goes on.
        await asyncio.gather(*map(self._dismiss, {*gone, *failed}))
        for lane in wanted.keys() - self._known.keys():
            self._known[lane] = wanted[lane]
            self._hire(lane, wanted[lane])

    def _hire(self, lane: Lane, destination: Destination) -> None:
        channel = self._open(lane, destination)
        if channel is None:
            return
        _, kills = lane
        self._couriers[lane] = Courier(self._office, destination, channel, kills=kills)
        self._tasks[lane] = asyncio.create_task(self._couriers[lane].run())

    async def _dismiss(self, lane: Lane) -> None:
        del self._known[lane]
        if courier := self._couriers.pop(lane, None):
            courier.end()
        if task := self._tasks.pop(lane, None):
            await asyncio.wait([task], timeout=SETTLE_SECONDS)
            await end([task])
        if client := self._clients.pop(lane, None):
            await client.aclose()

    def _open(self, lane: Lane, destination: Destination) -> Channel | None:
        plug = self._channels.get(destination.channel)
        if plug is None:
            log.error(
                Happened.DESTINATION_UNUSABLE,
                destination=destination.name,
                reason=f"no channel {destination.channel}; there are {', '.join(self._channels)}",
            )
            return None
        try:
            settings = plug.Settings.model_validate(destination.settings)
        except ValidationError as error:
            log.error(  # noqa: TRY400  # the traceback would say no more
                Happened.DESTINATION_UNUSABLE,
                destination=destination.name,
                reason=str(error.errors(include_input=False, include_url=False)),
            )
            return None
        hide_secrets(settings)
        # A pool of its own: httpcore's takes time by the square of its connections, and a sick
        # destination must not use up those of others.
        client = self._clients[lane] = self._http()
        memory = self._office.destinations.memory(destination.name)
        return opened(plug, settings, client, memory)


def _failed(task: asyncio.Task[None]) -> bool:
    """Whether the task has ended by an error, which is then logged."""
    if not task.done() or task.cancelled() or (error := task.exception()) is None:
        return False
    log.error(Happened.SERVICE_DIED, name="courier", exc_info=error)
    return True
