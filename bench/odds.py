"""Logistic regression over signs, and the tables of the lexicon that are made of it.

A case is what was decided once: the article, its signs and numbers, whether it was chosen. Weights
are found by Adam's steps (https://arxiv.org/abs/1412.6980) down the penalised likelihood.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.enrich import lexicon
from services.enrich.odds import JOINED, TENTHS

SELDOM = 4
"""Signs seen more seldom are left out."""
ROUNDS, STEP, FOLDS, WIDTH = 2000, 0.05, 5, 100
NUMBERS_PENALTY, FREE = 1.0, 1e-3
"""Of the first number, which is always 1, next to nothing."""
HEAD = """\
# {what}: tenths of log-odds, then signs, with `+`
# between their parts. Made by `{command}` from the articles written for wiredesk.
# Licence: Apache-2.0, as wiredesk itself.
"""

Sign = tuple[str, ...]
Numbers = NDArray[np.float64]


class Case(NamedTuple):
    """One decision: the article it stands in, what speaks for it, and what it was."""

    uri: str
    signs: tuple[Sign, ...]
    chosen: bool
    numbers: tuple[float, ...] = ()


class Fitted(NamedTuple):
    """The weight of each sign, and of each number."""

    signs: dict[Sign, float]
    numbers: Numbers

    def odds(self, case: Case) -> float:
        """The log-odds of a case."""
        by_signs = sum(self.signs.get(sign, 0.0) for sign in case.signs)
        return by_signs + float(np.dot(case.numbers, self.numbers) if case.numbers else 0.0)


def fitted(cases: Sequence[Case], penalty: float) -> Fitted:
    """The weights that make what was chosen likeliest."""
    counts = Counter(sign for case in cases for sign in case.signs)
    place = {sign: n for n, sign in enumerate(sorted(s for s in counts if counts[s] >= SELDOM))}
    known = [[place[sign] for sign in case.signs if sign in place] for case in cases]
    case_of = np.repeat(np.arange(len(cases)), [len(one) for one in known])
    sign_of = np.array([sign for one in known for sign in one], np.int64)
    numbers = np.array([case.numbers for case in cases], np.float64).reshape(len(cases), -1)
    chosen = np.array([case.chosen for case in cases], np.float64)
    size = len(place)
    weights: Numbers = np.zeros(size + numbers.shape[1])
    mean: Numbers = np.zeros_like(weights)
    square: Numbers = np.zeros_like(weights)
    penalties = np.full(size + numbers.shape[1], NUMBERS_PENALTY)
    penalties[:size] = penalty
    penalties[size : size + 1] = FREE
    for done in range(1, ROUNDS + 1):
        odds = np.bincount(case_of, weights[sign_of], len(cases)) + numbers @ weights[size:]
        error = 1 / (1 + np.exp(-odds)) - chosen
        by_sign = np.bincount(sign_of, error[case_of], size)
        by_both = np.concatenate((by_sign, numbers.T @ error))
        slope = np.asarray(by_both + penalties * weights, np.float64)
        mean += (slope - mean) * 0.1
        square += (np.square(slope) - square) * 0.001
        steepness = np.sqrt(square / (1 - 0.999**done)) + 1e-8
        weights -= STEP / (1 - 0.9**done) * mean / steepness
    return Fitted(dict(zip(place, weights.tolist(), strict=False)), weights[size:])


def left_out(cases: Sequence[Case], penalty: float) -> tuple[int, int, int]:
    """(rightly chosen, chosen, all that are right), each by weights without its article."""
    uris = sorted({case.uri for case in cases})
    right = judged = 0
    for number in range(FOLDS):
        tested = set(uris[number::FOLDS])
        weights = fitted([case for case in cases if case.uri not in tested], penalty)
        found = [case.chosen for case in cases if case.uri in tested and weights.odds(case) > 0]
        judged, right = judged + len(found), right + sum(found)
    return right, judged, sum(case.chosen for case in cases)


def write(table: str, weights: dict[Sign, float], what: str, command: str) -> None:
    """Write `<table>.txt`: signs of equal weight in lines, the weightiest first."""
    levels: defaultdict[int, list[str]] = defaultdict(list)
    for sign, weight in weights.items():
        levels[round(TENTHS * weight)].append(JOINED.join(sign))
    kept = sorted((level for level in levels if level), reverse=True)
    rows = [f"{level} {part}\n" for level in kept for part in _in_lines(sorted(levels[level]))]
    path = Path(str(files(lexicon).joinpath(f"{table}.txt")))
    path.write_text(HEAD.format(what=what, command=command) + "".join(rows), "utf-8")


def _in_lines(signs: list[str]) -> list[str]:
    lines = np.cumsum([len(sign) + 1 for sign in signs]) // WIDTH
    pairs = zip(lines.tolist(), signs, strict=True)
    return [" ".join(sign for _, sign in part) for _, part in groupby(pairs, lambda one: one[0])]
