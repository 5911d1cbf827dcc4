"""Organisations in a text: those of a list, and those whose names end as such names do.

From the ending the name is followed to the left, word by word, until a word that no name holds: a
verb, a function word, an office, a person. 花蓮縣議會 that is 縣議會 later on is one organisation,
and so is 島嶼行動聯盟 that is 島盟.
"""

import re
from collections.abc import Iterator
from functools import cache

from services.enrich.associations import start_of_association
from services.enrich.brands import TRADES, brands_in
from services.enrich.cutter import is_known
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.kinds import behind_kinds_in
from services.enrich.localities import without_place
from services.enrich.name_grammar import (
    MAX_WORDS,
    part_of,
    start_of_listed,
    start_of_name,
)
from services.enrich.named import Named, Span, all_mentions, mentions_of
from services.enrich.offices import offices_in
from services.enrich.own_names import is_between, start_of_own, with_first
from services.enrich.parties import parties_in
from services.enrich.short_forms import shortened_in, tails_of
from services.enrich.suffixes import (
    MIN_BEFORE_SHORT_ENDING,
    ending_of,
    ends_as_organisation,
    is_ending,
    last_characters,
    loose_endings,
)
from services.enrich.words import Text

MAX_ORGANISATIONS = 40
FEW, MIN_FIRM, LONG_WORD = 2, 3, 6
THINGS = frozenset("线桥路站案馆园港湾区号楼法费税式型性化")
"""Characters that what is built or decided ends with, and firms do not: 萬大線|工程."""
WEAK_LAST = frozenset("厂庙院处")
DEPUTY = "副"
BEFORE_OFFICES = ("前", DEPUTY, "现", "新", "老")
SPEAKING = ("说", "则", "称")
TELLING: frozenset[str] = frozenset(("place", "prefix", "whole"))
"""Parts of a name that tell which firm or market it is, as words for what it does do not."""
INNING = re.compile(f"第[{HAN}]局$")
OFFICE, TOWNS = "公所", "乡镇"
HEADED = frozenset("部署局处院馆所厂厅省")
"""Endings that an office begins with: 部長, 局長."""
AGENCIES = frozenset("局署")
OF_A_CITY, AGENCY_CHARS = "局处", 3
ANY_AGENCY = (
    "管理局",
    "管理处",
    "办事处",
    "事业处",
    "服务处",
    "代表处",
    "联络处",
    "营业处",
    "工程处",
    "秘书处",
    "总务处",
)
COUNTED = ("第", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "决胜")
"""Endings of agencies, which need no town before them: 衛生局, 消防署."""


def organisations_in(text: Text, taken: frozenset[int]) -> tuple[Named, ...]:
    """Find organisations outside the `taken` places, which belong to people and bylines."""
    found: dict[str, str] = {}
    for name, why in _ended(text, taken):
        found.setdefault(name, why)
        if len(found) >= MAX_ORGANISATIONS:
            break
    for name in parties_in(text, taken):
        found.setdefault(name, "結尾")
    for (start, end), why in (*_behind_kinds(text, taken), *brands_in(text, taken)):
        name = text.folded[start:end]
        is_of_a_person = any(at in taken for at, _ in mentions_of(text.folded, name))
        if not is_of_a_person and not any(name in other for other in found):
            found[name] = why
    names = list(found)[:MAX_ORGANISATIONS]
    short = {name for name in names if _is_short_form(name, names)}
    return tuple(_named(text, name, short, found[name]) for name in names if name not in short)


def _behind_kinds(text: Text, taken: frozenset[int]) -> Iterator[tuple[Span, str]]:
    yield from ((span, f"前接「{kind}」") for span, kind in behind_kinds_in(text, taken))


