"""Fit the numbers of `services/enrich/judgement.py` to what the editor of the gold set chose.

Logistic regression with a penalty, by Newton's method, over the candidates of `bench/gold/dev` and
`bench/gold/tune`. Prints the table, and the chance that articles it was not fitted to are judged
right. The held half is not read.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.gold_set import GoldArticle, Half, read
from services.enrich import steps
from services.enrich.candidates import raw_candidates_of
from services.enrich.corpus import Corpus
from services.enrich.folding import fold, key, key_of_folded
from services.enrich.judgement import FITTED, layout_of, signs_of
from services.enrich.names import names_of
from services.enrich.pipeline import Pipeline
from services.enrich.words import read as read_text
from shared.plugs import find_plugs

PARTS: tuple[Half, ...] = ("dev", "tune")
PENALTY = 1.0
ROUNDS = 40
WEAKEST = 60
"""Candidates of an article beyond this many are never tags."""

Numbers = NDArray[np.float64]
Row = tuple[str, str, tuple[float, ...], bool]


def rows_of(half: Half) -> list[Row]:
    """(article, kind, signs, chosen) of each candidate."""
    gold = read(half)
    pipeline = Pipeline(Corpus(), find_plugs(steps))
    for one in gold:
        pipeline.enrich(one.article())
    return [row for one in gold for row in _rows(one, pipeline.corpus)]


def _rows(one: GoldArticle, corpus: Corpus) -> list[Row]:
    article = one.article()
    text = read_text(article)
    layout = layout_of(text)
    chosen = {key(fold(spelling)) for name in one.tags for spelling in name.spellings}
    found = raw_candidates_of(text, names_of(article, text, corpus), corpus)[:WEAKEST]
    return [
        (
            one.uri,
            candidate.kind,
            signs_of(text, layout, candidate),
            key_of_folded(text.folded[candidate.start : candidate.end]) in chosen,
        )
        for candidate in found
    ]


def fitted(rows: Sequence[Row]) -> Numbers:
    """The numbers that make the choices most likely."""
    signs = np.array([row[2] for row in rows])
    chosen = np.array([row[3] for row in rows], np.float64)
    penalty = np.eye(signs.shape[1]) * PENALTY
    penalty[0, 0] = 1e-3
    numbers = np.zeros(signs.shape[1])
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-signs @ numbers))
        slope = signs.T @ (likely - chosen) + penalty @ numbers
        bend = (signs * (likely * (1 - likely))[:, None]).T @ signs + penalty
        numbers -= np.linalg.solve(bend, slope)
    return numbers


def main() -> None:
    """Print the table to be written into `judgement.py`."""
    rows = [row for half in PARTS for row in rows_of(half)]
    print("FITTED: dict[TagKind, tuple[float, ...]] = {")
    for kind in FITTED:
        numbers = fitted([row for row in rows if row[1] == kind])
        print(f'    "{kind}": ({", ".join(f"{number:.2f}" for number in numbers)}),')
    print("}")


if __name__ == "__main__":
    main()
