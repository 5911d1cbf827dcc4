"""Which articles hold a term: BM25 over sorted arrays, in memory.

Every article adds a small sorted segment, and segments of like size are merged, so that adding
costs little, searching looks into a handful of arrays, and 100,000 articles take about 100 MB.
A removed article is gone from every answer at once; its numbers go with the next merge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.enrich.words import Flags, Hashes

Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Some articles' terms in order; rows and weights stand beside them."""

    terms: Hashes
    rows: NDArray[np.int32]
    weights: Weights


class Postings:
    """Articles by term. An article is a row: a small number that is never given twice."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._alive: Flags = np.zeros(1024, bool)

    def add(self, row: int, terms: Hashes, weights: Weights) -> None:
        """Add an article: its distinct terms and the weight of each."""
        if row >= len(self._alive):
            self._alive = np.concatenate((self._alive, np.zeros_like(self._alive)))
        self._alive[row] = True
        order = np.argsort(terms)
        rows = np.full(len(terms), row, np.int32)
        self._segments.append(Segment(terms[order], rows, weights[order]))
        while len(self._segments) > 1 and _merge_is_due(*self._segments[-2:]):
            newest = self._segments.pop()
            self._segments[-1] = self._merged(self._segments[-1], newest)

    def remove(self, row: int) -> None:
        """Take an article out of every later answer."""
        self._alive[row] = False

    def search(self, terms: Hashes, weights: Weights, limit: int) -> list[tuple[int, float]]:
        """The rows that share most with a weighted query: (row, score), best first."""
        rows, scores = self._hits(terms, weights)
        if not len(rows):
            return []
        totals: NDArray[np.float64] = np.bincount(rows, scores).astype(np.float64)
        totals[~self._alive[: len(totals)]] = 0
        top = np.argsort(-totals, kind="stable") if len(totals) <= limit else _top(totals, limit)
        return [(int(row), float(totals[row])) for row in top[:limit] if totals[row] > 0]

    def _hits(self, terms: Hashes, weights: Weights) -> tuple[NDArray[np.int32], Weights]:
        rows, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
        for segment in self._segments:
            first = segment.terms.searchsorted(terms)
            counts = segment.terms.searchsorted(terms, "right") - first
            total = int(counts.sum())
            if total:
                # The places of all spans, one after the other.
                places = np.repeat(first - counts.cumsum() + counts, counts) + np.arange(total)
                rows.append(segment.rows[places])
                scores.append(segment.weights[places] * np.repeat(weights, counts))
        return np.concatenate(rows), np.concatenate(scores)

    def _merged(self, older: Segment, newer: Segment) -> Segment:
        terms = np.concatenate((older.terms, newer.terms))
        rows = np.concatenate((older.rows, newer.rows))
        weights = np.concatenate((older.weights, newer.weights))
        order = np.argsort(terms, kind="stable")
        order = order[self._alive[rows[order]]]
        return Segment(terms[order], rows[order], weights[order])


def _merge_is_due(older: Segment, newer: Segment) -> bool:
    return len(older.terms) < 2 * len(newer.terms)


def _top(totals: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    best = np.sort(np.argpartition(-totals, limit)[:limit])
    order: NDArray[np.int64] = best[np.argsort(-totals[best], kind="stable")]
    return order
