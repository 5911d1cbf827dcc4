"""What the site and the feeds are made from: live articles, the lists they stand in, tombstones.

These are values only. The desk (`desk.py`) reads and writes them; pages and feeds render them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, field_validator

from shared.article import Article

ListKind = Literal["all", "section", "tag", "author"]


class Site(BaseModel):
    """Settings `[site]`: the newspaper itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The newspaper's name, as readers see it."""
    description: str
    language: str
    """BCP 47 language of the site itself, e.g. `zh-Hant-TW`."""
    timezone: ZoneInfo
    """Where the newspaper is printed: all dates shown to readers are of this zone."""
    base_url: str
    """The public address without a slash at the end. Empty = the address the service listens on."""
    list_length: int
    """Articles in a list page and in a feed."""

    @field_validator("timezone", mode="before")
    @classmethod
    def _zone_by_name(cls, value: object) -> object:
        return ZoneInfo(value) if isinstance(value, str) else value

    def url(self, path: str) -> str:
        """The absolute, percent-encoded address of a path of this site."""
        return self.base_url + quote(path, safe="/%#?=&;+,@:~!$'()*")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of articles that has a page and feeds of its own.

    `slug` is one path component, safe as a file name; `label` is what readers see.
    """

    kind: ListKind
    slug: str
    label: str

    @property
    def name(self) -> str:
        """The list's name in keys and logs, e.g. `section:生活`."""
        return self.kind if self.kind == "all" else f"{self.kind}:{self.slug}"

    @property
    def path(self) -> str:
        """Where its page stands, with a slash at the end, e.g. `/section/生活/`."""
        return "/" if self.kind == "all" else f"/{self.kind}/{self.slug}/"


@dataclass(frozen=True, slots=True)
class Note:
    """What readers are told of a version that corrected or updated the story."""

    version: int
    kind: Literal["correction", "update"]
    text: str
    when: datetime


@dataclass(frozen=True, slots=True)
class LiveArticle:
    """An article that readers can see, and where.

    Its `date_published` and `date_modified` are always set (aware UTC).
    """

    article: Article
    path: str
    """Site path, minted once and kept for ever, e.g. `/news/20261123/k3f9a2m7q4xwb`."""
    lists: tuple[Listing, ...]
    """The lists it belongs to; the first of kind `section` is its breadcrumb."""
    notes: tuple[Note, ...] = ()
    """Newest first, over all versions (`notes.py`)."""
    expired: bool = False
    """Whether it is news no longer: its page stays, and nothing else offers it."""

    @property
    def published(self) -> datetime:
        """When readers could first see it."""
        return self.article.date_published or datetime.min.replace(tzinfo=ZoneInfo("UTC"))

    @property
    def modified(self) -> datetime:
        """When its text last changed."""
        return self.article.date_modified or self.published

    @property
    def is_corrected(self) -> bool:
        """Whether the last thing readers were told of it is a correction."""
        return bool(self.notes) and self.notes[0].kind == "correction"


@dataclass(frozen=True, slots=True)
class Card:
    """A story shown beside another one: 相關新聞."""

    headline: str
    url: str
    """A path of our own site, an absolute address elsewhere, or empty for a stub without a link."""
    excerpt: str
    date_published: datetime | None
    reason: str
    """Why it is shown, e.g. the shared tags. Empty for links the newsroom gave."""
    uri: str = ""
    """Of a story of our own that readers can open; else empty."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A story that was killed: what feeds tell readers who still have it."""

    uri: str
    path: str
    when: datetime
