"""Names without an ending, by how likely any words are a name where they stand: 瓦斯貓."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from services.enrich.brand_signs import Context, candidates_in, signs_of_context, signs_of_words
from services.enrich.named import Span
from services.enrich.odds import chance, log_odds
from services.enrich.words import Text

TABLE = "brand_odds"
LEAST = 0.0
"""Log-odds from which a candidate is a name."""
HOPELESS = -2.0
"""Log-odds of its context, from which its words make no name of a candidate any more."""
MAX_CANDIDATES, MAX_KNOWN = 400, 1 << 15


def likely_brands_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield (span, why) outside the `taken` places, the likeliest first; none that overlap."""
    judged = []
    for candidate, context in islice(candidates_in(text, taken), MAX_CANDIDATES):
        odds = _odds_of_context(context)
        if odds > HOPELESS:
            odds += log_odds(TABLE, signs_of_words(text, candidate))
        if odds > LEAST:
            judged.append((-odds, candidate.start, candidate.end))
    used: set[int] = set()
    for odds, start, end in sorted(judged):
        if used.isdisjoint(range(start, end)):
            used.update(range(start, end))
            yield (start, end), f"前後文，{chance(-odds)} %"


@lru_cache(maxsize=MAX_KNOWN)
def _odds_of_context(context: Context) -> float:
    return log_odds(TABLE, signs_of_context(context))
