"""RULE: where a name without an ending could stand, and the signs that say whether it does.

Bands, shops and firms are called by any words: 瓦斯貓, 地下六樓, 極光連線. A candidate is a run
of one to three words that could be inside of a name, of which no dictionary has one, or that is
quoted, or that a word for a kind, an office or what people do touches. `brand_odds.txt` weighs its
signs.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from services.enrich.body_signs import (
    DIGITS,
    THINGS,
    Candidate,
    Sign,
    after_of,
    before_of,
    endings_in,
    may_be_inside,
)
from services.enrich.cutter import is_known
from services.enrich.folding import folded_entries
from services.enrich.named import mentions_of
from services.enrich.word_kinds import is_everyday, word_kind
from services.enrich.words import Text

MOST_WORDS, SHORTEST, SHORT, LONGEST = 3, 2, 3, 7
AROUND = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
"""How many words before and behind an unknown one belong to a run."""
QUOTES = ("「", "『")
NEVER_LAST = frozenset(
    (
        "of", "preposition", "number", "says", "speech", "function", "place", "country", "title",
        "kind", "body", "other", "prefix",
    )
)  # fmt: skip
"""Kinds of words that such a name does not end with."""
LEAD_CHARS = 600
UNKNOWN = "unknown"
BEFORE, BEHIND = ("kind", "title"), ("title", "says", "speech")
ACTS = ("speech", "says", "title")
MOST_CHARS, MOST_TIMES, MOST_ACTS = 6, 4, 2

Words = Sequence[tuple[int, str]]


class Context(NamedTuple):
    """The words around a candidate and their kinds, those inside, and how often it is told."""

    before: str
    behind: str
    after: str
    following: str
    kinds: str
    chars: str
    times: str
    known: str


def candidates_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Candidate, Context]]:
    """Yield what could be such a name outside the `taken` places, and its context.

    Only where a story begins: who is called so, and matters, is called so early.
    """
    words = text.words[: text.place_of(text.head + LEAD_CHARS) + 1]
    kinds = [word_kind(word) for _, word in words]
    joined, inside = _joints(words, taken)
    ends = endings_in(text)
    for first, last in sorted(_likely_runs(text, words, kinds)):
        if not 0 <= first <= last < len(words) or kinds[last] in NEVER_LAST:
            continue
        (start, _), (at, word) = words[first], words[last]
        is_whole = joined[first] == joined[last] and inside[first] == inside[last]
        is_long = SHORTEST <= at + len(word) - start <= LONGEST
        is_thing = word[-1] in THINGS and at + len(word) - start <= SHORT
        if is_whole and is_long and at not in taken and word not in ends and not is_thing:
            candidate = Candidate(first, last, start, at + len(word))
            yield candidate, context_of(text, candidate)


def _likely_runs(text: Text, words: Words, kinds: Sequence[str]) -> set[tuple[int, int]]:
    """The first and last places of runs of words for which something speaks, real or not."""
    runs: set[tuple[int, int]] = set()
    for place, kind in enumerate(kinds):
        if kind == UNKNOWN:
            runs.update([(place - n, place + m) for n, m in AROUND])
        elif kind in BEFORE:
            runs.update([(place + 1, place + 1 + n) for n in range(MOST_WORDS)])
        elif kind in BEHIND:
            runs.update([(place - 1 - n, place - 1) for n in range(MOST_WORDS)])
    quoted = (place for place, (at, _) in enumerate(words) if text.folded[at - 1 : at] in QUOTES)
    runs.update([(place, place + n) for place in quoted for n in range(MOST_WORDS)])
    return runs


def _joints(words: Words, taken: frozenset[int]) -> tuple[list[int], list[int]]:
    """For each place, how many words before it do not touch, and how many stand in no name."""
    joined, inside = [0], [0]
    for (at, word), (start, _) in pairwise(words):
        joined.append(joined[-1] + (at + len(word) != start))
        inside.append(inside[-1] + (at in taken or not may_be_inside(word)))
    return joined, inside


def context_of(text: Text, candidate: Candidate) -> Context:
    """The context of a candidate."""
    name = text.folded[candidate.start : candidate.end]
    kinds = [word_kind(word) for word in words_of(text, candidate)]
    return Context(
        *before_of(text, candidate),
        *after_of(text, candidate),
        "/".join(kinds),
        DIGITS[min(len(name), MOST_CHARS)],
        DIGITS[min(text.times(name), MOST_TIMES)],
        "known" if is_known(name) else "unknown",
    )


def words_of(text: Text, candidate: Candidate) -> list[str]:
    """The words of a candidate."""
    return [word for _, word in text.words[candidate.first : candidate.last + 1]]


def signs_of(text: Text, candidate: Candidate, context: Context) -> tuple[Sign, ...]:
    """All signs of a candidate."""
    return (*signs_of_context(context), *signs_of_words(text, candidate))


def signs_of_context(context: Context) -> tuple[Sign, ...]:
    """The signs of a context, alone and in pairs."""
    before, behind, after, following, kinds, chars, times, known = context
    return (
        ("any",),
        ("chars", chars),
        ("kinds", kinds),
        ("before", before),
        ("after", after),
        ("behind", behind),
        ("next", following),
        ("before", before, "after", after),
        ("behind", behind, "after", after),
        ("next", following, "before", before),
        ("before", before, "kinds", kinds),
        ("after", after, "kinds", kinds),
        ("before", before, "chars", chars, known),
        ("times", times, known, chars),
        ("times", times, "before", before),
        ("times", times, "after", after),
        *(("has", kind) for kind in dict.fromkeys(kinds.split("/"))),
    )


def signs_of_words(text: Text, candidate: Candidate) -> tuple[Sign, ...]:
    """The signs of the words themselves, and of what the name does elsewhere."""
    words = words_of(text, candidate)
    name = text.folded[candidate.start : candidate.end]
    acts = _acts(text, name) if text.times(name) > 1 else 0
    return (
        ("first", words[0]),
        ("last", words[-1]),
        ("character", name[0]),
        ("char", name[-1]),
        ("acts", DIGITS[min(acts, MOST_ACTS)]),
        ("headline",) if candidate.start < text.head else ("body",),
        *_flags(name, tuple(words)),
    )


@lru_cache(maxsize=1 << 14)
def _flags(name: str, words: tuple[str, ...]) -> tuple[Sign, ...]:
    flags = {
        "common": name in folded_entries("common"),
        "topic": name in folded_entries("topics"),
        "everyday": any(map(is_everyday, words)),
    }
    return tuple((sign,) for sign, is_so in flags.items() if is_so)


def _acts(text: Text, name: str) -> int:
    """How often an office or what people do stands behind it."""
    words = (text.words[text.place_of(end)] + (end,) for _, end in mentions_of(text.folded, name))
    return sum(at == end and word_kind(word) in ACTS for at, word, end in words)
