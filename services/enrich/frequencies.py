"""In how many articles a term was seen: what makes a word telling or trivial.

A conservative count-min sketch (https://doi.org/10.1145/633025.633056): it never counts too few,
its size is fixed, and many terms are counted in one go. Common words bring an expectation with
them, so that the first article of a new installation already gets sensible tags.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.lexicon import lines
from services.enrich.words import Hashes, hashes_of

COLUMNS = 1 << 23
MOST = np.iinfo(np.uint16).max
EXPECTED_ARTICLES = 1_000
"""How many articles the expectation of `common.txt` is worth."""


@cache
def _expected() -> tuple[Hashes, NDArray[np.float64]]:
    """The numbers of the common words, in order, and how many of 1,000 articles hold each."""
    counts = {word: float(line[0]) for line in lines("common") for word in line[1:]}
    hashes, first = np.unique(hashes_of(tuple(counts)), return_index=True)
    return hashes, np.array(tuple(counts.values()))[first]


class Frequencies:
    """Counts articles by term. `articles` = how many were counted."""

    def __init__(self) -> None:
        self.articles = 0
        self._first = np.zeros(COLUMNS, np.uint16)
        self._second = np.zeros(COLUMNS, np.uint16)

    def count(self, terms: Hashes) -> None:
        """Count one article that holds these distinct terms."""
        one, two = self._cells(terms)
        seen = np.minimum(self._first[one], self._second[two])
        more = np.where(seen < MOST, seen + 1, seen).astype(np.uint16)
        self._first[one] = np.maximum(self._first[one], more)
        self._second[two] = np.maximum(self._second[two], more)
        self.articles += 1

    def idf(self, terms: Hashes) -> NDArray[np.float64]:
        """How telling each term is: ln((N + 1) / (df + 0.5)), the expectation included."""
        seen = self.seen(terms) + self.expected(terms)
        return np.log((self.articles + EXPECTED_ARTICLES + 1) / (seen + 0.5))

    def seen(self, terms: Hashes) -> NDArray[np.float64]:
        """How many articles held each term; now and then a little too many."""
        one, two = self._cells(terms)
        return np.minimum(self._first[one], self._second[two]).astype(np.float64)

    @staticmethod
    def _cells(terms: Hashes) -> tuple[Hashes, Hashes]:
        mask = np.uint64(COLUMNS - 1)
        return terms & mask, (terms >> np.uint64(32)) & mask

    @staticmethod
    def expected(terms: Hashes) -> NDArray[np.float64]:
        """How many of 1,000 articles hold each term in the language at large; 0 if few."""
        hashes, counts = _expected()
        place = np.minimum(np.searchsorted(hashes, terms), len(hashes) - 1)
        return np.where(hashes[place] == terms, counts[place], 0.0)
