"""Family names of the Chinese-speaking world and of Japan, by the lists of the lexicon."""

from functools import cache

from services.enrich.folding import fold, folded_entries
from services.enrich.lexicon import entries

MOST_COMMON = 100


@cache
def first_characters() -> frozenset[str]:
    """The characters that family names begin with."""
    return frozenset(name[0] for name in surnames())


@cache
def common_surnames() -> frozenset[str]:
    """The family names that nearly everybody bears."""
    return frozenset(map(fold, entries("surnames")[:MOST_COMMON]))


@cache
def surnames() -> frozenset[str]:
    """All family names, folded."""
    lists = ("surnames", "rare_surnames", "japanese_surnames")
    return frozenset[str]().union(*map(folded_entries, lists))
