"""Names that their form gives away: quoted phrases, and the endings of organisations and places."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from services.enrich.lexicon import entries, lines
from services.enrich.words import Text, fold
from shared.article import TagKind

QUOTED = re.compile(
    r"「([^「」\n]{2,16})」|『([^『』\n]{2,16})』|《([^《》\n]{2,20})》|〈([^〈〉\n]{2,20})〉"
)
SENTENCE_MARK = re.compile(r"[，。！？；：、,.!?;:…\s]")
MIN_BEFORE_SHORT_ENDING = 2
MAX_QUOTED = 100


def quoted_in(text: Text) -> Iterator[tuple[int, int]]:
    """Yield the spans of quoted names; what someone said in a sentence is no name.

    A name begins and ends with a word that is not a function word, and holds none of one character.
    """
    words = {at: at + len(word) for at, word in text.words}
    weak = {at for (at, _), is_weak in zip(text.words, text.functional, strict=True) if is_weak}
    for match in islice(QUOTED.finditer(text.folded), MAX_QUOTED):
        start, end = match.span(match.lastindex or 0)
        inside = [at for at in range(start, end) if at in words]
        if SENTENCE_MARK.search(text.folded, start, end) or not inside:
            continue
        edges = {inside[0], inside[-1]}
        if not (edges & weak) and not any(at in weak and words[at] == at + 1 for at in inside):
            yield start, end


@cache
def _endings(name: str, line: int) -> tuple[str, ...]:
    return tuple(map(fold, lines(name)[line]))


@cache
def _place_endings() -> tuple[str, ...]:
    return tuple(map(fold, entries("place_suffixes")))


@cache
def _offices() -> frozenset[str]:
    """Offices of two characters that begin with the last one of their organisation: 部長, 院長."""
    heads = _endings("organisation_suffixes", 1)
    titles = map(fold, entries("titles"))
    return frozenset(t for t in titles if t[:1] in heads and t[1:] == "长")


@cache
def _titles() -> frozenset[str]:
    return frozenset(map(fold, entries("titles")))


def is_title(name: str) -> bool:
    """Whether a folded name is an office and nothing more."""
    return name in _titles()


def end_of_name(folded: str, end: int) -> int:
    """Where a name really ends that was cut off before an office: 衛福|部長 names 衛福部."""
    return end + 1 if folded[end : end + 2] in _offices() else end


def kind_of(name: str) -> TagKind:
    """The kind a folded name shows by its ending: organisation, place, or else topic."""
    if name.endswith(_endings("organisation_suffixes", 2)):
        return "topic"
    long, short = _endings("organisation_suffixes", 0), _endings("organisation_suffixes", 1)
    if name.endswith(long) and name not in long:
        return "organisation"
    if name.endswith(short) and len(name) > MIN_BEFORE_SHORT_ENDING:
        return "organisation"
    places = _place_endings()
    return "place" if name.endswith(places) and name not in places else "topic"
