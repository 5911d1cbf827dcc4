"""RULE: parties, by two or three characters before 黨: named twice, or with what parties have."""

from collections import Counter
from collections.abc import Iterator

from services.enrich.folding import folded_entries, function_words
from services.enrich.name_parts import part_of
from services.enrich.named import Span, mentions_of
from services.enrich.words import Text

ENDING, BRANCH = "党", "党部"
SHORT, LONG = 2, 3
BEHIND = frozenset("籍团主立议总推提")
"""What follows the name of a party that is mentioned once: 民本黨團, 自強黨立委."""
HOUSES = "院会"
"""Of whose parties is spoken, and none is: 立院黨團."""
SIZES = "新大小"
NEW = ("新", "大")


def parties_in(text: Text, taken: frozenset[int]) -> Iterator[str]:
    """Yield the parties that a text names outside the `taken` places."""
    if ENDING not in text.folded:
        return
    spans = list(_spans(text, taken))
    counts = Counter(text.folded[slice(*span)] for span in spans)
    for start, end in spans:
        name, after = text.folded[start:end], text.folded[end : end + 1]
        is_named = after in BEHIND or counts[name] > 1 or _is_branch(text, end)
        if is_named and _could_be(name.removesuffix(ENDING)):
            yield name


def _spans(text: Text, taken: frozenset[int]) -> Iterator[Span]:
    """Where something begins that ends with 黨, with words that belong together."""
    words = {at: word for at, word in text.words if at not in taken}
    for at, end in mentions_of(text.folded, ENDING):
        longer, shorter = at - LONG, at - SHORT
        first = words.get(longer, "")
        is_longer = bool(first) and (first in NEW or first not in function_words())
        is_longer &= len(first) in (1, LONG) and bool(text.ideographic[longer:at].all())
        if is_longer and first not in folded_entries("single_verbs"):
            yield longer, end
        elif shorter in words and text.ideographic[shorter:at].all():
            yield shorter, end


def _is_branch(text: Text, at: int) -> bool:
    """Whether the branch of a party follows: 國政黨|新竹縣黨部."""
    place = text.place_of(at)
    words = [word for start, word in text.words[place : place + 2] if start >= at]
    return len(words) > 1 and part_of(words[0]) == "place" and words[1].endswith(BRANCH)


def _could_be(head: str) -> bool:
    if head[-1] in HOUSES:
        return False
    is_plain = folded_entries("no_parties").isdisjoint(head) and head[-1] not in SIZES
    return is_plain and head not in folded_entries("generic_names")
