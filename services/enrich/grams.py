"""What a text may be about: every run of one to four words, counted.

The runs, their limits and the weight of their lengths were measured on keyphrases of Chinese
abstracts; see `docs/decisions.md`. The weights of spaced scripts are a judgement.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.words import Flags, Hashes, Numbers, Text

Weights = NDArray[np.float64]

MAX_WORDS = 4
MAX_SPACED_WORDS = 3
MIN_CHARS, MAX_CHARS, MAX_SPACED_CHARS = 2, 12, 40
CHARS_WEIGHT = np.array([0, 0, 0.6, 0.8, 1, 1, 1, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7])
WORDS_WEIGHT = np.array([0, 1, 1, 0.8, 0.6])
SPACED_WEIGHT = np.array([0, 1, 1.3, 1.1, 0])
SPACE = 0x20


@dataclass(frozen=True, eq=False)
class Runs:
    """Every run of words that could be a name of something, as often as it stands there.

    `firsts` and `lasts` are the places of its first and last word.
    """

    hashes: Hashes
    starts: Numbers
    ends: Numbers
    firsts: Numbers
    lasts: Numbers
    weights: Weights

    def kept(self, which: Flags) -> "Runs":
        """Some of them."""
        return Runs(*(getattr(self, field.name)[which] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Grams:
    """Distinct runs: number, first span, times found, how many words, weight of their length."""

    hashes: Hashes
    starts: Numbers
    ends: Numbers
    counts: Numbers
    words: Numbers
    weights: Weights


def grams_of(text: Text) -> Grams:
    """The distinct runs of a text."""
    return distinct(runs_of(text))


def distinct(runs: Runs) -> Grams:
    """Count equal runs."""
    hashes, first, counts = np.unique(runs.hashes, return_index=True, return_counts=True)
    words = runs.lasts[first] - runs.firsts[first] + 1
    return Grams(hashes, runs.starts[first], runs.ends[first], counts, words, runs.weights[first])


@lru_cache(maxsize=8)
def runs_of(text: Text) -> Runs:
    """Every run of words that could be a name of something, in order."""
    size = len(text.starts)
    if not size:
        return Runs(np.zeros(0, np.uint64), *(np.zeros(0, np.int64),) * 4, np.zeros(0))
    firsts = np.repeat(np.arange(size), MAX_WORDS)
    lasts = firsts + np.tile(np.arange(MAX_WORDS), size)
    inside = lasts < size
    firsts, lasts = firsts[inside], lasts[inside]
    spaced = ~text.ideographic[text.starts]
    fits, is_spaced, chars = _fitting(text, spaced, firsts, lasts)
    firsts, lasts, chars = firsts[fits], lasts[fits], chars[fits]
    starts, ends, words = text.starts[firsts], text.ends[lasts], lasts - firsts + 1
    by_chars = CHARS_WEIGHT[np.minimum(chars, MAX_CHARS)] * WORDS_WEIGHT[words]
    weights = np.where(is_spaced[fits], SPACED_WEIGHT[words], by_chars)
    return Runs(text.hashes(starts, ends), starts, ends, firsts, lasts, weights)


def _fitting(
    text: Text, spaced: Flags, firsts: Numbers, lasts: Numbers
) -> tuple[Flags, Flags, Numbers]:
    """Which runs could be a name, which are of a spaced script only, and their lengths."""
    piece = _pieces(text, spaced)
    single = text.functional & (text.ends - text.starts == 1)
    singles = np.concatenate(([0], np.cumsum(single)))
    latin = np.concatenate(([0], np.cumsum(spaced)))
    words = lasts - firsts + 1
    chars = text.ends[lasts] - text.starts[firsts]
    is_spaced = latin[lasts + 1] - latin[firsts] == words
    fits = (chars <= MAX_CHARS) | (is_spaced & (chars <= MAX_SPACED_CHARS))
    fits &= (chars >= MIN_CHARS) & (piece[firsts] == piece[lasts])
    fits &= ~text.functional[firsts] & ~text.functional[lasts]
    fits &= singles[lasts + 1] == singles[firsts]
    fits &= ~is_spaced | (words <= MAX_SPACED_WORDS)
    return fits, is_spaced, chars


def _pieces(text: Text, spaced: Flags) -> Numbers:
    """Number the pieces no run may cross: words that touch, or spaced words one space apart."""
    gap = text.starts[1:] - text.ends[:-1]
    space = text.codes[text.ends[:-1]] == SPACE
    joined = (gap == 0) | ((gap == 1) & space & spaced[1:] & spaced[:-1])
    return np.concatenate(([0], np.cumsum(~joined)))[: len(text.starts)]
