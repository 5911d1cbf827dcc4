"""One row of the desk: the current state of one article, and how a Redis hash holds it.

`redis-cli HGETALL` shows it plainly: `version`, `state`, `path`, instants as ISO 8601, lists and
articles as JSON. A row is never deleted: it is what refuses an old version years later.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, cast

from services.publish.live import Listing, ListKind, LiveArticle, Note, Tombstone
from shared.article import Article

State = Literal["live", "withheld", "gone"]
REMEMBERED = 512
"""Texts that were read last. A story stands in ten lists, each of which is built again and again;
what comes of equal texts is one object, which whoever compares it sees at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the desk knows of one article. Instants are aware UTC."""

    uri: str
    version: int
    state: State
    since: datetime
    """When it came into this state."""
    path: str = ""
    """Empty as long as no reader could ever see it."""
    published: datetime | None = None
    """When readers could first see it; kept through withholding and kill."""
    modified: datetime | None = None
    article: Article | None = None
    """The text readers see; None unless live, for nothing of a killed version may be kept."""
    lists: tuple[Listing, ...] = ()
    """The lists it belongs to."""
    expired: bool = False
    """Whether its time was over when somebody last looked: then it stands in none of them."""
    notes: tuple[Note, ...] = ()
    """What readers are told of earlier versions, newest first."""
    killed: int = 0
    """The version of the last kill; 0 = never."""
    stood_in: tuple[Listing, ...] = ()
    """Every list it ever stood in: their readers have to be told of a kill."""
    remade: int = 0
    """The number of the related links that were made anew; 0 = those the version came with."""
    rev: int = 0
    """Counts the changes of this row; the compare-and-set compares it."""

    @property
    def live(self) -> LiveArticle | None:
        """The article as readers see it, or None."""
        if self.article is None:
            return None
        return LiveArticle(self.article, self.path, self.lists, self.notes, self.expired)

    @property
    def listed(self) -> tuple[Listing, ...]:
        """The lists it stands in now."""
        return () if self.expired else self.lists

    @property
    def tombstone(self) -> Tombstone | None:
        """What is left of a killed story that readers had seen, or None."""
        if self.state != "gone" or not self.path:
            return None
        return Tombstone(self.uri, self.path, self.since)


def to_hash(row: Row) -> dict[str, str]:
    """The row as fields of a Redis hash. Every field is always there."""
    return {
        "uri": row.uri,
        "rev": str(row.rev),
        "version": str(row.version),
        "state": row.state,
        "since": row.since.isoformat(),
        "path": row.path,
        "published": _iso(row.published),
        "modified": _iso(row.modified),
        "lists": _listings(row.lists),
        "expired": "1" * row.expired,
        "notes": _notes(row.notes),
        "killed": str(row.killed),
        "stood_in": _listings(row.stood_in),
        "remade": str(row.remade),
        "body": _body(row.article),
    }


def from_hash(fields: Mapping[bytes, bytes]) -> Row | None:
    """The row that a Redis hash holds, or None for an empty hash."""
    if not fields:
        return None
    text = {name.decode(): value.decode() for name, value in fields.items()}
    return Row(
        uri=text["uri"],
        version=int(text["version"]),
        state=cast("State", text["state"]),
        since=datetime.fromisoformat(text["since"]),
        path=text["path"],
        published=_instant(text["published"]),
        modified=_instant(text["modified"]),
        article=_article(text["body"]),
        lists=_read_listings(text["lists"]),
        expired=bool(text.get("expired")),
        notes=_read_notes(text.get("notes", "[]")),
        killed=int(text.get("killed", 0)),
        stood_in=_read_listings(text["stood_in"]),
        remade=int(text.get("remade", 0)),
        rev=int(text["rev"]),
    )


def _notes(notes: Iterable[Note]) -> str:
    rows = [[note.version, note.kind, note.text, note.when.isoformat()] for note in notes]
    return json.dumps(rows, ensure_ascii=False)


def _read_notes(text: str) -> tuple[Note, ...]:
    return tuple(
        Note(version, kind, words, datetime.fromisoformat(when))
        for version, kind, words, when in json.loads(text)
    )


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _body(article: Article | None) -> str:
    return article.model_dump_json(exclude_defaults=True) if article else ""


@lru_cache(REMEMBERED)
def _article(text: str) -> Article | None:
    return Article.model_validate_json(text) if text else None


def _listings(listings: Iterable[Listing]) -> str:
    triples = [[one.kind, one.slug, one.label] for one in listings]
    return json.dumps(triples, ensure_ascii=False)


@lru_cache(REMEMBERED)
def _read_listings(text: str) -> tuple[Listing, ...]:
    return tuple(
        Listing(cast("ListKind", kind), slug, label) for kind, slug, label in json.loads(text)
    )
