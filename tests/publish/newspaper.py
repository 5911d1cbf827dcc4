"""A whole small newspaper for tests: desk, builder and files, with pages that speak plainly."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from services.publish.changes.log import ChangeLog
from services.publish.desk import Desk
from services.publish.dirty import Dirty
from services.publish.live import Card, Listing, LiveArticle, Site, Tombstone
from services.publish.site.address import file_at, page_at
from services.publish.site.build import Builder, Feed, Pages
from services.publish.site.files import Files, read_file
from shared.article import Article
from shared.streams import Keys

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SITE = Site(
    name="每日新聞",
    description="",
    language="zh-Hant-TW",
    timezone=TAIPEI,
    base_url="",
    list_length=5,
)


@dataclass(frozen=True)
class PlainPages:
    """Pages that say in plain words what they were made from."""

    sections: Sequence[Listing] = ()

    def article(self, live: LiveArticle, related: Sequence[Card], newer: Sequence[Card]) -> bytes:
        state = "expired" if live.expired else "live"
        cards = [f"{card.headline}>{card.url}" for card in related]
        links = [f"newer: {card.headline}>{card.url}" for card in newer]
        notes = [f"{note.kind}: {note.text}" for note in live.notes]
        return "|".join([state, live.article.headline, *notes, *links, *cards]).encode()

    def listing(self, listing: Listing, articles: Sequence[LiveArticle]) -> bytes:
        menu = ",".join(section.label for section in self.sections)
        return "|".join([menu, listing.label, *(a.article.headline for a in articles)]).encode()

    def gone(self, tombstone: Tombstone) -> bytes:
        return f"gone|{tombstone.uri}".encode()

    def withheld(self, path: str) -> bytes:
        return f"withheld|{path}".encode()


def render(
    site: Site, listing: Listing, articles: Sequence[LiveArticle], tombstones: Sequence[Tombstone]
) -> bytes:
    if any("無法排版" in live.article.headline for live in articles):
        raise RuntimeError(listing.name)
    stones = [f"-{stone.uri}" for stone in tombstones]
    return "|".join([*(live.article.headline for live in articles), *stones]).encode()


FEED: Feed = SimpleNamespace(FILE_NAME="feed.xml", MEDIA_TYPE="text/plain", render=render)


@dataclass
class Newspaper:
    """A desk, its builder and its files, with a clock that tests move."""

    redis: Redis
    root: Path
    now: datetime = NOW
    desk: Desk = field(init=False)
    dirty: Dirty = field(init=False)
    changes: ChangeLog = field(init=False)
    builder: Builder = field(init=False)
    keys: Keys = field(default_factory=lambda: Keys(3))
    pages: Callable[[Sequence[Listing]], Pages] = PlainPages

    def __post_init__(self) -> None:
        self.desk = Desk(self.redis, self.keys, TAIPEI)
        self.dirty = Dirty(self.redis, self.keys)
        self.use(ChangeLog(self.redis, self.keys))

    def use(self, changes: ChangeLog) -> None:
        """Tell changes there from now on."""
        self.changes = changes
        self.builder = Builder(
            SITE,
            self.desk,
            self.dirty,
            Files(self.root),
            self.changes,
            pages=self.pages,
            feeds={"plain": FEED},
            clock=lambda: self.now,
        )

    async def tell(self, *articles: Article) -> None:
        for article in articles:
            await self.desk.put(article, self.now)
            self.now += timedelta(minutes=1)

    async def page(self, name: str) -> str:
        """What a reader of an article's path finds: the status pages come first."""
        row = await self.desk.row(uri_of(name))
        for ending in (".410.html", ".404.html", ".html"):
            place = page_at(row.path, ending) if row else None
            if place and (found := read_file(self.root, place)):
                return found[0].decode()
        return ""

    def file(self, path: str) -> str:
        place = file_at(path)
        found = place and read_file(self.root, place)
        return found[0].decode() if found else ""


def uri_of(name: str) -> str:
    return f"tag:example.tw,2026:{name}"


def story(name: str, version: int = 1, **fields: object) -> Article:
    plain = {"uri": uri_of(name), "version": version, "headline": f"{name}{version}"}
    return Article.model_validate_json(json.dumps({**plain, "section": "生活", **fields}))


def kill(name: str, version: int = 1) -> Article:
    return story(name, version, pubstatus="canceled")
