"""The demonstration's reader: looks at the website and its feeds as anybody outside would."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


@dataclass
class Sight:
    """Where a story is seen, and under which headline in each feed."""

    page: int
    """HTTP status of its page; 0 = nobody ever told us where it is."""
    text: str
    rss: str | None
    atom: str | None
    json: str | None
    tombstone: bool
    """Whether the Atom feed says that it was deleted."""

    @property
    def feeds(self) -> tuple[str | None, str | None, str | None]:
        return self.rss, self.atom, self.json


@dataclass
class Reader:
    """Reads the site at `client`; remembers where stories were, as a reader's bookmarks do."""

    client: httpx.AsyncClient
    bookmarks: dict[str, str] = field(default_factory=dict)

    async def look(self, uri: str) -> Sight:
        """See one story everywhere."""
        items = await self._json_items()
        rss, atom, deleted = await self._rss_titles(), *(await self._atom_titles())
        page = await self._page(uri)
        return Sight(
            page.status_code if page else 0,
            page.text if page else "",
            rss.get(uri),
            atom.get(uri),
            items.get(uri),
            uri in deleted,
        )

    async def pages_showing(self, words: str) -> list[str]:
        """The bookmarked pages, and the front page, on which the words stand."""
        paths = ["/", *self.bookmarks.values()]
        pages = {path: (await self.client.get(path)).text for path in paths}
        return [path for path, text in pages.items() if words in text]

    async def _page(self, uri: str) -> httpx.Response | None:
        path = self.bookmarks.get(uri)
        return await self.client.get(path) if path else None

    async def _json_items(self) -> dict[str, str]:
        feed: dict[str, Any] = json.loads((await self.client.get("/feed.json")).content)
        for item in feed["items"]:
            self.bookmarks[item["id"]] = httpx.URL(item["url"]).path
        return {item["id"]: item["title"] for item in feed["items"]}

    async def _rss_titles(self) -> dict[str, str]:
        feed = etree.fromstring((await self.client.get("/feed.xml")).content)
        items = feed.findall("channel/item")
        return {item.findtext("guid") or "": item.findtext("title") or "" for item in items}

    async def _atom_titles(self) -> tuple[dict[str, str], set[str]]:
        feed = etree.fromstring((await self.client.get("/atom.xml")).content)
        entries = feed.findall(f"{ATOM}entry")
        titles = {
            one.findtext(f"{ATOM}id") or "": one.findtext(f"{ATOM}title") or "" for one in entries
        }
        return titles, {stone.get("ref", "") for stone in feed.findall(DELETED)}
