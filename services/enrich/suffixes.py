"""How names of organisations end, by the list of the lexicon."""

from functools import cache, lru_cache
from typing import Literal

from services.enrich.folding import fold, folded_entries
from services.enrich.lexicon import lines

MIN_BEFORE_SHORT_ENDING = 2
MAX_NAMES = 1 << 15
LOOSE_CHARS = (4, 3, 2)


@cache
def endings(line: int) -> tuple[str, ...]:
    """The long endings (0), those of one character (1), or words that end so and are none (2)."""
    return tuple(sorted(map(fold, lines("organisation_suffixes")[line]), key=len, reverse=True))


@cache
def loose_endings() -> frozenset[str]:
    """Words that names of firms end with, and much else."""
    return folded_entries("loose_suffixes")


@cache
def last_characters() -> frozenset[str]:
    """The characters that a name of an organisation can end with."""
    return frozenset(ending[-1] for ending in (*endings(0), *endings(1)))


def _longest(name: str, line: int) -> int:
    """How many characters the longest of these endings has that the name ends with; 0 if none."""
    known, most = _ending_set(line)
    return next((n for n in range(min(most, len(name)), 0, -1) if name[-n:] in known), 0)


@cache
def _ending_set(line: int) -> tuple[frozenset[str], int]:
    """The endings of a line, and how many characters the longest has."""
    return frozenset(endings(line)), max(map(len, endings(line)))


@lru_cache(maxsize=MAX_NAMES)
def ending_of(name: str) -> Literal["long", "short", "none"]:
    """With which kind of ending a folded name or word ends."""
    if name[-1:] not in last_characters():
        return "none"
    chars = _longest(name, 0)
    if chars < _longest(name, 2):
        return "none"
    if chars:
        return "long"
    return "short" if name.endswith(endings(1)) else "none"


def is_ending(name: str) -> bool:
    """Whether a folded name is a long ending and nothing more."""
    return name in _ending_set(0)[0]


def ending_in(name: str) -> str:
    """The long or loose ending of a folded name; else nothing."""
    chars = _longest(name, 0)
    longer = name[-chars:] if chars else ""
    loose = (name[-chars:] for chars in LOOSE_CHARS if name[-chars:] in loose_endings())
    return longer or next(loose, "")


def ends_as_organisation(name: str) -> bool:
    """Whether a folded name ends like that of an organisation, and is more than the ending."""
    ending = ending_of(name)
    if ending == "long":
        return not is_ending(name)
    return ending == "short" and len(name) > MIN_BEFORE_SHORT_ENDING
