"""RULE: how like a given name some characters are.

A list says which characters are common in the given names of Taiwan; the names of a dictionary say
how much oftener each character stands in a name than in text, by its place: 承恩 is like a name,
表示 is none.
"""

from functools import cache, lru_cache

from services.enrich.folding import fold, folded_entries
from services.enrich.lexicon import lines

LISTED = 0.75
ODDS_WEIGHT = 0.15
"""Of half a natural logarithm, which is the step of `given_odds.txt`."""
MOST, LEAST = 0.75, -1.5
SHIFT = 0.25
MAX_GIVEN = 1 << 15


@lru_cache(maxsize=MAX_GIVEN)
def may_be_given(given: str) -> bool:
    """Whether no character of it speaks against its being a given name."""
    return _stops().isdisjoint(given)


@cache
def _stops() -> frozenset[str]:
    """The characters that stand in no given name."""
    return frozenset(map(fold, lines("name_stops")[0]))


@lru_cache(maxsize=MAX_GIVEN)
def likeness(given: str) -> float:
    """How like a given name it is: about 1.5 for most names, under 0 for most other characters."""
    places = (1, 2) if len(given) > 1 else (2,)
    odds = sum(_odds().get((place, char), 0) for place, char in zip(places, given, strict=False))
    listed = sum(LISTED for char in given if is_common(char))
    return listed + min(max(ODDS_WEIGHT * odds, LEAST), MOST) - SHIFT


def is_common(char: str) -> bool:
    """Whether a folded character is common in given names."""
    return char in folded_entries("given_names")


@cache
def _odds() -> dict[tuple[int, str], int]:
    return {
        (int(place), char): int(level)
        for place, level, *chars in lines("given_odds")
        for char in chars
    }
