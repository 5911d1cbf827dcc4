"""A name that was found in a text: what it names, where it is mentioned, and why we think so."""

import re
from dataclasses import dataclass
from functools import cache

from services.enrich.folding import folded_entries
from shared.article import TagKind

Span = tuple[int, int]
MAX_MENTIONS = 500
LETTER = "A-Za-zÀ-ÖØ-öø-ſ"
LATIN_NAME = re.compile(
    rf"[A-ZÀ-ÖØ-Þ][{LETTER}0-9]{{1,14}}(?: [A-ZÀ-ÖØ-Þ][{LETTER}]{{1,14}}){{0,2}}(?![{LETTER}0-9])"
)
"""One to three words in Latin letters, each with a capital."""


@dataclass(frozen=True)
class Named:
    """A name as folded, its kind, its mentions in order, short forms included, and the evidence."""

    name: str
    kind: TagKind
    mentions: tuple[Span, ...]
    evidence: str

    @property
    def span(self) -> Span:
        """The first mention in full."""
        full = (span for span in self.mentions if span[1] - span[0] == len(self.name))
        return next(full, self.mentions[0])


@cache
def any_of(name: str) -> re.Pattern[str]:
    """Matches any entry of a list of the lexicon, the longest first."""
    longest_first = sorted(folded_entries(name), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)))


def mentions_of(folded: str, name: str, start: int = 0) -> tuple[Span, ...]:
    """The spans of a name in a text, from `start` on."""
    spans: list[Span] = []
    at = folded.find(name, start)
    while at >= 0 and len(spans) < MAX_MENTIONS:
        spans.append((at, at + len(name)))
        at = folded.find(name, at + len(name))
    return tuple(spans)


def all_mentions(folded: str, name: str, short_forms: tuple[str, ...]) -> tuple[Span, ...]:
    """The spans of a name and of its short forms, in order and without overlaps."""
    spans = list(mentions_of(folded, name))
    taken = {at for span in spans for at in range(*span)}
    for short in short_forms:
        for span in mentions_of(folded, short):
            if taken.isdisjoint(range(*span)):
                spans.append(span)
                taken.update(range(*span))
    return tuple(sorted(spans))
