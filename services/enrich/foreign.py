"""Foreign and indigenous names, which print their parts with a dot between: 尤命·哈用.

Where such a name begins and ends is not marked. The characters that foreign names are written with
tell it; where they do not, the cut of the words.
"""

import re
from collections.abc import Iterator, Mapping

from services.enrich.cutter import is_known
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.named import Span
from services.enrich.words import Text

DOTTED = re.compile(rf"([{HAN}]{{1,12}})[·‧•・˙](?:[{HAN}]{{1,6}}[·‧•・˙]){{0,3}}([{HAN}]{{1,12}})")
DOT = re.compile("[·‧•・˙]")
MAX_DOTTED = 50
LONGEST_PART, SHORTEST_PART = 6, 2


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name that stand for it later on: 萊赫特, or 比令; else nothing."""
    parts = DOT.split(name)
    return tuple(p for p in (parts[-1], parts[0]) if len(p) > 1) if len(parts) > 1 else ()


def foreign_names_in(text: Text, offices: Mapping[int, str]) -> Iterator[Span]:
    """Yield the spans of dotted names. `offices` = where an office ends, and the office."""
    words = dict(text.words)
    for number, match in enumerate(DOTTED.finditer(text.folded)):
        if number >= MAX_DOTTED:
            return
        start = _start(text, match.start(1), match.end(1), offices)
        yield start, _end(text, words, match.start(2), match.end(2))


def _start(text: Text, first: int, dot: int, offices: Mapping[int, str]) -> int:
    """Where the part before the dot begins."""
    known = {at: word for at, word in text.words if first <= at < dot and _is_ordinary(word)}
    behind = max((at + len(word) for at, word in known.items()), default=first)
    earliest = max(first, behind, dot - LONGEST_PART)
    at = dot
    while at > earliest and at not in offices and _sounds_foreign(text.folded[at - 1]):
        at -= 1
    return at if dot - at >= SHORTEST_PART else max(first, min(behind, dot - 1), dot - 3)


def _end(text: Text, words: Mapping[int, str], dot: int, last: int) -> int:
    """Where the part after the dot ends."""
    at, latest = dot, min(last, dot + LONGEST_PART)
    while at < latest and _sounds_foreign(text.folded[at]) and not _is_ordinary(words.get(at, "")):
        at += 1
    return at if at - dot >= SHORTEST_PART else min(last, dot + 2)


def _sounds_foreign(char: str) -> bool:
    return char in folded_entries("transliterations")


def _is_ordinary(word: str) -> bool:
    """Whether it is a word of the language, and not a syllable or two that happen to be one."""
    if folded_entries("transliterations").issuperset(word):
        return False
    return word in function_words() if len(word) < SHORTEST_PART else is_known(word)
