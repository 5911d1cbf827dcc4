"""What could be a tag of an article, and how much the text leans on each.

Names come in one piece (`names.py`), then quoted names, then phrases (`topics.py`). A candidate
weighs more when it is said often, early, in the headline, and seldom in other articles; the formula
and its constants were measured without labels, see `docs/decisions.md`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.enrich.corpus import Corpus
from services.enrich.folding import folded_entries, key_of_folded
from services.enrich.named import Named
from services.enrich.names import Names
from services.enrich.phrases import fits_any_story, kind_of, quoted_in
from services.enrich.topics import topics_of
from services.enrich.words import Hashes, Numbers, Text
from shared.article import TagKind

JUDGED = 24
HEADLINE_WEIGHT, NAMES_HEADLINE_WEIGHT = 1.5, 1.15
"""A name in a headline is mostly in the text too, and counted there."""
LEAD_WEIGHT, LEAD_CHARS = 0.3, 60
DAMPING = 0.8
"""The power that how often and how seldom are raised to: the tenth mention says little."""
COMMON_DAMPING = 0.2
KNOWN_WEIGHT, MOST_KNOWN = 0.4, 2.0
"""Names that the archive has written about before weigh up to 1.8 times as much."""
KIND_WEIGHT: dict[TagKind, float] = {
    "person": 1.6,
    "organisation": 1.3,
    "place": 1.0,
    "topic": 1.0,
}
QUOTED_WEIGHT, LISTED_WEIGHT, PROPER_WEIGHT = 1.25, 1.25, 1.3
NAMED_WEIGHT = 1.0
"""The least for organisations and places, whose names may be long."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible tag: where to read its name, its kind, its weight, and why it may be one."""

    start: int
    end: int
    count: int
    kind: TagKind
    weight: float
    evidence: str


def candidates_of(text: Text, names: Names, corpus: Corpus) -> list[Candidate]:
    """All candidates of a text, the weightiest first."""
    quoted = list(_quoted(text, names))
    pieces = (*names.named, *quoted)
    found = [*_named(text, pieces, corpus), *_phrases(text, pieces, names, corpus)]
    return sorted(found, key=lambda one: (-one.weight, one.start, one.end))


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
        count = min(text.folded.count(name), 50)
        yield Named(name, kind_of(name), ((start, end),) * count, "引號內")


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
        factor = QUOTED_WEIGHT if one.evidence == "引號內" else KIND_WEIGHT[one.kind]
        yield Candidate(start, end, int(count), one.kind, float(weight) * factor, one.evidence)


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
        kind = kind_of(name)
        shape = float(grams.weights[place])
        if kind != "topic":
            shape = max(shape, NAMED_WEIGHT)
        if name in listed:
            shape = LISTED_WEIGHT
        if _is_proper(text, start, end):
            shape *= PROPER_WEIGHT
        why = "常見主題" if name in listed else "詞組"
        yield Candidate(
            start, end, int(grams.counts[place]), kind, shape * float(leaning[place]), why
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
