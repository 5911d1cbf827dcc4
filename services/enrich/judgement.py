"""RULE: how likely an editor is to choose a candidate as a tag, by what the text shows of it.

A chance between 0 and 1, by logistic regression over the signs below, one row of numbers for each
kind. The numbers are fitted to the editor's choices in `bench/gold/dev` and `bench/gold/tune` by
`python -m bench.tag_weights`, which prints this table anew.

People: who is in the headline or comes again is a tag, who is quoted once at the end is not.
Topics: early and often, with a listed word in them; hardly ever a verb or an adverb.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.enrich.words import Text
from shared.article import TagKind

LISTED, QUOTED, PHRASE, IN_VOCABULARY = "常見主題", "引號內", "詞組", "編輯詞彙"
NEAR_CHARS, FAR_CHARS = 60, 200
LEAD_CHARS = 250
"""A first paragraph that is longer is no lead."""
SHORT_CHARS, LONG_CHARS = 2, 5
WORKS = ("《", "〈")
"""The title of a work may be any words: they say nothing about it."""
FEW_WORDS = 2
SIGNS = (
    "always",
    "weight",
    "often",
    "again",
    "headline",
    "near",
    "far",
    "lead",
    "last paragraph",
    "listed",
    "quoted",
    "phrase",
    "begins with a verb",
    "begins with no noun",
    "short",
    "long",
    "many words",
    "within a longer one",
    "holds a listed one",
    "ends as a matter",
)
FITTED: dict[TagKind, tuple[float, ...]] = {
    "person": (
        -4.20,
        2.33,
        0.44,
        0.68,
        -0.03,
        0.73,
        -0.06,
        1.20,
        -1.35,
        0.00,
        0.00,
        0.00,
        -0.48,
        0.61,
        -0.39,
        0.09,
        0.70,
        0.00,
        0.00,
        0.00,
    ),
    "organisation": (
        -3.36,
        1.11,
        0.70,
        0.32,
        -0.44,
        1.60,
        1.32,
        -0.09,
        -1.15,
        0.00,
        -0.68,
        0.00,
        -1.10,
        -0.24,
        -0.25,
        0.08,
        0.03,
        0.00,
        0.00,
        0.00,
    ),
    "place": (
        -3.67,
        0.96,
        0.87,
        -0.19,
        0.79,
        0.42,
        0.86,
        0.95,
        -0.39,
        0.00,
        0.00,
        -1.27,
        0.61,
        -0.11,
        -1.13,
        -0.22,
        0.00,
        0.00,
        0.00,
        0.00,
    ),
    "topic": (
        -5.10,
        1.62,
        0.27,
        0.52,
        -0.51,
        0.41,
        1.01,
        0.82,
        -0.31,
        0.23,
        0.42,
        -1.05,
        -0.42,
        -1.35,
        -0.29,
        -0.56,
        -0.70,
        0.26,
        0.02,
        0.98,
    ),
}


class Candidate(NamedTuple):
    """A possible tag: where to read its name, its kind, its weight, and why it may be one.

    `first` is where it is first mentioned, short forms included.
    """

    start: int
    end: int
    first: int
    times: int
    kind: TagKind
    weight: float
    evidence: str
    within: float = 0.0
    """The share of its mentions that a longer candidate holds: 自行車 in 公共自行車."""
    holds: bool = False
    """Whether a listed topic is a part of it."""
    ends: bool = False
    """Whether it ends as the names of matters do: 北海影展."""


KINDS: tuple[TagKind, ...] = tuple(FITTED)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the lead of a text ends, and where its last paragraph begins."""

    head: int
    lead: int
    last: int


def layout_of(text: Text) -> Layout:
    """Find headline, lead and last paragraph."""
    body = text.head + 1
    first = text.folded.find("\n", body)
    end = len(text.folded) if first < 0 else first
    last = text.folded.rfind("\n", body)
    return Layout(text.head, min(end, body + LEAD_CHARS), len(text.folded) if last < 0 else last)


def signs_of(text: Text, layout: Layout, one: Candidate) -> tuple[float, ...]:
    """The signs of a candidate, in the order of `SIGNS`."""
    first = max(one.first - layout.head, 0)
    place = text.place_of(one.start)
    is_work = one.evidence == QUOTED and text.folded[one.start - 1 : one.start] in WORKS
    nature = "noun" if is_work else text.natures[place]
    words = 1 if is_work else text.place_of(one.end - 1) + 1 - place
    chars = SHORT_CHARS + 1 if is_work else one.end - one.start
    return (
        1.0,
        math.log(max(one.weight, 1e-3)),
        math.log(one.times),
        float(one.times > 1),
        float(one.first < layout.head),
        math.exp(-first / NEAR_CHARS),
        math.exp(-first / FAR_CHARS),
        float(one.first < layout.lead),
        float(one.first > layout.last),
        float(one.evidence in (LISTED, IN_VOCABULARY) or (one.holds and one.times > 1)),
        float(one.evidence == QUOTED),
        float(one.evidence == PHRASE),
        float(nature == "verb"),
        float(nature == "other"),
        float(chars <= SHORT_CHARS),
        float(chars >= LONG_CHARS),
        float(words > FEW_WORDS),
        one.within,
        float(one.holds),
        float(one.ends),
    )


def chances(text: Text, found: Sequence[Candidate]) -> list[float]:
    """How likely an editor is to choose each."""
    if not found:
        return []
    layout = layout_of(text)
    signs = np.array([signs_of(text, layout, one) for one in found])
    fitted = _table()[[KINDS.index(one.kind) for one in found]]
    likely: list[float] = (1 / (1 + np.exp(-(signs * fitted).sum(axis=1)))).tolist()
    return likely


@cache
def _table() -> NDArray[np.float64]:
    return np.array([FITTED[kind] for kind in KINDS])
