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
    columns = [np.concatenate(parts) for parts in zip(*_runs(text), strict=True)]
    order = np.argsort(columns[0], kind="stable")
    starts, ends, firsts, lasts, weights = (column[order] for column in columns)
    return Runs(text.hashes(starts, ends), starts, ends, firsts, lasts, weights)


def _runs(text: Text) -> list[tuple[Numbers, Numbers, Numbers, Numbers, Weights]]:
    spaced = ~text.ideographic[text.starts] if len(text.starts) else np.zeros(0, bool)
    piece = _pieces(text, spaced)
    single = text.functional & (text.ends - text.starts == 1)
    inside = np.concatenate(([0], np.cumsum(single)))
    latin = np.concatenate(([0], np.cumsum(spaced)))
    found = []
    for n in range(1, MAX_WORDS + 1):
        count = max(len(text.starts) - n + 1, 0)
        last = slice(n - 1, n - 1 + count)
        starts, ends = text.starts[:count], text.ends[last]
        chars = ends - starts
        is_spaced = latin[n : n + count] - latin[:count] == n
        fits = (chars <= MAX_CHARS) | (is_spaced & (chars <= MAX_SPACED_CHARS))
        fits &= (chars >= MIN_CHARS) & (piece[:count] == piece[last])
        fits &= ~text.functional[:count] & ~text.functional[last]
        fits &= inside[n : n + count] == inside[:count]
        fits &= ~is_spaced | (n <= MAX_SPACED_WORDS)
        firsts = np.flatnonzero(fits)
        weights = np.where(
            is_spaced[fits],
            SPACED_WEIGHT[n],
            CHARS_WEIGHT[np.minimum(chars[fits], 12)] * WORDS_WEIGHT[n],
        )
        found.append((starts[fits], ends[fits], firsts, firsts + n - 1, weights))
    return found


def _pieces(text: Text, spaced: Flags) -> Numbers:
    """Number the pieces no run may cross: words that touch, or spaced words one space apart."""
    gap = text.starts[1:] - text.ends[:-1]
    space = text.codes[text.ends[:-1]] == SPACE
    joined = (gap == 0) | ((gap == 1) & space & spaced[1:] & spaced[:-1])
    return np.concatenate(([0], np.cumsum(~joined)))[: len(text.starts)]
