"""Family names of the Chinese-speaking world and of Japan, by the lists of the lexicon."""

from functools import cache, lru_cache

from services.enrich.folding import fold, folded_entries
from services.enrich.lexicon import entries

MOST_COMMON, COMMONEST = 100, 60
CLAN = "氏"
"""Behind the family name of women in Vietnam: 黎氏秋莊."""
PREPOSITIONS = frozenset("向和于从於")
"""Family names that are mostly something else: 向中央 is no name, 主任向思遠 is one."""
MAX_KNOWN = 1 << 14


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


@lru_cache(maxsize=MAX_KNOWN)
def family_kind(family: str) -> str:
    """How common a folded family name is, or of which kind; `none` if it is none."""
    return next((kind for kind, has_it in _KINDS if has_it(family)), "none")


def _is_of_a_wife(family: str) -> bool:
    """Whether a wife may bear it: her husband's, and a common one of her own."""
    return family[0] in surnames() - PREPOSITIONS and family[1] in common_surnames()


@cache
def _commonest() -> frozenset[str]:
    return frozenset(map(fold, entries("surnames")[:COMMONEST]))


_KINDS = (
    ("japanese", lambda family: family in folded_entries("japanese_surnames")),
    ("clan", lambda family: family[1:] == CLAN and family[0] in surnames()),
    ("compound", lambda family: len(family) > 1 and family in surnames()),
    ("wife", lambda family: len({*family}) == len("江陳") and _is_of_a_wife(family)),
    ("none", lambda family: len(family) > 1),
    ("preposition", PREPOSITIONS.__contains__),
    ("commonest", lambda family: family in _commonest()),
    ("common", lambda family: family in common_surnames()),
    ("rare", lambda family: family in folded_entries("rare_surnames")),
    ("seldom", lambda family: family in surnames()),
)
"""Kinds of family names by what has them; the first tells."""
