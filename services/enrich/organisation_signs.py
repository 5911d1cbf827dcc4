"""RULE: whether what ends as organisations do is the name of one, by what stands in it and around.

An ending that nothing else has needs little; one that is an ordinary word (科技, 市場) needs a name
of its own, a place or the body it belongs to before it, or somebody who acts.
"""

import re
from functools import cache

from services.enrich.brands import TRADES
from services.enrich.cutter import is_known
from services.enrich.folding import folded_entries
from services.enrich.name_grammar import MAX_WORDS, part_of
from services.enrich.own_names import is_between
from services.enrich.suffixes import MIN_BEFORE_SHORT_ENDING, ending_of, is_ending
from services.enrich.words import Text

FEW, MIN_FIRM, LONG_WORD = 2, 3, 6
THINGS = frozenset("线桥路站案馆园港湾区号楼法费税式型性化")
"""Characters that what is built or decided ends with, and firms do not: 萬大線|工程."""
WEAK_LAST = frozenset("厂庙院处")
DEPUTY = "副"
SPEAKING = ("说", "则", "称")
TELLING: frozenset[str] = frozenset(("place", "prefix", "whole"))
"""Parts of a name that tell which firm or market it is, as words for what it does do not."""
PRIZES = ("大奖", "奖", "盃", "杯", "赛", "大赛", "公开赛")
INNING = re.compile("[第〇零一二三四五六七八九十百两几]局$")
OFFICE, TOWNS = "公所", "乡镇"
GOVERNMENTS = ("市府", "县府")
"""What a place stands before, and nothing else: 花蓮|縣府."""
HEADED = frozenset("部署局处院馆所厂厅省")
"""Endings that an office begins with: 部長, 局長."""
AGENCIES = frozenset("局署")
OF_A_CITY, AGENCY_CHARS = "局处", 3
ANY_AGENCY = frozenset(
    ("管理", "办事", "事业", "服务", "代表", "联络", "营业", "工程", "秘书", "总务")
)
"""What says nothing about an agency before its last character: 管理局."""
COUNTED = ("第", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "决胜")
"""Endings of agencies, which need no town before them: 衛生局, 消防署."""


def is_name(text: Text, start: int, end: int, place: int) -> bool:
    """Whether more stands before the ending than words that fit any organisation."""
    at, word = text.words[place]
    before = [w for a, w in text.words[max(place - MAX_WORDS, 0) : place] if start <= a < at]
    if _is_none(text, text.folded[start:end]):
        return False
    if not before:
        return end - start > len(word) or _is_word_a_name(word)
    told = [w for w in before if w not in folded_entries("generic_names")]
    if before[-1] in folded_entries("countries") and word[-1] in HEADED:
        return True
    is_weak = ending_of(word) == "short" and word[-1] in WEAK_LAST
    if word not in folded_entries("weak_suffixes") and not is_weak:
        return bool(told)
    parts = {part_of(w) for w in before}
    if is_between(text, start, at, end):
        return True
    is_own = (
        any(w.startswith("第") for w in before)
        or sum(len(w) for w in before if part_of(w) == "own") > 1
    )
    return is_own or bool(parts & TELLING) or (bool(told) and _acts(text, start, end))


def _is_none(text: Text, name: str) -> bool:
    """Whether it only ends as organisations do: 第三局, 副分署, 立法院院, 夜守區公所."""
    if INNING.search(name) or name[0] == DEPUTY or name.endswith("院院"):
        return True
    if name.endswith(GOVERNMENTS):
        return part_of(name[: -len(GOVERNMENTS[0])]) != "place"
    return name.endswith(OFFICE) and not _is_district(text, name.removesuffix(OFFICE))


def _is_district(text: Text, name: str) -> bool:
    if text.times(name) > text.times(name + OFFICE):
        return True
    if name[-1] in TOWNS and name[:-1] not in folded_entries("common"):
        return True
    return any(name[n:] in folded_entries("places") for n in (0, 2, 3))


def is_firm(text: Text, start: int, end: int, place: int) -> bool:
    """Whether a name of its own stands before a loose ending, and comes again or acts."""
    at, _ = text.words[place]
    before = [w for a, w in text.words[max(place - MAX_WORDS, 0) : place] if start <= a < at]
    told = [w for w in before if w not in folded_entries("generic_names")]
    own = "".join(w for w in told if part_of(w) == "own")
    if not told or len(before) > FEW or any(w[-1] in THINGS for w in told):
        return False
    if (len(own) >= FEW and text.times(own) > 1) or is_between(text, start, at, end):
        return True
    return end - start > MIN_FIRM and _acts(text, start, end)


def _acts(text: Text, start: int, end: int) -> bool:
    """Whether what stands around says that a name is here: 海島航運|總經理, 建商|永恩建設."""
    place = text.place_of(end)
    at, after = text.words[place] if place >= 0 else (-1, "")
    after = after if at == end else ""
    if (
        after in folded_entries("titles")
        or after in SPEAKING
        or after in TRADES
        or (len(after) > 1 and after in folded_entries("speech"))
    ):
        return True
    before = [word for at, word in text.words_before(start, 1) if at + len(word) == start]
    return bool(before) and before[0] in folded_entries("class_nouns")


def _is_word_a_name(word: str) -> bool:
    is_whole = word.endswith(_schools()) and word not in _schools()
    is_whole |= word[-1] in "部署院" and word.startswith(tuple(folded_entries("countries")))
    is_whole |= word[-1] in AGENCIES and is_known(word) and not word.startswith(COUNTED)
    is_whole |= len(word) >= LONG_WORD and ending_of(word) == "long"
    return len(word) > MIN_BEFORE_SHORT_ENDING and (is_whole or not is_known(word))


@cache
def _schools() -> tuple[str, ...]:
    return tuple(folded_entries("schools"))


def names_something(text: Text, end: int) -> bool:
    """Whether a prize or a game is called by it: 台灣獨立書店|大獎."""
    at, after = text.words[text.place_of(end)]
    return at == end and after in PRIZES


def is_agency(name: str) -> bool:
    """Whether it is an agency that a city has one of, named without its city: 環保局, 公園處."""
    is_one = len(name) == AGENCY_CHARS and name[-1] in OF_A_CITY and is_ending(name)
    return is_one and name[:-1] not in ANY_AGENCY
