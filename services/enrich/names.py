"""People in a text, found by how newspapers introduce them: an office and a family name.

市長林靜宜 and 林靜宜市長 both name 林靜宜. Who wrote or photographed a story is found the same way,
and kept apart: a byline is not what the story is about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from services.enrich.lexicon import entries, lines
from services.enrich.words import HAN, Text, fold, function_words

CREDIT = re.compile(r"[图文摄][ 　]?[/／|｜][ 　]?[^\s()（）/／，。]{1,20}")
AFTER_REPORTER = re.compile(r"[ 　:/／、]{0,3}")
HAN_ONLY = re.compile(f"[{HAN}]+")
MAX_COAUTHORS = 3
MAX_PEOPLE = 50
"""More names than this are a list, and a list is not what a story is about."""

Edges = dict[int, str]
"""Where words begin or end, and the word that begins there, if one does."""


@dataclass(frozen=True)
class Person:
    """A name as folded, and the office that introduced it, as written."""

    name: str
    title: str


@dataclass(frozen=True)
class People:
    """Who a text is about, and the spans that are bylines and credits."""

    named: tuple[Person, ...]
    bylines: tuple[tuple[int, int], ...]


@cache
def _any_of(name: str) -> re.Pattern[str]:
    longest_first = sorted(set(map(fold, entries(name))), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first)))


@cache
def _surnames() -> frozenset[str]:
    return frozenset(map(fold, entries("surnames")))


@cache
def _never_last() -> frozenset[str]:
    return frozenset(map(fold, entries("name_stops")))


@cache
def _ordinary() -> frozenset[str]:
    """Words that stand beside an office without being a name."""
    common = (word for line in lines("common") for word in line[1:])
    return frozenset(map(fold, (*common, *entries("places")))) | function_words()


def people_in(text: Text, authors: Iterable[str] = ()) -> People:
    """Find people by their offices, and bylines by the word for a reporter or by `authors`."""
    edges = {**dict.fromkeys(text.ends.tolist(), ""), **dict(text.words)}
    writers = list(dict.fromkeys((*map(fold, authors), *_reporters(text.folded, edges))))
    named: dict[str, str] = {}
    for title in _any_of("titles").finditer(text.folded):
        for start, end in _beside(text.folded, title.start(), title.end(), edges):
            named.setdefault(text.folded[start:end], text.surface[slice(*title.span())])
    spans = [match.span() for match in CREDIT.finditer(text.folded)]
    spans += [
        span for name in writers[:MAX_PEOPLE] if name for span in occurrences(text.folded, name)
    ]
    people = [Person(name, title) for name, title in named.items() if name not in writers]
    return People(tuple(people[:MAX_PEOPLE]), tuple(spans))


def occurrences(folded: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a name in a text."""
    for match in re.finditer(re.escape(name), folded):
        yield match.span()


def _reporters(folded: str, edges: Edges) -> Iterator[str]:
    for word in _any_of("reporters").finditer(folded):
        at = word.end()
        for _ in range(MAX_COAUTHORS):
            gap = AFTER_REPORTER.match(folded, at)
            start = gap.end() if gap else at
            end = _name_end(folded, start, edges)
            if end is None:
                break
            yield folded[start:end]
            at = end


def _beside(folded: str, start: int, end: int, edges: Edges) -> Iterator[tuple[int, int]]:
    """Yield the spans of names right after and right before an office."""
    stop = _name_end(folded, end, edges)
    if stop is not None:
        yield end, stop
    first = start - 3
    given = folded[max(first + 1, 0) : start]
    is_family = first in edges and folded[first] in _surnames()
    if is_family and given not in _ordinary() and _could_be_name(folded[first:start], 3):
        yield first, start


def _name_end(folded: str, start: int, edges: Edges) -> int | None:
    """Where the name that begins here ends, or None: a family name and one or two characters.

    Where the cut sees a word end decides between the two; a name of three is commoner, and wins
    when what would follow the shorter name is no word either.
    """
    family = next((n for n in (2, 1) if folded[start : start + n] in _surnames()), 0)
    begins = edges.get(start, "")
    is_word = len(begins) > family + 2 or (len(begins) > 1 and begins in _ordinary())
    if not family or is_word:
        return None
    full, short = start + family + 2, start + family + 1
    likely = [end for end in (full, short) if _could_be_name(folded[start:end], end - start)]
    at_edge = [end for end in likely if end in edges]
    if at_edge == [short] and full in likely and edges[short] not in _ordinary():
        return full
    seen_twice = [end for end in likely if _is_repeated(folded, start, end)]
    return next(iter(at_edge or seen_twice), None)


def _is_repeated(folded: str, start: int, end: int) -> bool:
    name = folded[start:end]
    return folded.find(name) < start or folded.find(name, end) >= 0


def _could_be_name(name: str, length: int) -> bool:
    if len(name) < length or not HAN_ONLY.fullmatch(name) or name in _ordinary():
        return False
    return not (_never_last() & set(name[1:]))
