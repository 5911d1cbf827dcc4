"""What readers of our own places really get of a withdrawn story: looked up, not remembered."""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from services.publish.desk import Desk
from services.publish.desk_row import Row
from services.publish.lists import ALL
from services.publish.site.address import ENDINGS, Place, Status, file_at, page_at, pages_at
from services.publish.site.files import read_file
from services.publish.site.shows import shows


class Outlets:
    """The website under `root`. `feeds` are the names of the files that every list has."""

    def __init__(self, root: Path, desk: Desk, feeds: Collection[str]) -> None:
        self._root = root
        self._desk = desk
        self._names = ("", *feeds)

    async def is_page_gone(self, row: Row) -> bool:
        """Whether the page of a killed story answers 410, and that of a withheld one 404."""
        if row.state == "live":
            return False
        if not row.path:
            return True  # no reader could ever see it
        status = await asyncio.to_thread(self._status, row.path)
        return status == (410 if row.state == "gone" else 404)

    async def show(self, row: Row) -> list[str]:
        """The paths of lists, feeds and other stories' pages that still show the story."""
        if not row.path:
            return []
        listings = dict.fromkeys((ALL, *row.stood_in, *row.lists))
        lists = [listing.path + name for listing in listings for name in self._names]
        linkers = await self._desk.rows(await self._desk.linkers(row.uri))
        pages = [other.path for other in linkers.values() if other.live]
        return await asyncio.to_thread(lambda: list(self._showing(row.path, lists, pages)))

    def _status(self, path: str) -> Status:
        """How the path is answered: as `serve.py` does, the first file that is there decides."""
        there = (status for status, place in pages_at(path) if read_file(self._root, place))
        return next(there, 404)

    def _showing(self, path: str, lists: Iterable[str], pages: Iterable[str]) -> Iterator[str]:
        places = [(one, file_at(one)) for one in lists]
        places += [(one, page_at(one, ENDINGS[200])) for one in pages]
        return (one for one, place in places if place and self._shows(place, path))

    def _shows(self, place: Place, path: str) -> bool:
        found = read_file(self._root, place)
        return found is not None and shows(place.name, found[0], path)
