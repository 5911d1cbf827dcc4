"""Organisations in a text: by their ending and what stands around, by what they do, by their kind.

花蓮縣議會 that is 縣議會 later on is one organisation, and so is 島嶼行動聯盟 that is 島盟.
"""

from collections.abc import Mapping

from services.enrich.body_signs import names_something
from services.enrich.brands import brands_in
from services.enrich.folding import folded_entries
from services.enrich.likely_bodies import likely_bodies_in
from services.enrich.likely_brands import likely_brands_in
from services.enrich.named import Named, all_mentions, mentions_of
from services.enrich.parties import parties_in
from services.enrich.short_forms import shortened_in, tails_of
from services.enrich.words import Text

MAX_ORGANISATIONS = 40


def organisations_in(text: Text, taken: frozenset[int]) -> tuple[Named, ...]:
    """Find organisations outside the `taken` places, which belong to people and bylines."""
    found: dict[str, str] = {}
    for (start, end), why in likely_bodies_in(text, taken):
        found.setdefault(text.folded[start:end], why)
    for name in parties_in(text, taken):
        found.setdefault(name, "結尾")
    for (start, end), why in brands_in(text, taken):
        name = text.folded[start:end]
        is_of_a_person = any(at in taken for at, _ in mentions_of(text.folded, name))
        if not is_of_a_person and not any(name in other for other in found):
            found[name] = why
    named = _all_named(text, found)
    mentioned = (at for one in named for span in one.mentions for at in range(*span))
    brands = likely_brands_in(text, taken.union(mentioned))
    others = {text.folded[start:end]: why for (start, end), why in brands}
    return (*named, *_all_named(text, others))


def _all_named(text: Text, found: Mapping[str, str]) -> list[Named]:
    """The names with their mentions, short forms of each other left out."""
    names = list(found)[:MAX_ORGANISATIONS]
    short = {name for name in names if _is_short_form(name, names)}
    named = (_named(text, name, short, found[name]) for name in names if name not in short)
    return [one for one in named if one.mentions]


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
