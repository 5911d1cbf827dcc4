"""The postroom: plans who gets what, and keeps a courier at work for every destination.

It reads `article.published` with a group of its own, so planning waits for nothing on the site.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import ModuleType

import httpx
import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError

from services.publish.delivery.channel import Announcement, Channel
from services.publish.delivery.courier import Courier, Office
from services.publish.delivery.destinations import Destination
from services.publish.delivery.ledger import Change
from services.publish.delivery.plan import plan
from services.publish.delivery.row import Row, want
from services.publish.desk import Desk
from services.publish.live import Site
from shared.article import Article
from shared.commit import Write
from shared.events import Event
from shared.hop import Entry
from shared.logs import Happened
from shared.redis import is_outage
from shared.settings import hide_secrets
from shared.streams import Keys
from shared.tasks import end
from shared.timeline import timeline

GROUP = "deliver"
LOOK_SECONDS = 0.5
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
        channels: Mapping[str, ModuleType],
        http: Callable[[], httpx.AsyncClient],
        clock: Callable[[], datetime],
    ) -> None:
        self._office = office
        self._keys = keys
        self._channels = channels
        self._http = http
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._clock = clock
        self._known: dict[str, Destination] = {}
        self._couriers: dict[str, list[Courier]] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}

    async def __call__(self, entry: Entry) -> Sequence[Write]:
        """Write down who is to get this event. Safe to repeat: a row never wants less."""
        event = Event.parse(entry.fields)
        destinations = await self._office.destinations.all()
        if not await self._office.is_current(event.article):
            return []
        names = await self._plan(event.article, list(destinations.values()))
        for name in names:
            for courier in self._couriers.get(name, ()):
                courier.wake.set()
        if not names:
            return []
        return timeline(self._keys, event, "deliver.planned", destinations=len(names))

    async def _plan(self, article: Article, destinations: Sequence[Destination]) -> set[str]:
        """Repeat until nobody changed a row meanwhile. Returns the destinations concerned."""
        names: set[str] = set()
        while True:
            rows = {
                row.destination: row for row in await self._office.ledger.of_article(article.uri)
            }
            wanted = plan(article, destinations, list(rows.values()), self._clock())
            changed = [want(rows.get(row.destination), row) for row in wanted]
            changes = [Change(row) for row in changed if row is not None]
            names |= {change.row.destination for change in changes}
            if all(await self._office.ledger.replace(changes)):
                return names

    async def keep_couriers(self) -> None:
        """One pair of couriers for every destination there is, until cancelled."""
        try:
            while True:
                try:
                    await self._reconcile(await self._office.destinations.all())
                except (RedisError, OSError) as error:
                    if not is_outage(error):
                        raise
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await asyncio.gather(*map(self._dismiss, list(self._known)))

    async def _reconcile(self, wanted: Mapping[str, Destination]) -> None:
        for name in [name for name, known in self._known.items() if wanted.get(name) != known]:
            await self._dismiss(name)
        for name in [name for name in self._tasks if any(map(_failed, self._tasks[name]))]:
            await self._dismiss(name)  # a bug: told, and a new courier goes on
        for name in wanted.keys() - self._known.keys():
            self._known[name] = wanted[name]
            self._hire(wanted[name])

    def _hire(self, destination: Destination) -> None:
        channel = self._open(destination)
        if channel is None:
            return
        pair = [Courier(self._office, destination, channel, kills=kills) for kills in (True, False)]
        self._couriers[destination.name] = pair
        self._tasks[destination.name] = [asyncio.create_task(courier.run()) for courier in pair]

    async def _dismiss(self, name: str) -> None:
        del self._known[name]
        for courier in self._couriers.pop(name, ()):
            courier.end()
        if tasks := self._tasks.pop(name, []):
            await asyncio.wait(tasks, timeout=SETTLE_SECONDS)
            await end(tasks)
        if client := self._clients.pop(name, None):
            await client.aclose()

    def _open(self, destination: Destination) -> Channel | None:
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
        client = self._clients[destination.name] = self._http()
        channel: Channel = plug.open_channel(settings, client)
        return channel


def _failed(task: asyncio.Task[None]) -> bool:
    """Whether the task has ended by an error, which is then logged."""
    if not task.done() or task.cancelled() or (error := task.exception()) is None:
        return False
    log.error(Happened.SERVICE_DIED, name="courier", exc_info=error)
    return True


class Announcer:
    """What a row is to be told: the desk's present state of its article."""

    def __init__(self, desk: Desk, site: Site) -> None:
        self._desk = desk
        self._site = site

    async def __call__(self, row: Row) -> Announcement | None:
        """None when the desk has moved on; what it moved on to is about to be wanted here too."""
        found = await self._desk.row(row.uri)
        if found is None:
            return None
        url = self._site.url(found.path) if found.path else ""
        if row.sending_op == "kill":
            kill = Article(uri=row.uri, version=row.sending_version, pubstatus="canceled")
            return Announcement(kill, "kill", url, first=False)
        if found.live is None or found.version != row.sending_version:
            return None
        return Announcement(found.live.article, "put", url, first=row.is_first)

    async def is_current(self, article: Article) -> bool:
        """Whether the desk still has this version; a late older one must not be planned."""
        found = await self._desk.row(article.uri)
        return found is None or found.version <= article.version
