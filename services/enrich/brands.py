"""Firms and groups that are quoted or in Latin letters: 女團「夏日奶昔」, KKday執行長.

What they are stands beside them: a word for their kind before, an office or 等三家 behind.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from services.enrich.folding import HAN, folded_entries
from services.enrich.named import LATIN_NAME, Span
from services.enrich.words import Text

QUOTED = re.compile(rf"「([{HAN}a-z0-9 ]{{2,10}})」")
FOUNDED = ("另组", "成立", "创立", "筹组", "组成", "创办")
HEADED = re.compile("的?(?:团长|董事长|执行长|创办人|负责人|店长|社长|总经理|主理人|发言人|主厨)")
BUSINESS = ("去年亏损", "去年营收", "营收", "亏损", "宣布", "倒闭", "歇业", "停业", "展店")
"""What the books tell of firms, or their offices, behind a quoted name: 「風城騎」去年虧損."""
COUNTED = re.compile("等[两二三四五六七八九十多数]+家")
MAX_QUOTED = 50
ALONE = re.compile(r"[A-Z][A-Za-z0-9]{2,14}(?![A-Za-z0-9 .・·])")
"""A word in Latin letters with a capital that no other such word follows."""
DECLARES = ("表示", "宣布", "指出", "声明", "回应", "推出", "强调", "证实")


def brands_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield the spans of such names outside the `taken` places, and why each is one."""
    yield from _quoted(text)
    yield from _behind_kinds(text)
    yield from _in_capitals(text, taken)


def _behind_kinds(text: Text) -> Iterator[tuple[Span, str]]:
    """Yield what is quoted or in capitals behind a word for a kind: 女團「夏日奶昔」."""
    kinds = folded_entries("class_nouns") & text.distinct
    for at, word in text.words if kinds else ():
        if word in kinds:
            end = at + len(word)
            quoted = QUOTED.match(text.folded, end)
            latin = LATIN_NAME.match(text.surface, end)
            while quoted:
                yield quoted.span(1), f"前接「{word}」"
                end = quoted.end() + 1
                joined = text.folded[quoted.end() : end] in ("与", "、", "和", "及")
                quoted = QUOTED.match(text.folded, end) if joined else None
            if latin:
                yield latin.span(), f"前接「{word}」"


def _quoted(text: Text) -> Iterator[tuple[Span, str]]:
    """Yield quoted names behind a founding or before a kind: 另組「新浪連線」, 「草東街」樂團."""
    for number, match in enumerate(QUOTED.finditer(text.folded)):
        if number >= MAX_QUOTED:
            return
        start, end = match.span()
        if text.folded.endswith(FOUNDED, max(start - 2, 0), start):
            yield match.span(1), "成立"
        elif text.folded.startswith(_kinds(), end) or COUNTED.match(text.folded, end):
            yield match.span(1), "後接類別"
        elif text.folded.startswith(BUSINESS, end) or HEADED.match(text.folded, end):
            yield match.span(1), "後接作為"


@cache
def _kinds() -> tuple[str, ...]:
    return tuple(sorted(folded_entries("class_nouns")))


def _in_capitals(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield names in Latin letters that speak, or whose office names somebody: KKday執行長."""
    words = dict(text.words)
    for match in islice(ALONE.finditer(text.surface), MAX_QUOTED):
        start, end = match.span()
        after = words.get(end, "")
        heads = after in folded_entries("titles") and end + len(after) in taken
        if not (heads or after in DECLARES):
            continue
        before = text.surface[max(start - 1, 0) : start]
        if start not in taken and (not before.isascii() or before in ("", "\n")):
            yield (start, end), f"後接「{text.surface[end : end + len(after)]}」"
