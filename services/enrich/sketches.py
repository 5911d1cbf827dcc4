"""Near-duplicates: who says the same in nearly the same words.

Two stages, after Broder (https://doi.org/10.1109/SEQUEN.1997.666900). MinHash of folded character
4-grams, 64 values in 32 bands of 2, finds candidates: bands of 2 because bands of 3 or 4 lose the
briefs cut from a long story. Containment, the share of the shorter text's 4-grams that the longer
text holds too, decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.bands import Bands
from services.enrich.words import MULTIPLIER, Hashes, Text, mix

SHINGLE = 4
BANDS, ROWS = 32, 2
SAME = 0.6
"""Containment from which two texts are near-duplicates."""
FEWEST_SHINGLES, FEW_SHINGLES, COPIED = 16, 40, 0.8
"""A text shorter than the second may be contained in others by chance: it must be copied almost
whole. A flash shorter than the first says too little even so: both must be alike in length."""
KEPT_WHOLE = 128
SAMPLE_BELOW, SAMPLE_SHIFT = 1 << 30, 14
"""Of a longer text every fourth shingle is kept: those whose number is below this."""
MOST_KEPT = 100_000
"""Articles that are looked at for copies, the last ones: nobody repeats a story after years."""
TOTAL_BYTES = 4
NO_BANDS = np.zeros(0, np.uint32)
MAX_JUDGED = 64
"""Candidates that are judged, the likeliest first: a flood of copies must not stop the rest."""
_SEEDS: Hashes = mix(np.arange(1, 2 * BANDS * ROWS + 1, dtype=np.uint64) * np.uint64(MULTIPLIER))
_FACTORS = (_SEEDS[: BANDS * ROWS] | np.uint64(1))[:, None]
_OFFSETS = _SEEDS[BANDS * ROWS :][:, None]


@dataclass(frozen=True, eq=False, slots=True)
class Sketch:
    """What is kept of a text to recognise it: `total` shingles, some of them, and band numbers."""

    total: int
    shingles: NDArray[np.uint32] | NDArray[np.uint16]
    bands: NDArray[np.uint32]

    @property
    def is_sampled(self) -> bool:
        """Whether only a quarter of the shingles is kept, and of each 16 bits."""
        return self.shingles.dtype == np.uint16

    def sample(self) -> NDArray[np.uint16]:
        """The shingles as a sampled sketch keeps them."""
        if self.is_sampled:
            return self.shingles.astype(np.uint16, copy=False)
        return _sampled(self.shingles)


@lru_cache(maxsize=8)
def sketch_of(text: Text) -> Sketch:
    """Sketch a text: letters, digits and Han characters only, folded."""
    shingles = _shingles(text)
    if not len(shingles):
        return Sketch(0, shingles, np.zeros(BANDS, np.uint32))
    mixed = _FACTORS * shingles.astype(np.uint64)
    mixed += _OFFSETS
    signature: Hashes = mixed.min(axis=1) >> np.uint64(32)
    joined: Hashes = np.left_shift(signature[0::ROWS], np.uint64(32)) | signature[1::ROWS]
    numbered = np.add(joined, np.arange(BANDS, dtype=np.uint64), dtype=np.uint64)
    bands = (mix(numbered) >> np.uint64(32)).astype(np.uint32)
    kept = shingles if len(shingles) <= KEPT_WHOLE else _sampled(shingles)
    return Sketch(len(shingles), kept, bands)


def _sampled(shingles: NDArray[np.uint32] | NDArray[np.uint16]) -> NDArray[np.uint16]:
    return np.unique((shingles[shingles < SAMPLE_BELOW] >> SAMPLE_SHIFT).astype(np.uint16))


def _shingles(text: Text) -> NDArray[np.uint32]:
    kept = text.codes[text.alphanumeric].astype(np.uint64)
    if len(kept) < SHINGLE:
        return np.zeros(0, np.uint32)
    mixed: Hashes = np.zeros(len(kept) - SHINGLE + 1, np.uint64)
    for place in range(SHINGLE):
        mixed = mix(mixed + kept[place : place + len(mixed)])
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def containment(one: Sketch, other: Sketch) -> float:
    """The share of the shorter text that the other holds too, 0 to 1."""
    mine, theirs = one.shingles, other.shingles
    if one.is_sampled or other.is_sampled:
        mine, theirs = one.sample(), other.sample()
    shorter = min(len(mine), len(theirs))
    if not shorter:
        return 0.0
    shared = len(np.intersect1d(mine, theirs, assume_unique=True))
    least = min(one.total, other.total)
    is_copied = least >= FEWEST_SHINGLES and shared >= COPIED * shorter
    by_shorter = least >= FEW_SHINGLES or is_copied
    return shared / (shorter if by_shorter else max(len(mine), len(theirs)))


class Sketches:
    """The sketches of past articles by row (see `Postings`), the last `most` of them."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._bands = Bands()
        self._kept: dict[int, bytes] = {}

    def add(self, row: int, sketch: Sketch) -> None:
        """Add an article under a row of its own."""
        if len(self._kept) >= self._most:
            self.remove(next(iter(self._kept)))
        self._kept[row] = _packed(sketch)
        self._bands.add(row, sketch.bands)

    def remove(self, row: int) -> None:
        """Forget an article."""
        if self._kept.pop(row, None) is not None:
            self._bands.remove(row)

    def twins(self, sketch: Sketch, also: Iterable[int] = ()) -> list[tuple[int, float]]:
        """The near-duplicates of a text: (row, containment), oldest row first.

        `also` = rows to judge beside those with a band in common, which misses some briefs.
        """
        if not sketch.total:
            return []
        likely = self._bands.search(sketch.bands, MAX_JUDGED)
        rows = {*likely, *(row for row in also if row in self._kept)}
        judged = ((row, containment(sketch, _unpacked(self._kept[row]))) for row in sorted(rows))
        return [(row, share) for row, share in judged if share >= SAME]

    def __len__(self) -> int:
        """How many articles are kept."""
        return len(self._kept)


def _packed(sketch: Sketch) -> bytes:
    """A sketch without its bands, as one object, since there are many of them."""
    total = sketch.total.to_bytes(TOTAL_BYTES, "big")
    return total + bytes([sketch.is_sampled]) + sketch.shingles.tobytes()


def _unpacked(packed: bytes) -> Sketch:
    total = int.from_bytes(packed[:TOTAL_BYTES], "big")
    shingles = packed[TOTAL_BYTES + 1 :]
    if packed[TOTAL_BYTES]:
        return Sketch(total, np.frombuffer(shingles, np.uint16), NO_BANDS)
    return Sketch(total, np.frombuffer(shingles, np.uint32), NO_BANDS)
