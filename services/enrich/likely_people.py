"""People in a text, by how likely their characters are a name where they stand."""

from collections.abc import Iterator
from functools import lru_cache

from services.enrich.folding import folded_entries
from services.enrich.named import Span, mentions_of
from services.enrich.odds import chance, log_odds
from services.enrich.person_readings import Reading, places_in, readings_at
from services.enrich.person_signs import (
    Context,
    context_of,
    is_of_a_body,
    signs_of_context,
    signs_of_name,
    signs_of_place,
)
from services.enrich.surroundings import Surroundings
from services.enrich.words import Text

TABLE = "person_odds"
LEAST = -0.5
"""Log-odds from which a reading is a name."""
HOPELESS = -2.0
"""Log-odds of the first signs, from which the others make no name of a reading any more."""
SHORT = 2
MAX_PLACES, MAX_KNOWN = 600, 1 << 15


def likely_people_in(
    text: Text, around: Surroundings, taken: frozenset[int]
) -> Iterator[tuple[Span, str]]:
    """Yield (span, why) outside the `taken` places, the likeliest first; none that overlap."""
    judged: dict[str, list[tuple[float, int, int]]] = {}
    for start in places_in(around)[:MAX_PLACES]:
        for reading in readings_at(around, start) if start not in taken else ():
            name = around.folded[start : reading.end]
            judged.setdefault(name, []).append((odds_of(text, around, reading), start, reading.end))
    people = (one for name, one in judged.items() if not _is_a_firm(around, name))
    likely = [(-_of_all(one), *max(one)[1:]) for one in people]
    used = set(taken)
    for odds, start, end in sorted(one for one in likely if -one[0] > LEAST):
        if used.isdisjoint(range(start, end)):
            for span in mentions_of(around.folded, around.folded[start:end]):
                used.update(range(*span))
            yield (start, end), f"{_why(around, start, end)}，{chance(-odds)} %"


def _is_a_firm(around: Surroundings, name: str) -> bool:
    """Whether a name of two characters is a short form: 嶽晶, beside 嶽晶科技."""
    return len(name) == SHORT and is_of_a_body(around, name)


def _of_all(mentions: list[tuple[float, int, int]]) -> float:
    """The log-odds of a name by all places where it could stand: the likeliest, and the mean."""
    odds = [one[0] for one in mentions]
    return (max(odds) + sum(odds) / len(odds)) / 2


def odds_of(text: Text, around: Surroundings, reading: Reading) -> float:
    """The log-odds of a reading to be a name; of a hopeless one, those of its first signs."""
    odds = _odds_of_context(context_of(text, around, reading))
    if odds > HOPELESS:
        odds += _odds_of_name(around.folded[reading.start : reading.end], reading.family)
    if odds > HOPELESS:
        odds += log_odds(TABLE, signs_of_place(text, around, reading))
    return odds


@lru_cache(maxsize=MAX_KNOWN)
def _odds_of_name(name: str, family: int) -> float:
    return log_odds(TABLE, signs_of_name(name, family))


@lru_cache(maxsize=MAX_KNOWN)
def _odds_of_context(context: Context) -> float:
    return log_odds(TABLE, signs_of_context(context))


def _why(around: Surroundings, start: int, end: int) -> str:
    """The plainest of the signs, in words."""
    office = around.offices_before.get(start) or around.offices_after.get(end)
    if office:
        return f"職稱「{office}」"
    if start in around.kin_before:
        return f"前接「{around.kin_before[start]}」"
    after = around.words.get(end, "")
    return f"後接「{after}」" if after in folded_entries("speech") else "姓氏"