def _ended(text: Text, taken: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Yield names by their ending or a list, and which of both; the headed ones too."""
    listed, lasts, headed = folded_entries("organisations"), last_characters(), _headed(text)
    ends = {word for word in text.distinct if word[-1] in lasts and ending_of(word) != "none"}
    loose = loose_endings() & text.distinct
    likely = ends | loose | (listed & text.distinct)
    for place, (at, word) in enumerate(text.words):
        if (word not in likely and at not in headed) or at in taken:
            continue
        end = headed.get(at, at + len(word))
        is_listed = word in listed and at not in headed
        start = _start(text, place, taken, is_listed=is_listed)
        name = text.folded[start:end]
        if at in headed:
            if end - start > MIN_BEFORE_SHORT_ENDING:
                yield name, "結尾"
        elif is_listed:
            yield name, "名單"
        elif _is_agency(name):
            yield name, "機關"
        elif _may_end_here(text, place) and ends_as_organisation(name):
            if _is_name(text, start, end, place):
                yield name, "結尾"
        elif word in loose and _is_firm(text, start, end, place):
            yield name, "結尾"


def _is_agency(name: str) -> bool:
    """Whether it is an agency that a city has one of, named without its city: 環保局, 公園處."""
    is_one = len(name) == AGENCY_CHARS and name[-1] in OF_A_CITY and is_ending(name)
    return is_one and name not in ANY_AGENCY


def _headed(text: Text) -> dict[int, int]:
    """Where the last word of an organisation begins that its head gives away, and where it ends.

    衛福|部長 and 經濟部長 speak of 衛福部 and 經濟部.
    """
    found: dict[int, int] = {}
    for at, _ in offices_in(text):
        if text.folded[at + 1 : at + 2] != "长" or text.folded[at] not in HEADED:
            continue
        place = text.place_of(at)
        if place > 0 and text.words[place][0] == at and _touches(text, place):
            place -= 1
        if text.folded[at - 1] in BEFORE_OFFICES:
            continue
        if text.folded[at - 1] == text.folded[at]:
            if place >= 0 and text.words[place][0] < at:
                found[text.words[place][0]] = at
            continue
        if place >= 0 and text.words[place][0] < at:
            found[text.words[place][0]] = at + 1
    return found


def _touches(text: Text, place: int) -> bool:
    """Whether the word before begins where this one ends, without a mark between."""
    at, word = text.words[place - 1]
    return at + len(word) == text.words[place][0]


def _may_end_here(text: Text, place: int) -> bool:
    at, word = text.words[place]
    ending = ending_of(word)
    if ending != "short" or word in folded_entries("whole_endings"):
        return ending != "none"
    if len(word) == MIN_BEFORE_SHORT_ENDING:
        return False
    after = text.words[place + 1] if place + 1 < len(text.words) else (-1, "")
    return after[0] != at + len(word) or len(after[1]) > 1 or after[1] in function_words()


def _start(text: Text, place: int, taken: frozenset[int], *, is_listed: bool) -> int:
    """Where the name begins that ends with the word at this place."""
    at, word = text.words[place]
    end = at + len(word)
    if is_listed:
        return start_of_listed(text, place)
    if len(word) == 1 and place and text.words[place - 1][1][0].isnumeric():
        return at
    start = start_of_name(text, place, taken)
    whole = start_of_association(text, place, taken)
    if whole is not None and whole < start:
        return without_place(text, whole, end)
    if at - start < FEW:
        bounded = start_of_own(text, place, taken)
        start = start if bounded is None else min(start, bounded)
    return without_place(text, with_first(text, start), end)


def _is_name(text: Text, start: int, end: int, place: int) -> bool:
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
    return name.endswith(OFFICE) and not _is_district(text, name.removesuffix(OFFICE))


def _is_district(text: Text, name: str) -> bool:
    if text.times(name) > text.times(name + OFFICE):
        return True
    if name[-1] in TOWNS and name[:-1] not in folded_entries("common"):
        return True
    return any(name[n:] in folded_entries("places") for n in (0, 2, 3))


def _is_firm(text: Text, start: int, end: int, place: int) -> bool:
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


def _is_short_form(name: str, names: list[str]) -> bool:
    """Whether it is the tail of a longer name: 縣議會 beside 花蓮縣議會."""
    is_listed = name in folded_entries("organisations")
    return not is_listed and any(other != name and other.endswith(name) for other in names)


def _named(text: Text, name: str, short: set[str], why: str) -> Named:
    tails = [other for other in short if name.endswith(other)]
    shorter = tuple(dict.fromkeys((*tails, *tails_of(name), *shortened_in(text.folded, name))))
    mentions = all_mentions(text.folded, name, shorter)
    return Named(name, "organisation", mentions, f"機構，{why}")
