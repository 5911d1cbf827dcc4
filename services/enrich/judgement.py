"""RULE: how likely an editor is to choose a candidate as a tag, by what the text shows of it.

A chance between 0 and 1, by logistic regression over the signs below, one row of numbers for each
kind, and over its words (`wording.py`). All are fitted together to the editors' choices in
`bench/gold/dev` and `tune` by `python -m bench.tag_weights`, which prints this table anew.

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

from services.enrich.wording import odds_of, wording_of
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
        -4.17,
        0.18,
        2.19,
        0.38,
        -2.37,
        -0.31,
        5.32,
        -0.10,
        -1.28,
        0.00,
        0.00,
        0.00,
        -0.71,
        -0.33,
        -0.27,
        -0.31,
        0.06,
        0.00,
        0.00,
        0.00,
    ),
    "organisation": (
        -3.96,
        -0.00,
        0.19,
        1.34,
        -0.77,
        0.09,
        5.07,
        -0.43,
        -0.67,
        0.00,
        -0.51,
        0.00,
        -0.01,
        0.14,
        -0.02,
        -0.15,
        0.10,
        0.00,
        0.00,
        0.00,
    ),
    "place": (
        -5.83,
        1.24,
        0.95,
        -0.18,
        0.48,
        0.75,
        1.74,
        0.84,
        -0.47,
        0.55,
        1.50,
        -0.12,
        0.03,
        0.14,
        -0.91,
        -0.11,
        -0.43,
        0.00,
        0.00,
        0.00,
    ),
    "topic": (
        -3.75,
        1.21,
        0.91,
        0.66,
        -0.77,
        0.95,
        1.25,
        0.18,
        0.13,
        -0.31,
        -0.32,
        -1.88,
        -0.19,
        -1.04,
        -0.45,
        -0.34,
        -0.77,
        0.43,
        0.31,
        0.80,
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
    worded = [odds_of(wording_of(text, one.start, one.end, one.kind)) for one in found]
    likely: list[float] = (1 / (1 + np.exp(-(signs * fitted).sum(axis=1) - worded))).tolist()
    return likely


@cache
def _table() -> NDArray[np.float64]:
    return np.array([FITTED[kind] for kind in KINDS])
