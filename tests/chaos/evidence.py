"""What a chaos run leaves to be judged: who was promised what, and what everybody outside saw.

Plain facts, gathered without any code of wiredesk: the newsroom's log of answers, the receiver's
log of requests, the site as a reader's browser gets it, and the rows in Redis.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.plan import Op, uri_of

MARK = re.compile(r"（(\d{6})-(\d+)）")


@dataclass(frozen=True, order=True)
class Mark:
    """A version of a story that was named somewhere."""

    uri: str
    version: int


@dataclass(frozen=True)
class Answer:
    """What ingest answered with 202."""

    uri: str
    version: int
    op: Op
    outcome: str
    tries: int = 1
    """How often it was sent until this answer came."""


@dataclass(frozen=True)
class Notice:
    """One request that the webhook receiver got, whether it had seen its id or not."""

    id: str
    op: Op
    uri: str
    version: int
    url: str
    is_signed: bool = True


@dataclass(frozen=True)
class Page:
    """An article's page: what it is about, and whom it names besides."""

    url: str
    status: int
    own: Mark | None = None
    cards: frozenset[Mark] = frozenset()


@dataclass(frozen=True)
class Listing:
    """A list page or a feed: whom it names, in order. Tombstones name nobody."""

    url: str
    kind: Literal["list", "feed"]
    named: tuple[Mark, ...]


@dataclass(frozen=True)
class Stored:
    """What Redis has of a story: version and state in the ledger, on the desk, and delivered."""

    ledger: tuple[int, str]
    desk: tuple[int, str]
    delivery: tuple[int, str]


@dataclass
class Evidence:
    """All of it."""

    answers: list[Answer] = field(default_factory=list)
    unanswered: int = 0
    """Events that were never answered 202, however often they were sent."""
    notices: list[Notice] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    wanted_listings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For some of their addresses the uris that must be named, in order."""
    stored: dict[str, Stored] = field(default_factory=dict)
    parked: list[str] = field(default_factory=list)
    """Causes of the entries in the dead-letter streams."""
    half_written: list[str] = field(default_factory=list)
    """Files of the site that were begun and never got their name."""
    is_settled: bool = True
    """Whether everything had come to rest before the end was looked at."""


def marks_in(texts: Iterable[str]) -> tuple[Mark, ...]:
    """Every mark that stands in the texts, in order, each once."""
    found = (match for text in texts for match in MARK.finditer(text))
    return tuple(dict.fromkeys(Mark(uri_of(int(m[1])), int(m[2])) for m in found))
