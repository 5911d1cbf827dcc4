"""What could be a tag of an article, and how much the text leans on each.

Names come in one piece (`names.py`), then quoted names, then phrases (`topics.py`). A candidate
weighs more when it is said often, early, in the headline, and seldom in other articles; the formula
and its constants were measured without labels, see `docs/decisions.md`.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.corpus import Corpus
from services.enrich.folding import folded_entries, key_of_folded
from services.enrich.judgement import LISTED, PHRASE, QUOTED, Candidate, chances
from services.enrich.matters import is_named_matter, latin_of
from services.enrich.named import Named
from services.enrich.names import Names
from services.enrich.phrases import ends_as_place, fits_any_story, kind_of, quoted_in
from services.enrich.pieces import whole_names, without_pieces
from services.enrich.topics import topics_of
from services.enrich.words import Hashes, Numbers, Text
from shared.article import TagKind

JUDGED, COMPARED = 16, 40
SHORTEST = 2
LINE = "线"
HEADLINE_WEIGHT, NAMES_HEADLINE_WEIGHT = 1.5, 1.15
"""A name in a headline is mostly in the text too, and counted there."""
LEAD_WEIGHT, LEAD_CHARS = 0.3, 60
DAMPING = 0.8
"""The power that how often and how seldom are raised to: the tenth mention says little."""
COMMON_DAMPING = 0.2
KNOWN_WEIGHT, MOST_KNOWN = 0.4, 2.0
"""Names that the archive has written about before weigh up to 1.8 times as much."""
QUOTED_WEIGHT, LISTED_WEIGHT, PROPER_WEIGHT = 1.25, 1.25, 1.3
NAMED_WEIGHT = 1.0
"""The least for organisations and places, whose names may be long."""


def candidates_of(text: Text, names: Names, corpus: Corpus) -> list[Candidate]:
    """All candidates of a text, the likeliest first; their weight is the chance to be a tag."""
    raw = raw_candidates_of(text, names, corpus)
    likely = zip(raw, chances(text, raw), strict=True)
    judged = [one._replace(weight=chance) for one, chance in likely]
    return sorted(judged, key=lambda one: (-one.weight, one.start, one.end))


def raw_candidates_of(text: Text, names: Names, corpus: Corpus) -> list[Candidate]:
    """All candidates of a text, by how much it leans on each, the most first."""
    quoted = list(_quoted(text, names))
    named = (*names.named, *quoted)
    found = [*_named(text, list(whole_names(named)), corpus), *_phrases(text, named, names, corpus)]
    found = list(without_pieces(text, found, named))
    found.sort(key=lambda one: (-one.weight, one.start, one.end))
    return list(_related(text, found[:COMPARED]))


def _related(text: Text, found: Sequence[Candidate]) -> Iterator[Candidate]:
    """Tell of each candidate whether it is a part of a longer one, and what it holds."""
    names = [text.folded[one.start : one.end] for one in found]
    lines = [name for name in names if name.endswith(LINE)]
    listed = [name for name, one in zip(names, found, strict=True) if one.evidence == LISTED]
    together = "\n".join(names)
    latin = {begin for name in listed if (begin := latin_of(name))}
    for name, one in zip(names, found, strict=True):
        if one.kind != "topic":
            yield one
            continue
        ends = len(name) > SHORTEST and name.endswith(_matters())
        others = zip(names, found, strict=True) if together.count(name) > 1 else ()
        longer = [
            other.times
            for around, other in others
            if name in around and around != name and not _is_said_of(around, name)
        ]
        within = min(max(longer, default=0) / one.times, 1.0)
        is_piece = within == 1.0 and one.times > 1
        is_piece |= name in latin
        if is_piece or any(_is_said_of(name, part) for part in lines):
            continue
        holds = any(topic in name and topic != name for topic in listed)
        yield one._replace(within=within, holds=holds, ends=ends)


def _is_said_of(longer: str, name: str) -> bool:
    """Whether a topic stands before the name of a line that is whole without it: 捷運|萬大線."""
    is_line = name.endswith(LINE) and longer != name and longer.endswith(name)
    return is_line and longer.removesuffix(name) in folded_entries("topics")


@cache
def _matters() -> tuple[str, ...]:
    return tuple(folded_entries("topic_suffixes"))


def _quoted(text: Text, names: Names) -> Iterator[Named]:
    """Quoted names that hold no person, nor a part of a name."""
    named = {one.name for one in names.named}
    cuts = {at for one in names.named for s, e in one.mentions for at in range(s + 1, e)}
    apart = {at for s, e in names.bylines for at in range(s, e)}
    people = {
        at
        for one in names.named
        if one.kind == "person"
        for s, e in one.mentions
        for at in range(s, e)
    }
    seen: set[str] = set()
    for start, end in quoted_in(text):
        name = text.folded[start:end]
        is_apart = not (apart | people).isdisjoint(range(start, end))
        if name in named or name in seen or is_apart or start in cuts or end in cuts:
            continue
        seen.add(name)
        count = min(text.times(name), 50)
        yield Named(name, kind_of(name), ((start, end),) * count, QUOTED)


def _named(text: Text, named: Sequence[Named], corpus: Corpus) -> Iterator[Candidate]:
    spans = [one.span for one in named]
    firsts = np.array([one.mentions[0][0] for one in named], np.int64)
    starts, ends = (
        (np.array(column, np.int64).reshape(-1) for column in zip(*spans, strict=True))
        if spans
        else (firsts, firsts)
    )
    counts = np.array([len(one.mentions) for one in named], np.int64)
    hashes = text.hashes(starts, ends)
    leaning = salience(text, corpus, firsts, hashes, counts, NAMES_HEADLINE_WEIGHT)
    before = np.minimum(np.log1p(corpus.seen_before(hashes)), MOST_KNOWN)
    leaning = leaning * (1 + KNOWN_WEIGHT * before)
    for one, (start, end), count, weight in zip(named, spans, counts, leaning, strict=True):
        factor = QUOTED_WEIGHT if one.evidence == QUOTED else 1.0
        first = one.mentions[0][0]
        weighed = float(weight) * factor
        yield Candidate(start, end, first, int(count), one.kind, weighed, one.evidence)


def _phrases(
    text: Text, pieces: Sequence[Named], names: Names, corpus: Corpus
) -> Iterator[Candidate]:
    grams = topics_of(text, pieces, names.bylines)
    leaning = salience(text, corpus, grams.starts, grams.hashes, grams.counts, HEADLINE_WEIGHT)
    leaning *= (1 + corpus.expected(grams.hashes)) ** -COMMON_DAMPING
    weights = grams.weights * leaning
    named = {key_of_folded(one.name) for one in pieces}
    people = [one.name for one in names.named if one.kind == "person"]
    listed = folded_entries("topics")
    best = np.argsort(-weights, kind="stable")[:JUDGED]
    for place in best.tolist():
        start, end = int(grams.starts[place]), int(grams.ends[place])
        name = text.folded[start:end]
        if (
            fits_any_story(name)
            or key_of_folded(name) in named
            or any(name in one for one in people)
        ):
            continue
        kind: TagKind = "place" if ends_as_place(name) else "topic"
        shape = float(grams.weights[place])
        if kind != "topic":
            shape = max(shape, NAMED_WEIGHT)
        is_listed = name in listed or is_named_matter(text, start, end)
        if is_listed:
            shape = LISTED_WEIGHT
        if _is_proper(text, start, end):
            shape *= PROPER_WEIGHT
        why = LISTED if is_listed else PHRASE
        yield Candidate(
            start, end, start, int(grams.counts[place]), kind, shape * float(leaning[place]), why
        )


def _is_proper(text: Text, start: int, end: int) -> bool:
    """Whether it is written with a capital inside a sentence, as names are in spaced scripts."""
    if not text.surface[start].isupper() or text.ideographic[start:end].any():
        return False
    before = text.surface[max(start - 2, 0) : start]
    return bool(before) and before[-1] == " " and before[0].isalnum()


def salience(
    text: Text,
    corpus: Corpus,
    firsts: Numbers,
    hashes: Hashes,
    counts: Numbers,
    headline_weight: float,
) -> NDArray[np.float64]:
    """How much the text leans on each: often, early, in the headline, seldom elsewhere."""
    in_headline = firsts < text.head
    first = np.where(in_headline, 0, firsts - text.head)
    early = 1 + LEAD_WEIGHT * np.exp(-first / LEAD_CHARS)
    telling = (np.log1p(counts) * corpus.idf(hashes)) ** DAMPING
    weighed: NDArray[np.float64] = telling * early * np.where(in_headline, headline_weight, 1.0)
    return weighed
