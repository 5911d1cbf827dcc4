"""What is kept of an article for cards and reasons: small, since there may be a million of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from shared.article import PubStatus

ENCODING = "gb18030"
"""Two bytes for a Han character, in either script, and every other character too."""
PART, TOPIC = "\x1e", "\x1f"


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of the newest version of an article. `row` is None when it is withdrawn."""

    uri: str
    version: int
    pubstatus: PubStatus
    sequence: int
    """The how-manieth article this was, counted at its first version."""
    row: int | None = field(default=None, compare=False)
    words: int = 0
    """A number for its very text, to see that nothing changed."""
    published: datetime | None = None
    headline: str = ""
    excerpt: str = ""
    topics: frozenset[str] = frozenset()
    """The keys of its tags."""
    cluster: str = ""
    """The first article that says the same: its own uri unless it is a duplicate."""
    story: str = ""
    """The first article of its running story: its own uri unless it follows one."""


class KnownArticles:
    """Everything known, by uri, each packed into one string of bytes."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def __contains__(self, uri: str) -> bool:
        return uri in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def get(self, uri: str) -> Known | None:
        """What is known of an article, also of one that was withdrawn."""
        packed = self._packed.get(uri)
        return None if packed is None else _unpacked(uri, packed)

    def put(self, known: Known) -> None:
        """Keep it in place of what was known."""
        self._packed[known.uri] = _pack(known)


def _pack(known: Known) -> bytes:
    parts = (
        str(known.version),
        known.pubstatus,
        str(known.sequence),
        "" if known.row is None else str(known.row),
        str(known.words),
        "" if known.published is None else repr(known.published.timestamp()),
        known.headline,
        known.excerpt,
        TOPIC.join(sorted(known.topics)),
        "" if known.cluster == known.uri else known.cluster,
        "" if known.story == known.uri else known.story,
    )
    clean = (part.replace(PART, " ") for part in parts)
    return PART.join(clean).encode(ENCODING, "replace")


def _unpacked(uri: str, packed: bytes) -> Known:
    version, pubstatus, sequence, row, words, when, headline, excerpt, topics, cluster, story = (
        packed.decode(ENCODING).split(PART)
    )
    own = uri if pubstatus == "usable" else ""
    return Known(
        uri,
        int(version),
        cast("PubStatus", pubstatus),
        int(sequence),
        int(row) if row else None,
        int(words),
        datetime.fromtimestamp(float(when), UTC) if when else None,
        headline,
        excerpt,
        frozenset(topics.split(TOPIC)) if topics else frozenset(),
        cluster or own,
        story or own,
    )
