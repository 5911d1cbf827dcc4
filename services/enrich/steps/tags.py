"""What an article is about: three to eight tags, each with its kind, score and evidence.

The newsroom's own tags come first and stay as they are. To them are added people introduced by
their office, places of the gazetteer, quoted names, and the phrases of one to four words that the
text leans on: often, early, in the headline, and seldom elsewhere. The formula and its constants
were measured without labels; see `docs/decisions.md`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.enrich.corpus import Corpus
from services.enrich.gazetteer import places_in
from services.enrich.grams import grams_of
from services.enrich.names import People, occurrences, people_in
from services.enrich.phrases import end_of_name, is_title, kind_of, quoted_in
from services.enrich.step import Findings
from services.enrich.words import Numbers, Text, fold, key, read
from shared.article import Article, Tag, TagKind

after: tuple[str, ...] = ("language",)

FEWEST, MOST = 3, 8
CUT_OFF = 0.33
"""A tag beyond the fewest weighs at least this share of the heaviest."""
JUDGED = 40
HEADLINE_WEIGHT = 1.5
LEAD_WEIGHT, LEAD_CHARS = 0.3, 60
PERSON_WEIGHT, PLACE_WEIGHT, QUOTED_WEIGHT, PROPER_WEIGHT = 1.3, 1.0, 1.25, 1.3
NAMED_WEIGHT = 1.0
"""The least for organisations and places, whose names may be long."""
NEARLY = 0.8
HALF_SURE = 8.0
"""The weight that becomes a score of one half."""


@dataclass(frozen=True)
class Candidate:
    """A possible tag: its first span, how often it is named, its kind, and why it may be one."""

    start: int
    end: int
    count: int
    kind: TagKind
    weight: float
    evidence: str


def find(article: Article, corpus: Corpus) -> Findings:
    """Find tags. Those of the newsroom stay first; the most telling follow."""
    text = read(article)
    people = people_in(text, [author.name for author in article.authors])
    names = {p.name: list(occurrences(text.folded, p.name)) for p in people.named}
    hidden = _hidden(text, [*people.bylines, *(span for spans in names.values() for span in spans)])
    candidates = [*_people(people, names), *_places(text, hidden)]
    named = {key(text.folded[c.start : c.end]) for c in candidates}
    candidates += [*_quoted(text, hidden), *_phrases(text, hidden, corpus, named)]
    weights = _weigh(text, corpus, candidates)
    ranked = sorted(zip(-weights, range(len(candidates)), strict=True))
    found = [(candidates[place], -float(weight)) for weight, place in ranked]
    return {"tags": (*article.tags, *_chosen(text, article.tags, found))}


def _whole(
    text: Text, found: list[tuple[Candidate, float]]
) -> Iterator[tuple[Candidate, float]]:
    """Leave out a phrase where a longer one that holds it weighs nearly as much."""
    names = [text.folded[candidate.start : candidate.end] for candidate, _ in found]
    end = 0
    for name, (candidate, weight) in zip(names, found, strict=True):
        while end < len(found) and found[end][1] >= NEARLY * weight:
            end += 1
        if candidate.kind == "topic":
            holders = (other for other in names[:end] if name in other)
            if any(len(other) > len(name) for other in holders):
                continue
        yield candidate, weight


def _chosen(
    text: Text, given: tuple[Tag, ...], found: list[tuple[Candidate, float]]
) -> Iterator[Tag]:
    taken = [_identity(tag.name, tag.kind) for tag in given]
    heaviest = 0.0
    for candidate, weight in _whole(text, found):
        heaviest = heaviest or weight
        is_needed = len(taken) < FEWEST or weight >= CUT_OFF * heaviest
        if len(taken) >= MOST or not is_needed:
            return
        name = " ".join(text.surface[candidate.start : candidate.end].split())
        identity = _identity(name, candidate.kind)
        if not any(_clash(identity, other) for other in taken):
            taken.append(identity)
            yield Tag(
                name=name,
                kind=candidate.kind,
                score=round(weight / (weight + HALF_SURE), 3),
                evidence=_evidence(text, candidate),
                creator="wiredesk",
            )


def _identity(name: str, kind: TagKind) -> tuple[str, str, TagKind]:
    return key(name), fold(name), kind


def _clash(one: tuple[str, str, TagKind], other: tuple[str, str, TagKind]) -> bool:
    """Whether one is the other or a part of it; only a place may be a part of other names."""
    if one[0] == other[0]:
        return True
    is_place_within = one[2] != other[2] and "place" in (one[2], other[2])
    return not is_place_within and (one[1] in other[1] or other[1] in one[1])


def _evidence(text: Text, candidate: Candidate) -> str:
    where = "見於標題" if candidate.start < text.head else "見於內文"
    return f"{candidate.evidence}，{where}，共 {candidate.count} 次"


def _hidden(text: Text, spans: Sequence[tuple[int, int]]) -> Numbers:
    """How many characters before each place belong to names and bylines."""
    flags = np.zeros(len(text.surface) + 1, np.int64)
    for start, end in spans:
        flags[start + 1 : end + 1] = 1
    return np.cumsum(flags)


def _people(people: People, names: dict[str, list[tuple[int, int]]]) -> Iterator[Candidate]:
    for person in people.named:
        spans = names[person.name]
        why = f"人名，職稱「{person.title}」"
        yield Candidate(*spans[0], len(spans), "person", PERSON_WEIGHT, why)


def _places(text: Text, hidden: Numbers) -> Iterator[Candidate]:
    for place in places_in(text):
        if hidden[place.end] == hidden[place.start]:
            yield Candidate(place.start, place.end, place.count, "place", PLACE_WEIGHT, "地名")


def _quoted(text: Text, hidden: Numbers) -> Iterator[Candidate]:
    for start, end in quoted_in(text):
        name = text.folded[start:end]
        if hidden[end] == hidden[start]:
            count = text.folded.count(name)
            yield Candidate(start, end, count, kind_of(name), QUOTED_WEIGHT, "引號內")


def _phrases(text: Text, hidden: Numbers, corpus: Corpus, named: set[str]) -> Iterator[Candidate]:
    grams = grams_of(text)
    free = np.flatnonzero(hidden[grams.ends] == hidden[grams.starts])
    shape = grams.weights[free]
    weights = shape * _salience(
        text, corpus, grams.starts[free], grams.ends[free], grams.counts[free]
    )
    for place in np.argsort(-weights, kind="stable")[:JUDGED]:
        start, end = int(grams.starts[free[place]]), int(grams.ends[free[place]])
        name = text.folded[start:end]
        if is_title(name) or key(name) in named:
            continue
        end = end_of_name(text.folded, end)
        kind = kind_of(text.folded[start:end])
        fit = float(shape[place]) if kind == "topic" else max(float(shape[place]), NAMED_WEIGHT)
        weight = fit * (PROPER_WEIGHT if _is_proper(text, start, end) else 1.0)
        yield Candidate(start, end, int(grams.counts[free[place]]), kind, weight, "詞組")


def _is_proper(text: Text, start: int, end: int) -> bool:
    """Whether it is written with a capital inside a sentence, as names are in spaced scripts."""
    if not text.surface[start].isupper() or text.ideographic[start:end].any():
        return False
    before = text.surface[max(start - 2, 0) : start]
    return bool(before) and before[-1] == " " and before[0].isalnum()


def _weigh(text: Text, corpus: Corpus, candidates: list[Candidate]) -> NDArray[np.float64]:
    starts, ends, counts = (
        np.array([getattr(c, field) for c in candidates], np.int64)
        for field in ("start", "end", "count")
    )
    weights = np.array([candidate.weight for candidate in candidates])
    return weights * _salience(text, corpus, starts, ends, counts)


def _salience(
    text: Text, corpus: Corpus, starts: Numbers, ends: Numbers, counts: Numbers
) -> NDArray[np.float64]:
    """How much the text leans on each span: often, early, in the headline, seldom elsewhere."""
    in_headline = starts < text.head
    first = np.where(in_headline, 0, starts - text.head)
    early = 1 + LEAD_WEIGHT * np.exp(-first / LEAD_CHARS)
    telling = np.log1p(counts) * corpus.idf(text.hashes(starts, ends))
    weighed: NDArray[np.float64] = telling * early * np.where(in_headline, HEADLINE_WEIGHT, 1.0)
    return weighed
