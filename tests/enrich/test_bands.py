"""Bands in common: found for every article that is kept, and let go of when it is not."""

from collections import Counter

import numpy as np
from hypothesis import given, strategies as st

from services.enrich.bands import FULL, Bands

NUMBERS = st.lists(st.sampled_from([0, 1, 2, 7, 2**31, 2**32 - 1]), min_size=1, max_size=6)


@given(st.lists(st.tuples(NUMBERS, st.booleans()), max_size=40), NUMBERS, st.integers(1, 50))
def test_what_is_found_is_what_looking_at_every_article_finds(
    told: list[tuple[list[int], bool]], asked: list[int], limit: int
) -> None:
    bands = Bands()
    for row, (numbers, _) in enumerate(told):
        bands.add(row, np.array(numbers, np.uint32))
    for row, (_, stays) in enumerate(told):
        bands.remove(row) if not stays else None
    shared = Counter(
        {row: _pairs(asked, numbers) for row, (numbers, stays) in enumerate(told) if stays}
    )
    best = sorted((row for row in shared if shared[row]), key=lambda row: (-shared[row], row))
    assert bands.search(np.array(asked, np.uint32), limit) == best[:limit]


def _pairs(asked: list[int], numbers: list[int]) -> int:
    return sum(one == other for one in asked for other in numbers)


def test_the_bands_of_removed_articles_are_let_go_of() -> None:
    bands, kept, width = Bands(), 100, 1 << 12
    rows = 8 * FULL // width
    for row in range(rows):
        bands.add(row, np.arange(width, dtype=np.uint32))
        bands.remove(row - kept) if row >= kept else None
    assert len(bands) <= kept * width + 2 * FULL
    found = bands.search(np.arange(1, dtype=np.uint32), rows)
    assert found == list(range(rows - kept, rows))
