"""Places in a text, found in a list of names however long: spans are looked up as numbers."""

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np

from services.enrich.lexicon import entries
from services.enrich.words import Hashes, Text, fold, hashes_of, key

MIN_CHARS, MAX_CHARS = 2, 6
COUNTY_ENDINGS = ("市", "县")
"""桃園市長 is cut as 桃園 + 市長, yet it speaks of 桃園市."""


@dataclass(frozen=True)
class Place:
    """A place: where it first stands, where that mention ends, and how often it is named."""

    start: int
    end: int
    count: int


@cache
def _numbers() -> Hashes:
    return np.unique(hashes_of([fold(name.replace("_", " ")) for name in entries("places")]))


def places_in(text: Text) -> list[Place]:
    """The places a text names, in order of first mention; 桃園 and 桃園市 are one place."""
    found: dict[str, list[tuple[int, int]]] = {}
    behind = 0
    for start, end in _mentions(text):
        if start >= behind:
            found.setdefault(key(text.folded[start:end]), []).append((start, end))
            behind = end
    return [_place(text, spans) for spans in found.values()]


def _place(text: Text, spans: list[tuple[int, int]]) -> Place:
    """Show the spelling that is used most, the first one if two are used alike."""
    written = Counter(text.folded[start:end] for start, end in spans)
    best = written.most_common(1)[0][0]
    start, end = next(span for span in spans if text.folded[slice(*span)] == best)
    return Place(start, end, len(spans))


def _mentions(text: Text) -> list[tuple[int, int]]:
    """Spans of names of places that begin where a word begins, the longest first at each."""
    edges = {int(end) for end in text.ends}
    spans: list[tuple[int, int]] = []
    for chars in range(MIN_CHARS, MAX_CHARS + 1):
        starts = text.starts[text.starts + chars <= len(text.surface)]
        spans += _listed(text, starts, starts + chars)
    words = len(text.starts)
    spans += _listed(text, text.starts, text.ends)
    spans += _listed(text, text.starts[: words - 1], text.ends[1:])
    kept = {(s, e) for s, e in spans if e in edges or text.folded[s:e].endswith(COUNTY_ENDINGS)}
    return sorted(kept, key=lambda span: (span[0], -span[1]))


def _listed(
    text: Text, starts: np.typing.NDArray[np.int64], ends: np.typing.NDArray[np.int64]
) -> list[tuple[int, int]]:
    numbers = _numbers()
    hashes = text.hashes(starts, ends)
    place = np.minimum(np.searchsorted(numbers, hashes), len(numbers) - 1)
    hits = np.flatnonzero(numbers[place] == hashes)
    return [(int(starts[hit]), int(ends[hit])) for hit in hits]
