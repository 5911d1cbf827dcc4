"""Organisations in a text: those of a list, and those whose names end as such names do.

From the ending the name is followed to the left, word by word, until a word that no name holds: a
verb, a function word, an office, a person. 花蓮縣議會 that is 縣議會 later on is one organisation,
and so is 島嶼行動聯盟 that is 島盟.
"""

from collections.abc import Iterator

from services.enrich.associations import start_of_association
from services.enrich.brands import brands_in
from services.enrich.folding import folded_entries, function_words
from services.enrich.kinds import behind_kinds_in
from services.enrich.localities import without_place
from services.enrich.name_grammar import start_of_listed, start_of_name
from services.enrich.named import Named, Span, all_mentions, mentions_of
from services.enrich.offices import offices_in
from services.enrich.organisation_signs import (
    HEADED,
    is_agency,
    is_firm,
    is_name,
    names_something,
)
from services.enrich.own_names import start_of_own, with_first
from services.enrich.parties import parties_in
from services.enrich.short_forms import shortened_in, tails_of
from services.enrich.suffixes import (
    MIN_BEFORE_SHORT_ENDING,
    ending_of,
    ends_as_organisation,
    last_characters,
    loose_endings,
)
from services.enrich.words import Text

MAX_ORGANISATIONS = 40
FEW = 2
BEFORE_OFFICES = ("前", "副", "现", "新", "老")


def organisations_in(text: Text, taken: frozenset[int]) -> tuple[Named, ...]:
    """Find organisations outside the `taken` places, which belong to people and bylines."""
    found: dict[str, str] = {}
    for name, why in _ended(text, taken):
        found.setdefault(name, why)
        if len(found) >= MAX_ORGANISATIONS:
            break
    for name in parties_in(text, taken):
        found.setdefault(name, "結尾")
    for (start, end), why in (*_behind_kinds(text, taken), *brands_in(text, taken)):
        name = text.folded[start:end]
        is_of_a_person = any(at in taken for at, _ in mentions_of(text.folded, name))
        if not is_of_a_person and not any(name in other for other in found):
            found[name] = why
    names = list(found)[:MAX_ORGANISATIONS]
    short = {name for name in names if _is_short_form(name, names)}
    named = (_named(text, name, short, found[name]) for name in names if name not in short)
    return tuple(one for one in named if one.mentions)


def _behind_kinds(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    yield from ((span, f"前接「{kind}」") for span, kind in behind_kinds_in(text, taken))


def _ended(text: Text, taken: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Yield names by their ending or a list, and which of both; the headed ones too."""
    listed, lasts, headed = folded_entries("organisations"), last_characters(), _headed(text)
    ends = {word for word in text.distinct if word[-1] in lasts and ending_of(word) != "none"}
    loose = loose_endings() & text.distinct
    likely = ends | loose | (listed & text.distinct)
    for place, (at, word) in enumerate(text.words):
        if (word not in likely and at not in headed) or at in taken:
            continue
        end = headed.get(at, at + len(word))
        is_listed = word in listed and at not in headed
        start = _start(text, place, taken, is_listed=is_listed)
        name = text.folded[start:end]
        if at in headed:
            if end - start > MIN_BEFORE_SHORT_ENDING:
                yield name, "結尾"
        elif is_listed:
            yield name, "名單"
        elif why := _why(text, place, start):
            yield name, why


def _why(text: Text, place: int, start: int) -> str:
    """Why the words from `start` to the word at this place are a name; nothing if they are none."""
    at, word = text.words[place]
    end = at + len(word)
    name = text.folded[start:end]
    if names_something(text, end):
        return ""
    if is_agency(name):
        return "機關"
    if _may_end_here(text, place) and ends_as_organisation(name):
        return "結尾" if is_name(text, start, end, place) else ""
    return "結尾" if word in loose_endings() and is_firm(text, start, end, place) else ""


def _headed(text: Text) -> dict[int, int]:
    """Where the last word of an organisation begins that its head gives away, and where it ends.

    衛福|部長 and 經濟部長 speak of 衛福部 and 經濟部.
    """
    found: dict[int, int] = {}
    for at, _ in offices_in(text):
        if text.folded[at + 1 : at + 2] != "长" or text.folded[at] not in HEADED:
            continue
        place = text.place_of(at)
        if place > 0 and text.words[place][0] == at and _touches(text, place):
            place -= 1
        if text.folded[at - 1] in BEFORE_OFFICES:
            continue
        if text.folded[at - 1] == text.folded[at]:
            if place >= 0 and text.words[place][0] < at:
                found[text.words[place][0]] = at
            continue
        if place >= 0 and text.words[place][0] < at:
            found[text.words[place][0]] = at + 1
    return found


def _touches(text: Text, place: int) -> bool:
    """Whether the word before begins where this one ends, without a mark between."""
    at, word = text.words[place - 1]
    return at + len(word) == text.words[place][0]


def _may_end_here(text: Text, place: int) -> bool:
    at, word = text.words[place]
    ending = ending_of(word)
    if ending != "short" or word in folded_entries("whole_endings"):
        return ending != "none"
    if len(word) == MIN_BEFORE_SHORT_ENDING:
        return False
    after = text.words[place + 1] if place + 1 < len(text.words) else (-1, "")
    return after[0] != at + len(word) or len(after[1]) > 1 or after[1] in function_words()


def _start(text: Text, place: int, taken: frozenset[int], *, is_listed: bool) -> int:
    """Where the name begins that ends with the word at this place."""
    at, word = text.words[place]
    end = at + len(word)
    if is_listed:
        whole = start_of_association(text, place, taken)
        return start_of_listed(text, place) if whole is None else whole
    if len(word) == 1 and place and text.words[place - 1][1][0].isnumeric():
        return at
    start = start_of_name(text, place, taken)
    whole = start_of_association(text, place, taken)
    if whole is not None and whole < start:
        return without_place(text, whole, end)
    if at - start < FEW:
        bounded = start_of_own(text, place, taken)
        start = start if bounded is None else min(start, bounded)
    return without_place(text, with_first(text, start), end)


def _is_short_form(name: str, names: list[str]) -> bool:
    """Whether it is the tail of a longer name: 縣議會 beside 花蓮縣議會."""
    is_listed = name in folded_entries("organisations")
    return not is_listed and any(other != name and other.endswith(name) for other in names)


def _named(text: Text, name: str, short: set[str], why: str) -> Named:
    tails = [other for other in short if name.endswith(other)]
    shorter = tuple(dict.fromkeys((*tails, *tails_of(name), *shortened_in(text.folded, name))))
    mentions = all_mentions(text.folded, name, shorter)
    spoken_of = tuple(span for span in mentions if not names_something(text, span[1]))
    return Named(name, "organisation", spoken_of, f"機構，{why}")
