"""How names of organisations end, by the list of the lexicon."""

from functools import cache

from services.enrich.folding import fold
from services.enrich.lexicon import lines

MIN_BEFORE_SHORT_ENDING = 2


@cache
def endings(line: int) -> tuple[str, ...]:
    """The long endings (0), those of one character (1), or words that end so and are none (2)."""
    return tuple(sorted(map(fold, lines("organisation_suffixes")[line]), key=len, reverse=True))


@cache
def last_characters() -> frozenset[str]:
    """The characters that a name of an organisation can end with."""
    return frozenset(ending[-1] for ending in (*endings(0), *endings(1)))


def ends_as_organisation(name: str) -> bool:
    """Whether a folded name ends like that of an organisation, and is more than the ending."""
    if name[-1] not in last_characters() or name.endswith(endings(2)):
        return False
    if name.endswith(endings(0)):
        return name not in endings(0)
    return name.endswith(endings(1)) and len(name) > MIN_BEFORE_SHORT_ENDING
