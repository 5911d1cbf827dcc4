"""Which of the last articles have a band in common with a text: sorted pairs of band and row.

A pair is one number of eight bytes. Every article adds a small sorted segment, and segments of like
size are merged, as in `postings.py`; what is removed goes with a merge, or when a whole segment is
gone, which comes soon because the oldest articles are always removed.
"""

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.uint64]
Numbered = NDArray[np.uint32]

FULL = 1 << 19
"""Pairs of a segment that is merged no more."""
ROW_BITS = np.uint64(32)
ANY_ROW = np.uint64((1 << 32) - 1)


class Bands:
    """Articles by band. An article is a row (see `Postings`)."""

    def __init__(self) -> None:
        self._segments: list[Pairs] = []
        self._alive = np.zeros(1024, bool)

    def add(self, row: int, bands: Numbered) -> None:
        """Add an article with its band numbers."""
        if row >= len(self._alive):
            self._alive = np.concatenate((self._alive, np.zeros_like(self._alive)))
        self._alive[row] = True
        self._segments.append(np.sort((bands.astype(np.uint64) << ROW_BITS) | np.uint64(row)))
        while len(self._segments) > 1 and _merge_is_due(*self._segments[-2:]):
            newest, older = self._segments.pop(), self._segments.pop()
            merged = self._left_of(np.sort(np.concatenate((older, newest)), kind="stable"))
            self._segments.append(merged)
            if len(merged) > FULL // 2:
                self._segments = [one for one in map(self._left_of, self._segments) if len(one)]

    def remove(self, row: int) -> None:
        """Take an article out of every later answer."""
        self._alive[row] = False

    def search(self, bands: Numbered, limit: int) -> list[int]:
        """The rows that share a band, at most `limit`, those that share most first."""
        first = bands.astype(np.uint64) << ROW_BITS
        found = [np.zeros(0, np.uint64)]
        for pairs in self._segments:
            begins = pairs.searchsorted(first)
            ends = pairs.searchsorted(first | ANY_ROW, side="right")
            found += [pairs[b:e] for b, e in zip(begins, ends, strict=True) if b < e]
        rows, shared = np.unique(_rows(np.concatenate(found)), return_counts=True)
        alive = self._alive[rows]
        rows, shared = rows[alive], shared[alive]
        best: list[int] = rows[np.argsort(-shared, kind="stable")][:limit].tolist()
        return best

    def __len__(self) -> int:
        """How many pairs are held, those of removed articles included."""
        return sum(map(len, self._segments))

    def _left_of(self, pairs: Pairs) -> Pairs:
        alive = self._alive[_rows(pairs)]
        return pairs if alive.all() else pairs[alive]


def _rows(pairs: Pairs) -> NDArray[np.int64]:
    return (pairs & ANY_ROW).astype(np.int64)


def _merge_is_due(older: Pairs, newer: Pairs) -> bool:
    return len(older) < 2 * len(newer) and len(older) + len(newer) <= FULL
