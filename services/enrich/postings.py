"""Which articles hold a term: BM25 over sorted arrays, in memory.

Every article adds a small sorted segment, and segments of like size are merged, so that adding
costs little and searching looks into a handful of arrays. A posting takes about five bytes: a row,
a weight in steps of 1/100, and its share of the term. A removed article is gone from every answer
at once; its numbers go with the next merge, or, in a segment that is merged no more, when most of
that segment is gone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.enrich.words import Flags, Hashes

Weights = NDArray[np.float32]

STEPS = 100.0
"""Weights are kept as whole numbers of 1/100, up to 2.55: BM25 stays below k1 + 1 = 2.2."""
FULL = 1 << 20
"""Postings of a segment that is merged no more, so that a merge takes little time and memory."""
WORTH_KEEPING = 0.5
"""A segment with a smaller share of articles that are left is written anew."""
TERM_BITS = np.uint64(32)


@dataclass(frozen=True, eq=False)
class Segment:
    """Distinct terms in order; the postings of term `n` lie between `starts[n]` and the next."""

    terms: NDArray[np.uint32]
    starts: NDArray[np.int32]
    rows: NDArray[np.int32]
    weights: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)


class Postings:
    """Articles by term. An article is a row: a small number that is never given twice."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._alive: Flags = np.zeros(1024, bool)
        self._rows = 0
        self._since_swept = 0

    def add(self, row: int, terms: Hashes, weights: Weights) -> None:
        """Add an article: its distinct terms and the weight of each."""
        if row >= len(self._alive):
            self._alive = np.concatenate((self._alive, np.zeros_like(self._alive)))
        self._alive[row] = True
        self._rows = max(self._rows, row + 1)
        short = _short(terms)
        order = np.argsort(short, kind="stable")
        kept = np.clip(np.rint(weights[order] * STEPS), 1, 255).astype(np.uint8)
        rows = np.full(len(terms), row, np.int32)
        self._segments.append(_segment(short[order], rows, kept))
        while len(self._segments) > 1 and _merge_is_due(*self._segments[-2:]):
            newest = self._segments.pop()
            self._segments[-1] = self._merged(self._segments[-1], newest)
        self._since_swept += len(terms)
        if self._since_swept >= FULL:
            self._sweep()

    def remove(self, row: int) -> None:
        """Take an article out of every later answer."""
        self._alive[row] = False

    def search(
        self, terms: Hashes, weights: Weights, limit: int, least: float = 0.0
    ) -> list[tuple[int, float]]:
        """The rows that share most with a weighted query, best first: (row, score over `least`)."""
        rows, scores = self._hits(_short(terms), weights)
        if not len(rows):
            return []
        totals: NDArray[np.float64] = np.bincount(rows, scores).astype(np.float64, copy=False)
        places = np.flatnonzero(totals > least)
        places = places[self._alive[places]]
        if len(places) > limit:
            cut = np.partition(totals[places], len(places) - limit)[len(places) - limit]
            places = places[totals[places] >= cut]
        best = places[np.argsort(-totals[places], kind="stable")][:limit]
        return [(int(row), float(totals[row])) for row in best]

    def _hits(
        self, terms: NDArray[np.uint32], weights: Weights
    ) -> tuple[NDArray[np.int32], Weights]:
        rows, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
        steps = (weights / STEPS).astype(np.float32)
        for segment in self._segments:
            place = np.minimum(segment.terms.searchsorted(terms), len(segment.terms) - 1)
            found = np.flatnonzero(segment.terms[place] == terms)
            first = segment.starts[place[found]].astype(np.int64)
            counts = segment.starts[place[found] + 1] - first
            total = int(counts.sum())
            if total:
                # The places of all spans, one after the other.
                spans = np.repeat(first - counts.cumsum() + counts, counts) + np.arange(total)
                rows.append(segment.rows[spans])
                kept = segment.weights[spans].astype(np.float32)
                scores.append(kept * np.repeat(steps[found], counts))
        return np.concatenate(rows), np.concatenate(scores)

    def _sweep(self) -> None:
        """Let go of the numbers of removed articles where they are most of a segment."""
        self._since_swept = 0
        swept = (self._swept(segment) for segment in self._segments)
        self._segments = [segment for segment in swept if len(segment)]

    def _swept(self, segment: Segment) -> Segment:
        alive = self._alive[segment.rows]
        if np.count_nonzero(alive) >= WORTH_KEEPING * len(alive):
            return segment
        return _segment(_spread(segment)[alive], segment.rows[alive], segment.weights[alive])

    def _merged(self, older: Segment, newer: Segment) -> Segment:
        terms = np.concatenate((_spread(older), _spread(newer)))
        rows = np.concatenate((older.rows, newer.rows))
        weights = np.concatenate((older.weights, newer.weights))
        order = np.argsort(terms, kind="stable")
        order = order[self._alive[rows[order]]]
        return _segment(terms[order], rows[order], weights[order])


def _short(terms: Hashes) -> NDArray[np.uint32]:
    """Half of the bits tell terms apart well enough: one in 400 shares its number with another."""
    return (terms >> TERM_BITS).astype(np.uint32)


def _segment(
    terms: NDArray[np.uint32], rows: NDArray[np.int32], weights: NDArray[np.uint8]
) -> Segment:
    """A segment of postings in the order of their terms."""
    first = np.flatnonzero(np.concatenate((np.ones(1, bool), terms[1:] != terms[:-1])))
    if not len(terms):
        return Segment(np.zeros(1, np.uint32), np.zeros(2, np.int32), rows, weights)
    starts = np.append(first, len(terms)).astype(np.int32)
    return Segment(terms[first], starts, rows, weights)


def _spread(segment: Segment) -> NDArray[np.uint32]:
    """The term of every posting."""
    return np.repeat(segment.terms, np.diff(segment.starts))


def _merge_is_due(older: Segment, newer: Segment) -> bool:
    return len(older) < 2 * len(newer) and len(older) + len(newer) <= FULL
