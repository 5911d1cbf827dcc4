"""RULE: names behind a word for what they are, whatever words they are made of: 戰隊|閃電狼人.

The run of words that could be a name ends at a mark, a function word, an office or what people do.
That no dictionary has one of its words, that it comes again, is listed, or has an office behind it,
says that it is a name and not what the kind is about (業者|成本).
"""

from collections.abc import Iterator
from functools import cache

from services.enrich.cutter import is_known
from services.enrich.folding import folded_entries, function_words
from services.enrich.name_grammar import NEVER_OWN
from services.enrich.named import Span
from services.enrich.own_names import NEVER_INSIDE as ELSEWHERE, is_everyday
from services.enrich.suffixes import ending_of
from services.enrich.words import Text, is_weak

SHORTEST, LONGEST, MOST_WORDS = 2, 6, 4
LEAST_ODD = 3
LISTED = "、"
JOINED = frozenset("与和及跟")
NEVER_INSIDE = ELSEWHERE | frozenset("遭获因由以均将曾已则之其再")


def behind_kinds_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield the spans of such names outside the `taken` places, and the word for their kind."""
    kinds = folded_entries("class_nouns") & text.distinct
    for place, (at, word) in enumerate(text.words):
        if word in kinds:
            end = _end_of_run(text, place + 1, taken)
            start = at + len(word)
            if end - start >= SHORTEST and _is_name(text, start, end):
                yield (start, end), word


def _end_of_run(text: Text, place: int, taken: frozenset[int]) -> int:
    """Where the words end that could be a name and begin at this place."""
    end = text.words[place - 1][0] + len(text.words[place - 1][1])
    start = end
    for at, word in text.words[place : place + MOST_WORDS]:
        if at != end or at in taken or at + len(word) - start > LONGEST or not _may_be_inside(word):
            break
        end = at + len(word)
    return end


def _may_be_inside(word: str) -> bool:
    if len(word) == 1:
        return word not in NEVER_INSIDE and word not in JOINED and not word.isnumeric()
    lists = ("speech", "titles", "class_nouns", "single_verbs")
    is_other = word in function_words() or is_weak(word)
    return not is_other and not any(word in folded_entries(one) for one in lists)


def _is_name(text: Text, start: int, end: int) -> bool:
    name = text.folded[start:end]
    words = [word for at, word in text.words[text.place_of(start) :][:MOST_WORDS] if at < end]
    is_odd = any(len(word) > 1 and not is_known(word) for word in words)
    is_again = text.times(name) > 1
    if is_known(name) or ending_of(name) == "long":
        return False
    if any(map(is_everyday, words)) and not (is_odd and is_again):
        return False
    if any(map(str.isnumeric, name)) or not NEVER_OWN.isdisjoint(name):
        return False
    if not _ends_well(text, end):
        return False
    if is_odd and end - start >= LEAST_ODD:
        return True
    return len(words) > 1 and (is_again or _is_told(text, start, end))


def _ends_well(text: Text, end: int) -> bool:
    """Whether a mark, a function word, an office or what people do follows."""
    if end >= len(text.folded) or not text.ideographic[end]:
        return True
    at, after = text.words[text.place_of(end)]
    return at == end and (after in function_words() or after in _behind())


def _is_told(text: Text, start: int, end: int) -> bool:
    """Whether it is listed, or an office stands behind it."""
    if LISTED in (text.folded[start - 1 : start], text.folded[end : end + 1]):
        return True
    place = text.place_of(end)
    behind = [word for at, word in text.words[place : place + 2] if at >= end]
    return any(word in folded_entries("titles") for word in behind[: 1 + (behind[:1] == ["的"])])


@cache
def _behind() -> frozenset[str]:
    return folded_entries("titles") | folded_entries("speech")
