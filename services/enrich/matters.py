"""RULE: matters that bear a name: 長河文學獎, 金門馬拉松, AI病歷.

An event, a prize or a law is called by what stands before the word for it; that word alone says
little. So is what Latin letters stand before, if it is a topic itself.
"""

from functools import cache
from string import ascii_lowercase

from services.enrich.folding import folded_entries, function_words
from services.enrich.words import Text

LEAST_BEFORE = 2
NOUNS = ("noun", "unknown")


def is_named_matter(text: Text, start: int, end: int) -> bool:
    """Whether the words from `start` to `end` are such a name, and nothing of it stands before."""
    name, first = text.folded[start:end], text.place_of(start)
    if latin_of(name):
        return True
    if not name.endswith(_endings()):
        return False
    ending = next(one for one in _endings() if name.endswith(one))
    if len(name) < len(ending) + LEAST_BEFORE:
        return False
    return text.natures[first] in NOUNS and not _goes_back(text, first)


@cache
def _endings() -> tuple[str, ...]:
    return tuple(sorted(folded_entries("named_matters")))


def _goes_back(text: Text, first: int) -> bool:
    """Whether a noun touches it from the left."""
    if not first:
        return False
    at, word = text.words[first - 1]
    is_near = at + len(word) == text.words[first][0]
    return is_near and word not in function_words() and text.natures[first - 1] in NOUNS


def latin_of(name: str) -> str:
    """The Latin letters that a topic begins with, behind which another stands; else nothing."""
    if not "a" <= name[0] <= "z":
        return ""
    behind = name.lstrip(ascii_lowercase)
    is_named = behind in folded_entries("topics")
    return name.removesuffix(behind) if is_named else ""
