"""Places in a text, found in a list of names: the cut of the words knows them all."""

import re
from collections import Counter
from collections.abc import Iterator

from services.enrich.folding import folded_entries, key
from services.enrich.named import Named, Span
from services.enrich.words import Text

LATIN_PAIR = re.compile("[a-z] [a-z]")
DISTRICT_ENDINGS = "区乡镇市"


def places_in(text: Text, taken: frozenset[int]) -> Iterator[Named]:
    """Yield the places a text names outside the `taken` places; 桃園 and 桃園市 are one."""
    found: dict[str, list[Span]] = {}
    listed = folded_entries("places") | frozenset(_districts(text))
    said = listed & text.distinct
    words = [(at, word) for at, word in text.words if word in said]
    for at, word in sorted([*words, *((at, pair) for at, pair in _pairs(text) if pair in listed)]):
        if at not in taken:
            found.setdefault(key(word), []).append((at, at + len(word)))
    for spans in found.values():
        yield _place(text, spans)


def _districts(text: Text) -> Iterator[str]:
    """Districts without their ending, where their county stands before them: 桃園大溪."""
    places, words = folded_entries("places"), text.words
    if places.isdisjoint(text.distinct):
        return
    known = [place for place, (_, word) in enumerate(words[:-1]) if word in places]
    for place in known:
        (at, county), (after, word) = words[place], words[place + 1]
        is_pair = after == at + len(county) and word not in places
        if is_pair and any(word + ending in places for ending in DISTRICT_ENDINGS):
            yield word


def _pairs(text: Text) -> Iterator[tuple[int, str]]:
    """Yield pairs of words one space apart: New York."""
    if not text.surface.isascii() and not LATIN_PAIR.search(text.folded):
        return
    for (at, word), (after, other) in zip(text.words, text.words[1:], strict=False):
        if after == at + len(word) + 1 and word.isascii():
            yield at, f"{word} {other}"


def _place(text: Text, spans: list[Span]) -> Named:
    """Name it by the spelling that is used most, the first one if two are used alike."""
    written = Counter(text.folded[start:end] for start, end in spans)
    return Named(written.most_common(1)[0][0], "place", tuple(sorted(spans)), "地名")
