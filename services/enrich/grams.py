"""What a text may be about: every run of one to four words, counted.

The runs, their limits and the weight of their lengths were measured on keyphrases of Chinese
abstracts; see `docs/decisions.md`. The weights of spaced scripts are a judgement.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.words import Flags, Hashes, Numbers, Text

MAX_WORDS = 4
MAX_SPACED_WORDS = 3
MIN_CHARS, MAX_CHARS, MAX_SPACED_CHARS = 2, 12, 40
CHARS_WEIGHT = np.array([0, 0, 0.6, 0.8, 1, 1, 1, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7])
WORDS_WEIGHT = np.array([0, 1, 1, 0.8, 0.6])
SPACED_WEIGHT = np.array([0, 1, 1.3, 1.1, 0])
SPACE = 0x20


@dataclass(frozen=True, eq=False)
class Grams:
    """Distinct runs of words: number, first span, times found, and the weight of their length."""

    hashes: Hashes
    starts: Numbers
    ends: Numbers
    counts: Numbers
    weights: NDArray[np.float64]


@lru_cache(maxsize=8)
def grams_of(text: Text) -> Grams:
    """Every run of words that could be a name of something."""
    starts, ends, weights = (np.concatenate(parts) for parts in zip(*_runs(text), strict=True))
    order = np.argsort(starts, kind="stable")
    starts, ends, weights = starts[order], ends[order], weights[order]
    hashes, first, counts = np.unique(
        text.hashes(starts, ends), return_index=True, return_counts=True
    )
    return Grams(hashes, starts[first], ends[first], counts, weights[first])


def _runs(text: Text) -> list[tuple[Numbers, Numbers, NDArray[np.float64]]]:
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
        weights = np.where(
            is_spaced, SPACED_WEIGHT[n], CHARS_WEIGHT[np.minimum(chars, 12)] * WORDS_WEIGHT[n]
        )
        found.append((starts[fits], ends[fits], weights[fits]))
    return found


def _pieces(text: Text, spaced: Flags) -> Numbers:
    """Number the pieces no run may cross: words that touch, or spaced words one space apart."""
    gap = text.starts[1:] - text.ends[:-1]
    space = text.codes[text.ends[:-1]] == SPACE
    joined = (gap == 0) | ((gap == 1) & space & spaced[1:] & spaced[:-1])
    return np.concatenate(([0], np.cumsum(~joined)))[: len(text.starts)]
