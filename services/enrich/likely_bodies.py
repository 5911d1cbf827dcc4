"""Bodies in a text, by how likely the words before an ending are a name: 南錨|拖駁."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from services.enrich.body_signs import (
    Candidate,
    Context,
    candidates_at,
    context_of,
    endings_of,
    signs_of_context,
    signs_of_place,
    signs_of_words,
    words_of,
)
from services.enrich.folding import folded_entries
from services.enrich.named import Span
from services.enrich.odds import chance, log_odds
from services.enrich.word_kinds import word_kind
from services.enrich.words import Text

TABLE = "body_odds"
LEAST = -1.0
"""Log-odds from which a candidate is a name."""
SURE = 0.0
"""Log-odds from which a name goes before a shorter one with the same beginning."""
HOPELESS = -2.0
"""Log-odds of the first signs, from which the others make no name of a candidate any more."""
NAMED_AFTER_PEOPLE = ("基金会", "纪念馆", "美术馆", "事务所", "诊所")
PLACES, SHORTEST = ("place", "country"), 4
MAX_ENDINGS, MAX_KNOWN = 400, 1 << 15


def likely_bodies_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield (span, why) outside the `taken` places, the likeliest first; none that overlap."""
    judged = []
    for place, end in islice(endings_of(text), MAX_ENDINGS):
        likeliest = max(_judged(text, place, end, taken), default=(LEAST, 0))
        if likeliest[0] > LEAST:
            judged.append((-likeliest[0], likeliest[1], end))
    used: set[int] = set()
    ends = {start: end for odds, start, end in judged if -odds > SURE}
    for odds, start, end in sorted(judged):
        if used.isdisjoint(range(start, end)) and end >= ends.get(start, end):
            used.update(range(start, end))
            first = _without_place(text, start, end)
            yield (first, end), _why(text.folded[first:end], -odds)


def _judged(text: Text, place: int, end: int, taken: frozenset[int]) -> Iterator[tuple[float, int]]:
    """Yield (log-odds, start) of what could be the name with an ending."""
    is_free = text.folded[:end].endswith(NAMED_AFTER_PEOPLE)
    for candidate in candidates_at(text, place, end):
        if candidate.start in taken and not is_free:
            return
        yield odds_of(text, candidate), candidate.start


def _without_place(text: Text, start: int, end: int) -> int:
    """Where a name begins without the place that the text mostly leaves off: 高雄|第七貨櫃中心."""
    at, first = text.words[text.place_of(start)]
    behind = at + len(first)
    is_told = word_kind(first) in PLACES and end - behind >= SHORTEST
    is_left_off = is_told and text.times(text.folded[behind:end]) > 2 * text.times(
        text.folded[start:end]
    )
    return behind if is_left_off else start


def odds_of(text: Text, candidate: Candidate) -> float:
    """The log-odds of a candidate to be a name; of a hopeless one, those of its first signs."""
    words = words_of(text, candidate)
    odds = _odds_of_context(context_of(text, candidate, words))
    if odds > HOPELESS:
        odds += _odds_of_words(words)
    if odds > HOPELESS:
        odds += log_odds(TABLE, signs_of_place(text, candidate, words))
    return odds


@lru_cache(maxsize=MAX_KNOWN)
def _odds_of_context(context: Context) -> float:
    return log_odds(TABLE, signs_of_context(context))


@lru_cache(maxsize=MAX_KNOWN)
def _odds_of_words(words: tuple[str, ...]) -> float:
    return log_odds(TABLE, signs_of_words(words))


def _why(name: str, odds: float) -> str:
    why = "名單" if name in folded_entries("organisations") else "結尾與前後文"
    return f"{why}，{chance(odds)} %"
