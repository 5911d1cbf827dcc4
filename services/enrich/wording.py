"""RULE: what the words of a candidate say about its being a tag, whatever the text does with it.

Editors choose 詐欺 and 都更案 and leave 業者 and 現場; whom they choose stands before other words
than who is only quoted. `tag_odds.txt` weighs such signs, counted in articles with tags.
"""

from functools import lru_cache
from typing import NamedTuple

from services.enrich.odds import log_odds
from services.enrich.word_kinds import word_kind
from services.enrich.words import Text
from shared.article import TagKind

TABLE = "tag_odds"
NAMES: tuple[TagKind, ...] = ("person", "organisation")
MAX_KNOWN = 1 << 15

Sign = tuple[str, ...]


class Wording(NamedTuple):
    """A candidate's kind and words, and for names the words beside; empty where a mark stands."""

    kind: TagKind
    words: tuple[str, ...]
    before: str
    after: str


def wording_of(text: Text, start: int, end: int, kind: TagKind) -> Wording:
    """The wording of what stands between two places of a text."""
    first, last = text.place_of(start), text.place_of(end - 1)
    words = tuple([word for _, word in text.words[first : last + 1]])
    if kind not in NAMES:
        return Wording(kind, words, "", "")
    at, before = text.words[first - 1] if first else (-1, "")
    next_at, after = text.words[last + 1] if last + 1 < len(text.words) else (-1, "")
    touches = before if at + len(before) == start else ""
    return Wording(kind, words, touches, after if next_at == end else "")


def signs_of(wording: Wording) -> tuple[Sign, ...]:
    """The signs of a wording."""
    kind, words, before, after = wording
    name = "".join(words)
    signs = (
        ("first", kind, words[0]),
        ("last", kind, words[-1]),
        ("char", kind, name[-1]),
        ("end", kind, name[-2:]),
        ("name", kind, name),
        ("kinds", kind, word_kind(words[0]), word_kind(words[-1])),
    )
    if kind not in NAMES:
        return signs
    return (
        *signs,
        ("before", kind, word_kind(before) if before else "mark"),
        ("after", kind, word_kind(after) if after else "mark"),
        ("behind", kind, before),
        ("next", kind, after),
    )


@lru_cache(maxsize=MAX_KNOWN)
def odds_of(wording: Wording) -> float:
    """What the wording adds to the log-odds of its being a tag."""
    return log_odds(TABLE, signs_of(wording))
