"""Names that their form gives away: quoted phrases, and the endings of organisations and places."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from services.enrich.folding import folded_entries
from services.enrich.judgement import WORKS
from services.enrich.suffixes import ends_as_organisation
from services.enrich.words import Text
from shared.article import TagKind

QUOTED = re.compile(
    r"「([^「」\n]{2,16})」|『([^『』\n]{2,16})』|《([^《》\n]{2,20})》|〈([^〈〉\n]{2,20})〉"
)
SENTENCE_MARK = re.compile(r"[，。！？；：、,.!?;:…\s]")
MAX_QUOTED = 100


def quoted_in(text: Text) -> Iterator[tuple[int, int]]:
    """Yield the spans of quoted names; what someone said in a sentence is no name.

    A name begins and ends with a word that is not a function word, and holds none of one character;
    the title of a work may be any words: 《白日的方向》.
    """
    if not QUOTED.search(text.folded):
        return
    words = {at: at + len(word) for at, word in text.words}
    weak = {at for (at, _), is_weak in zip(text.words, text.functional, strict=True) if is_weak}
    for match in islice(QUOTED.finditer(text.folded), MAX_QUOTED):
        start, end = match.span(match.lastindex or 0)
        inside = [at for at in range(start, end) if at in words]
        if SENTENCE_MARK.search(text.folded, start, end) or not inside:
            continue
        edges = {inside[0], inside[-1]}
        is_name = not edges & weak and not any(at in weak and words[at] == at + 1 for at in inside)
        if is_name or text.folded[match.start()] in WORKS:
            yield start, end


@cache
def _place_endings() -> tuple[str, ...]:
    return tuple(folded_entries("place_suffixes"))


def is_title(name: str) -> bool:
    """Whether a folded name is an office and nothing more."""
    return name in folded_entries("titles")


def fits_any_story(name: str) -> bool:
    """Whether it is a word that says nothing about a story in particular, or an office.

    An office that is news itself is listed with the topics: 護理師.
    """
    is_office = is_title(name) and name not in folded_entries("topics")
    return name in folded_entries("generic_topics") or is_office


def kind_of(name: str) -> TagKind:
    """The kind a folded name shows by its ending: organisation, place, or else topic."""
    if ends_as_organisation(name):
        return "organisation"
    return "place" if ends_as_place(name) else "topic"


def ends_as_place(name: str) -> bool:
    """Whether it ends as the name of a place does, and is more than the ending."""
    places = _place_endings()
    return name.endswith(places) and name not in places
