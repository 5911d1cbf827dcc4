"""Keeps the files of the website equal to the desk: pages, lists and feeds.

Everything is built from the desk's state at the moment of building, under the lock of what is
built, and a mark goes only when the file is on disk and the change is told. Building too often is
harmless; building from memory would not be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol, cast

import structlog
from redis.exceptions import RedisError

from services.publish import feeds as feeds_folder
from services.publish.changes.log import ChangeLog
from services.publish.desk import Desk
from services.publish.desk_changes import LIST, PAGE, links_of
from services.publish.dirty import Dirty
from services.publish.lists import ALL
from services.publish.live import Card, Listing, LiveArticle, Site, Tombstone
from services.publish.site.cards import cards_of, newer_of
from services.publish.site.files import Files
from shared.logs import Happened
from shared.plugs import find_plugs

log = structlog.get_logger()

BATCH = 8
"""Names built side by side."""
POLL_SECONDS = 1.0
PAUSE_SECONDS = 0.2
REST_SECONDS = 1.0
"""A name that is not urgent is built no more often: a hundred changes of one list in a rush shall
not be a hundred lists, for the disk is needed for pages."""
GIVE_WAY = 2.0
"""After lists were built, others have the process for so many times as long: in a rush lists may
take a third of it, for pages and deliveries come first. Urgent ones do not wait for that."""
TOMBSTONE_AGE = timedelta(days=30)


class Pages(Protocol):
    """Renders pages. Pure: equal arguments, equal bytes."""

    def article(
        self, live: LiveArticle, related: Sequence[Card], newer: Sequence[Card], /
    ) -> bytes:
        """The page of a live article; `newer` are those that evolved from it."""

    def listing(self, listing: Listing, articles: Sequence[LiveArticle], /) -> bytes:
        """The page of a list, newest article first."""

    def gone(self, tombstone: Tombstone, /) -> bytes:
        """What stands in place of a killed story."""

    def withheld(self, path: str, /) -> bytes:
        """What stands in place of a story that is held back."""


class Feed(Protocol):
    """Renders a list as a feed; each module of `services/publish/feeds` is one."""

    FILE_NAME: str
    MEDIA_TYPE: str

    def render(
        self,
        site: Site,
        listing: Listing,
        articles: Sequence[LiveArticle],
        tombstones: Sequence[Tombstone],
        /,
    ) -> bytes:
        """The feed's bytes, without a clock in them."""


def find_feeds() -> dict[str, Feed]:
    """Every feed format there is, by the name of its module."""
    return cast("dict[str, Feed]", find_plugs(feeds_folder))


