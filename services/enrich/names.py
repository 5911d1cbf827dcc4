"""All the names of a text, each in one piece: people, organisations, places.

Found in this order, because a name that is part of another is none: 林靜宜 is no place, and 花蓮 in
花蓮縣議會 is not spoken of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from services.enrich.corpus import Corpus
from services.enrich.folding import fold
from services.enrich.gazetteer import places_in
from services.enrich.grams import runs_of
from services.enrich.named import Named, Span
from services.enrich.organisations import organisations_in
from services.enrich.people import people_in, writers_of
from services.enrich.storms import storms_in
from services.enrich.teams import teams_in
from services.enrich.vocabulary import Vocabulary
from services.enrich.vocabulary_terms import named_in
from services.enrich.words import Text, hashes_of
from shared.article import Article


@dataclass(frozen=True)
class Names:
    """What a text names, and the spans that are bylines and credits."""

    named: tuple[Named, ...]
    bylines: tuple[Span, ...]


def names_of(article: Article, text: Text, corpus: Corpus) -> Names:
    """The names of an article, without those who wrote it."""
    found = _names(text, tuple(author.name for author in article.authors), article.byline)
    found = _without_known_bodies(article.uri, found, corpus)
    found = _with_terms(text, found, corpus.vocabulary)
    remembered = list(_remembered(article.uri, text, found, corpus))
    return Names((*_outside(remembered, found.named), *remembered), found.bylines)


def _without_known_bodies(uri: str, found: Names, corpus: Corpus) -> Names:
    """Leave out people that past articles know as organisations: 嶽晶, of 嶽晶科技."""
    people = [one.name for one in found.named if one.kind == "person"]
    numbers = hashes_of(people) if people else np.zeros(0, np.uint64)
    kinds = corpus.roster.kinds(numbers, uri)
    bodies = {
        name
        for name, number in zip(people, numbers.tolist(), strict=True)
        if kinds.get(number) == "organisation"
    }
    kept = tuple(one for one in found.named if one.name not in bodies)
    return Names(kept, found.bylines) if bodies else found


def _with_terms(text: Text, found: Names, vocabulary: Vocabulary) -> Names:
    """The names that the editors know before those that rules find."""
    if not vocabulary.term:
        return found
    longer = [span for one in found.named for span in one.mentions]
    terms = list(named_in(text, vocabulary, (*found.bylines, *longer)))
    return Names((*terms, *_outside(terms, found.named)), found.bylines)


def _outside(others: Iterable[Named], named: Iterable[Named]) -> list[Named]:
    """The names that do not always begin inside of others."""
    cut = _places(span for one in others for span in one.mentions)
    return [one for one in named if any(at not in cut for at, _ in one.mentions)]


def _remembered(uri: str, text: Text, found: Names, corpus: Corpus) -> Iterator[Named]:
    """Names that only past articles tell, outside of those that the text itself tells."""
    runs = runs_of(text)
    kinds = corpus.roster.kinds(np.unique(runs.hashes), uri)
    if not kinds:
        return
    names = (one for one in found.named if one.kind != "place")
    taken = _places((*found.bylines, *(span for one in names for span in one.mentions)))
    spans: dict[str, list[Span]] = {}
    hits = np.flatnonzero(np.isin(runs.hashes, np.array(list(kinds), np.uint64)))
    for hit in sorted(hits.tolist(), key=lambda at: int(runs.starts[at] - runs.ends[at])):
        span = int(runs.starts[hit]), int(runs.ends[hit])
        if taken.isdisjoint(range(*span)):
            taken |= _places([span])
            spans.setdefault(text.folded[slice(*span)], []).append(span)
    for name, mentions in spans.items():
        kind = kinds[int(hashes_of([name])[0])]
        yield Named(name, kind, tuple(sorted(mentions)), "名稱，見於先前的報導")


@lru_cache(maxsize=8)
def _names(text: Text, authors: tuple[str, ...], byline: str) -> Names:
    people = people_in(text, (*map(fold, authors), *writers_of(byline)))
    taken = _places(people.bylines) | _places(span for one in people.named for span in one.mentions)
    storms = tuple(storms_in(text))
    stormy = _places(span for one in storms for span in one.mentions)
    bodies = (one for one in organisations_in(text, taken) if one.mentions[0][0] not in stormy)
    organisations = (*storms, *teams_in(text), *bodies)
    named_after = _places(span for one in organisations for span in one.mentions)
    taken |= named_after
    alive = [one for one in people.named if any(at not in named_after for at, _ in one.mentions)]
    return Names((*alive, *organisations, *places_in(text, taken)), people.bylines)


def _places(spans: Iterable[Span]) -> frozenset[int]:
    return frozenset(at for span in spans for at in range(*span))
