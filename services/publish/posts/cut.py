"""RULE: the beginning of a text that fits, cut where a reader would.

    after 。！？                 the sentence is whole, nothing is added
    else at ；，、 and the like  … takes the place of the mark
    else between two words      and …; a Latin word and a number stay whole
    else between two characters a grapheme is never split

A cut further back is taken only if it keeps most of the text. Words of Chinese and Japanese are
found by BudouX (https://github.com/google/budoux).
"""

from collections.abc import Callable, Sequence
from functools import cache

import budoux
import regex

from services.publish.posts.counting import graphemes

Fits = Callable[[str], bool]

MORE = "…"
SENTENCE_END = frozenset("。！？!?")
CLOSING = frozenset('」』）〉》)"”’')
CLAUSE_END = frozenset("；，、：;,:—─")
OPENING = frozenset("「『（〈《(“‘")
KEEPS_MOST = 0.6
"""Share of what would fit that a cut at a mark must keep."""
KEEPS_ENOUGH = 0.85
"""The same for a cut between two words."""
WHOLE = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{M}\p{N}]")
INNER = frozenset(".,'’-/:%")
"""What may stand inside a number or a Latin word."""


def shorten(text: str, fits: Fits, language: str = "zh-Hant") -> str:
    """The text, or its beginning; empty when nothing of it fits.

    `fits` says whether a beginning, with its …, is short enough. `language` is BCP 47.
    """
    text = text.strip()
    if fits(text):
        return text
    parts = graphemes(text)
    room = _most_that_fits(parts, fits)
    for cut in _cuts(parts, room, language):
        beginning = _ended("".join(parts[:cut]))
        if fits(beginning):
            return beginning
    return ""


def _most_that_fits(parts: Sequence[str], fits: Fits) -> int:
    """How many graphemes fit together with …, as if a shorter text were never longer."""
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        if fits("".join(parts[:middle]) + MORE):
            low = middle
        else:
            high = middle - 1
    return low


def _cuts(parts: Sequence[str], room: int, language: str) -> list[int]:
    """Where to cut, best first; each is a number of graphemes, none above `room`."""
    between = [cut for cut in range(room, 0, -1) if not _is_inside(parts, cut)]
    sentences = [cut for cut in between if _ends_sentence(parts[:cut])]
    clauses = [cut for cut in between if parts[cut - 1] in CLAUSE_END]
    marks = [cut for cut in (*sentences[:1], *clauses[:1]) if cut >= KEEPS_MOST * room]
    starts = _word_starts("".join(parts), language)
    lengths = _offsets(parts)
    words = [cut for cut in between if lengths[cut] in starts and cut >= KEEPS_ENOUGH * room]
    return [*marks, *words[:1], *between]


def _ends_sentence(parts: Sequence[str]) -> bool:
    """Whether a whole sentence ends here, perhaps in a quotation."""
    last = len(parts) - 1
    while last >= 0 and parts[last] in CLOSING:
        last -= 1
    return last >= 0 and parts[last] in SENTENCE_END


def _is_inside(parts: Sequence[str], cut: int) -> bool:
    """Whether a cut before `parts[cut]` would split a Latin word or a number."""
    before, after = parts[cut - 1], parts[cut] if cut < len(parts) else " "
    if before in INNER and cut > 1:
        before = parts[cut - 2]
    if after in INNER and cut + 1 < len(parts):
        after = parts[cut + 1]
    return bool(WHOLE.match(before) and WHOLE.match(after))


def _offsets(parts: Sequence[str]) -> list[int]:
    """How many code points lie before each grapheme, and in all of them."""
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return offsets


def _ended(beginning: str) -> str:
    """The beginning as readers see it: with … unless its sentence is whole."""
    parts = graphemes(beginning.rstrip())
    if _ends_sentence(parts):
        return "".join(parts)
    while parts and (parts[-1] in CLAUSE_END | OPENING or parts[-1].isspace()):
        parts.pop()
    return "".join(parts) + MORE if parts else ""


def _word_starts(text: str, language: str) -> frozenset[int]:
    """Where words begin, in code points: behind spaces, and where BudouX says so."""
    spaces = {at + 1 for at, char in enumerate(text) if char.isspace()}
    parser = _parser(language)
    at, starts = 0, set()
    for word in parser.parse(text) if parser else ():
        starts.add(at)
        at += len(word)
    return frozenset(spaces | starts)


@cache
def _parser(language: str) -> budoux.Parser | None:
    """The model for a language, None where words stand apart by themselves."""
    primary, *others = language.lower().split("-")
    if primary == "ja":
        return budoux.load_default_japanese_parser()
    if primary == "zh":
        simplified = {"hans", "cn", "sg"} & set(others)
        return (
            budoux.load_default_simplified_chinese_parser()
            if simplified
            else budoux.load_default_traditional_chinese_parser()
        )
    return None
