"""How likely something is that shows certain signs, by a table of the lexicon."""

from collections.abc import Iterable
from functools import cache
from math import exp

from services.enrich.lexicon import lines

TENTHS = 10
JOINED = "+"
"""Between the parts of a sign, in the file."""


def log_odds(table: str, signs: Iterable[tuple[str, ...]]) -> float:
    """The sum of the weights that the signs have in `<table>.txt`; 0 is as likely as not."""
    weights = _weights(table)
    return sum([weights.get(sign, 0) for sign in signs]) / TENTHS


def chance(odds: float) -> int:
    """Log-odds as a chance, in percent."""
    return round(100 / (1 + exp(-odds)))


@cache
def _weights(table: str) -> dict[tuple[str, ...], int]:
    """The weight of each sign in tenths."""
    return {
        tuple(sign.split(JOINED)): int(tenths) for tenths, *signs in lines(table) for sign in signs
    }