class Builder:
    """Builds what is marked. `pages` makes the pages for a navigation of sections."""

    def __init__(
        self,
        site: Site,
        desk: Desk,
        dirty: Dirty,
        files: Files,
        changes: ChangeLog,
        *,
        pages: Callable[[Sequence[Listing]], Pages],
        feeds: Mapping[str, Feed],
        clock: Callable[[], datetime],
    ) -> None:
        self._site = site
        self._desk = desk
        self._dirty = dirty
        self._files = files
        self._changes = changes
        self._pages = pages
        self._feeds = feeds
        self._clock = clock
        self._built: dict[str, float] = {}
        """When names were built lately, by the monotonic clock."""

    async def open(self) -> None:
        """Have a front page before there is news, and all of the site again on an empty disk.

        Also where the changes were not kept before: a page that is built is told.
        """
        if self._files.is_empty or not await self._changes.is_complete():
            await self._dirty.mark_all()
            await self._changes.complete()
        await self.build_list(ALL)

    async def build_page(self, uri: str) -> None:
        """Bring the page of one article to the disk, marked or not: live, withheld or gone."""
        async with self._files.alone(PAGE + uri):
            marks = await self._dirty.marks(PAGE + uri)
            await self._page(uri)
            await self._dirty.clear(marks)

    async def build_list(self, listing: Listing) -> None:
        """Bring the page and the feeds of one list to the disk, marked or not."""
        async with self._files.alone(LIST + listing.name):
            marks = await self._dirty.marks(LIST + listing.name)
            await self._list(listing)
            await self._dirty.clear(marks)

    async def rebuild_dirty(self, rest_seconds: float = 0, give_way: float = 0) -> int:
        """Build all that is marked, urgent marks first. Returns how many names were built.

        What cannot be built is logged, keeps its mark, and waits behind everything else. What was
        built within `rest_seconds` is left for later, unless it is urgent. `give_way` is how many
        times as long as lists took others may work before the next are built.
        """
        built = 0
        while names := await self._dirty.first(BATCH, self._resting(rest_seconds)):
            began = monotonic()
            fresh = await self._rebuild_these(names)
            if not fresh:
                break
            built += fresh
            if any(name.startswith(LIST) for name in names):
                await asyncio.sleep(give_way * (monotonic() - began))
        return built

    async def keep_fresh(self, wake: asyncio.Event) -> None:
        """Rebuild for ever: at once when woken, and once a second in any case."""
        while True:
            wake.clear()
            await _logged(self.rebuild_dirty(REST_SECONDS, GIVE_WAY))
            await asyncio.sleep(PAUSE_SECONDS)
            await _woken(wake, PAUSE_SECONDS if self._resting(REST_SECONDS) else POLL_SECONDS)

    def keepers(self, wake: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What keeps the site fresh, to be run side by side; `wake` rouses it."""
        then = asyncio.Event()
        return self.keep_urgent(wake, then), self.keep_fresh(then)

    async def keep_urgent(self, wake: asyncio.Event, then: asyncio.Event) -> None:
        """Rebuild what is urgent for ever, beside `keep_fresh`, which `then` wakes.

        So a kill does not wait until lists are built that were begun before it.
        """
        while True:
            wake.clear()
            await _logged(self._rebuild_urgent())
            then.set()
            await _woken(wake, POLL_SECONDS)

    async def _rebuild_urgent(self) -> None:
        while names := await self._dirty.urgent(BATCH):
            await self._rebuild_these(names)

    def _resting(self, seconds: float) -> Collection[str]:
        """The names that were built so lately that they can wait."""
        since = monotonic() - seconds
        self._built = {name: at for name, at in self._built.items() if at > since}
        return self._built.keys()

    async def _rebuild_these(self, names: Sequence[str]) -> int:
        results = await asyncio.gather(*map(self._rebuild, names), return_exceptions=True)
        for name, result in zip(names, results, strict=True):
            if isinstance(result, BaseException):
                log.error(Happened.SITE_BUILD_FAILED, mark=name, exc_info=result)
                await self._dirty.postpone(await self._dirty.marks(name))
        self._built |= dict.fromkeys(names, monotonic())
        return sum(result is None for result in results)

    async def _rebuild(self, name: str) -> None:
        async with self._files.alone(name):
            marks = await self._dirty.marks(name)
            if not marks:
                return  # another process was faster
            if name.startswith(PAGE):
                await self._page(name.removeprefix(PAGE))
            else:
                await self._list(await self._desk.listing(name.removeprefix(LIST)))
            await self._dirty.clear(marks)

    async def _page(self, uri: str) -> None:
        row = await self._desk.row(uri)
        if row is None or not row.path:
            return
        if live := row.live:
            links = links_of(row)
            known = await self._desk.rows(links)
            related = cards_of(live, known, await self._desk.held(links - known.keys()))
            newer = newer_of(uri, (await self._desk.rewrites(uri)).values())
            page = (await self._renderer()).article(live, related, newer)
            await _to_disk(self._files.put_page, row.path, 200, page)
        elif stone := row.tombstone:
            page = (await self._renderer()).gone(stone)
            await _to_disk(self._files.put_page, row.path, 410, page)
        else:
            page = (await self._renderer()).withheld(row.path)
            await _to_disk(self._files.put_page, row.path, 404, page)
        await self._changes.tell(row)

    async def _list(self, listing: Listing) -> None:
        articles = await self._desk.newest(listing, self._site.list_length)
        stones = await self._desk.killed(listing, self._clock() - TOMBSTONE_AGE)
        page = (await self._renderer()).listing(listing, articles)
        await _to_disk(self._files.put, listing.path, page)
        for feed in self._feeds.values():
            body = feed.render(self._site, listing, articles, stones)
            await _to_disk(self._files.put, listing.path + feed.FILE_NAME, body)

    async def _renderer(self) -> Pages:
        return self._pages(await self._desk.sections())


async def _to_disk(write: Callable[..., bool], *args: object) -> None:
    """Compress and write in a thread, to the end even when cancelled.

    A thread cannot be stopped, and the lock must not be given up while it may still write.
    """
    writing = asyncio.ensure_future(asyncio.to_thread(write, *args))
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise


async def _logged(work: Awaitable[object]) -> None:
    """Do it; what goes wrong with Redis or the disk is logged, for it is tried again."""
    try:
        await work
    except (RedisError, OSError) as error:
        log.warning(Happened.SITE_BUILD_FAILED, reason=repr(error))


async def _woken(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
