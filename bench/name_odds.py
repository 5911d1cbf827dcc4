"""Make the tables by which names are told: `body_odds.txt`, `brand_odds.txt`, `person_odds.txt`.

Of every place in the tuning articles of the gold set where a name could stand: is it one that the
editor listed? Prints how well names are told in articles that were left out (five folds), then
writes the tables into the lexicon. What is kept aside is not read.

    python -m bench.name_odds
"""

from collections.abc import Callable

from bench.gold_set import GoldArticle, Half, read
from bench.odds import Case, fitted, left_out, write
from services.enrich import body_signs, brand_signs, person_readings, person_signs
from services.enrich.folding import fold
from services.enrich.named import Span, mentions_of
from services.enrich.surroundings import surroundings_of
from services.enrich.words import Text, read as read_text
from shared.article import TagKind

PARTS: tuple[Half, ...] = ("dev", "tune")
PENALTY = 1.0
COMMAND = "python -m bench.name_odds"


def bodies_of(one: GoldArticle) -> list[Case]:
    """What could be a body in an article."""
    text = read_text(one.article())
    named = _named(one, text, "organisation")
    found = [
        candidate
        for place, end in body_signs.endings_of(text)
        for candidate in body_signs.candidates_at(text, place, end)
    ]
    return [
        Case(one.uri, body_signs.signs_of(text, at), (at.start, at.end) in named) for at in found
    ]


def brands_of(one: GoldArticle) -> list[Case]:
    """What could be a body without an ending in an article, where nobody is named."""
    text = read_text(one.article())
    named = _named(one, text, "organisation")
    people = {at for span in _named(one, text, "person") for at in range(*span)}
    found = brand_signs.candidates_in(text, frozenset(people))
    return [
        Case(one.uri, brand_signs.signs_of(text, at, context), (at.start, at.end) in named)
        for at, context in found
    ]


def people_of(one: GoldArticle) -> list[Case]:
    """What could be a person in an article."""
    text = read_text(one.article())
    around = surroundings_of(text)
    named = _named(one, text, "person")
    places = person_readings.places_in(around)
    found = [reading for place in places for reading in person_readings.readings_at(around, place)]
    return [
        Case(one.uri, person_signs.signs_of(text, around, at), (at.start, at.end) in named)
        for at in found
    ]


def _named(one: GoldArticle, text: Text, kind: TagKind) -> set[Span]:
    """Where those of a kind stand that the editor named, each in its longest form."""
    names = [name for name in (*one.names, *one.tags) if name.type == kind]
    spellings = {fold(spelling) for name in names for spelling in name.spellings}
    named: set[Span] = set()
    taken: set[int] = set()
    for spelling in sorted(spellings, key=lambda name: (-len(name), name)):
        for span in mentions_of(text.folded, spelling):
            if taken.isdisjoint(range(*span)):
                taken.update(range(*span))
                named.add(span)
    return named


TABLES: tuple[tuple[str, Callable[[GoldArticle], list[Case]], str], ...] = (
    ("body_odds", bodies_of, "What speaks for the name of a body (`body_signs.py`)"),
    ("brand_odds", brands_of, "What speaks for a name without an ending (`brand_signs.py`)"),
    ("person_odds", people_of, "What speaks for the name of a person (`person_signs.py`)"),
)


def main() -> None:
    """Print what the folds say, and write the tables."""
    articles = [one for half in PARTS for one in read(half)]
    for table, cases_of, what in TABLES:
        cases = [case for one in articles for case in cases_of(one)]
        right, judged, names = left_out(cases, PENALTY)
        print(f"{table}: of articles left out {right} of {names} names found, ", end="")
        print(f"{right} of {judged} found are right")
        write(table, fitted(cases, PENALTY).signs, what, COMMAND)


if __name__ == "__main__":
    main()
