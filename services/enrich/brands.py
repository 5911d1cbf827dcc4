"""Firms and groups whose names have no ending: 共享機車業者順騎, 奧義盾分析師, 女團「夏日奶昔」.

What they are stands beside them: a word for their kind before, an office or 等三家 behind. A word
that no dictionary has, and that comes again and speaks, is one too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice

from services.enrich.cutter import is_known
from services.enrich.folding import HAN, folded_entries
from services.enrich.name_grammar import part_of
from services.enrich.named import LATIN_NAME, Span
from services.enrich.offices import offices_in
from services.enrich.suffixes import ending_in
from services.enrich.words import Text

QUOTED = re.compile(rf"「([{HAN}a-z0-9 ]{{2,10}})」")
SHORTEST, LONGEST = 2, 4
OFTEN = 2
FOUNDED = ("另组", "成立", "创立", "筹组", "组成", "创办")
HEADED = re.compile("的?(?:团长|董事长|执行长|创办人|负责人|店长|社长|总经理|主理人|发言人|主厨)")
BUSINESS = ("去年亏损", "去年营收", "营收", "亏损", "宣布", "倒闭", "歇业", "停业", "展店")
"""What the books tell of firms, or their offices, behind a quoted name: 「風城騎」去年虧損."""
COUNTED = re.compile("等[两二三四五六七八九十多数]+家")
MAX_QUOTED = 50
ALONE = re.compile(r"[A-Z][A-Za-z0-9]{2,14}(?![A-Za-z0-9 .・·])")
"""A word in Latin letters with a capital that no other such word follows."""
SAYS = frozenset(("说", "表示", "指出", "强调", "坦言", "宣布", "回应", "认为", "则", "今天"))
DECLARES = ("表示", "宣布", "指出", "声明", "回应", "推出", "强调", "证实")
OWNED = ("own", "noun")
MOST_WORDS, LONGEST_OWNED = 4, 6
LEAST_BODY, MOST_BODY = 3, 10
MAX_OFFICES = 100
TOWNS = frozenset("市县乡镇区里村省州")
"""What the offices begin with that somebody has in a town: 瀾港|市長."""
NO_HEADS = frozenset("农民工生友客家嫌犯")
"""How words for people end that are no office in a body: 石棹|茶農."""
SHORTENED = frozenset("会盟党联网")
NOT_LAST = frozenset("系所方数价率者员们县市区乡里性式型")
LISTED = ("家", "社", "业者", "公司", "厂商", "平台", "集团")
TRADES = frozenset(
    (
        "并购",
        "收购",
        "合并",
        "宣布",
        "营运",
        "推出",
        "回应",
        "声明",
        "合办",
        "主办",
        "出资",
        "代理",
        "得标",
        "承揽",
        "承建",
        "承包",
    )
)
"""Words that firms do, beside those for what anybody says."""


def brands_in(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield the spans of such names outside the `taken` places, and why each is one."""
    yield from _quoted(text)
    yield from _behind_kinds(text)
    yield from _before_offices(text, taken)
    yield from _in_capitals(text, taken)
    acts = _acts(text)
    unknown = [place for place, nature in enumerate(text.natures) if nature == "unknown"]
    for place in unknown:
        at, word = text.words[place]
        if at not in taken and _could_be(word):
            why = _why(text, place, taken, acts)
            if why:
                yield (at, at + len(word)), why


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


def _before_offices(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    """Yield what somebody's office is in: 幣多多|負責人方文軒, 的|順昌螺絲|董事長江明潭."""
    for start, end in offices_in(text)[:MAX_OFFICES]:
        if end not in taken or not _is_of_a_body(text.folded[start:end]):
            continue
        at, is_odd = _start_of_run(text, start, taken)
        name = text.folded[at:start]
        is_edge = not at or not text.ideographic[at - 1]
        is_name = is_edge and is_odd and name[-1:] not in NOT_LAST
        is_name = is_name and SHORTEST <= len(name) <= LONGEST_OWNED
        if is_name or _is_body(name):
            yield (at, start), f"後接「{text.surface[start:end]}」"


def _is_of_a_body(office: str) -> bool:
    """Whether it is an office that somebody has in a body: no farmer, and no mayor."""
    return office[-1] not in NO_HEADS and TOWNS.isdisjoint(office[:2])


def _start_of_run(text: Text, end: int, taken: frozenset[int]) -> tuple[int, bool]:
    """Where the words begin that could be a name and end here, and whether one is in no list."""
    at, is_odd = end, False
    for begin, whole in reversed(text.words_before(end, MOST_WORDS)):
        word = whole[: at - begin]
        if begin + len(word) != at or begin in taken or part_of(word) not in OWNED:
            break
        at, is_odd = begin, is_odd or part_of(word) == "own"
    return at, is_odd


def _is_body(name: str) -> bool:
    """Whether it ends as bodies do, and more than common words stand before the ending."""
    if not LEAST_BODY <= len(name) <= MOST_BODY or is_known(name):
        return False
    own = name.removesuffix(ending_in(name)) if ending_in(name) else name[:-1]
    ends = bool(ending_in(name)) or name[-1] in SHORTENED
    return ends and len(own) >= SHORTEST and own not in folded_entries("common")


def _could_be(word: str) -> bool:
    """Whether a word that no dictionary has is as long as names are, and not in Latin letters."""
    return SHORTEST <= len(word) <= LONGEST and word[-1] not in NOT_LAST and not word.isascii()


def _why(text: Text, place: int, taken: frozenset[int], acts: Counter[str]) -> str:
    at, word = text.words[place]
    before, after = _beside(text, place - 1, at), _beside(text, place + 1, at + len(word))
    if before in folded_entries("class_nouns") and not after[:1].isnumeric():
        return f"前接「{before}」"
    if after in folded_entries("titles"):
        is_told = at + len(word) + len(after) in taken and _is_of_a_body(after)
        return f"後接「{after}」" if is_told else ""
    if after == "等" and _beside(text, place + 2, at + len(word) + 1).endswith(LISTED):
        return "列舉"
    often = OFTEN + (len(word) == SHORTEST)
    speaks = after in TRADES or (len(after) > 1 and after in folded_entries("speech"))
    if speaks and word[-1] in SHORTENED and len(word) > SHORTEST:
        return "簡稱"
    is_again = text.times(word) >= often or acts[word] >= OFTEN
    return "屢次提及" if speaks and is_again else ""


def _acts(text: Text) -> Counter[str]:
    """How often each word stands before one for what firms say or do."""
    acts = (SAYS | TRADES) & text.distinct
    pairs = zip(text.words, text.words[1:], strict=False) if acts else ()
    return Counter(
        word for (at, word), (behind, after) in pairs if after in acts and behind == at + len(word)
    )


def _beside(text: Text, place: int, edge: int) -> str:
    """The word at a place, if it touches the edge; else nothing."""
    if not 0 <= place < len(text.words):
        return ""
    at, word = text.words[place]
    return word if edge in (at, at + len(word)) else ""
