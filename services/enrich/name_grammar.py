"""RULE: where the name of an organisation begins, whose ending stands in a text.

From the ending, the name is read to the left, word by word, as such names are made:

    [whole] [prefix] [place] [own name] [what it does] ending
    財團法人 台北市 … 浪貓有家 … 協會      司法院 | 資訊處      國立 | 臺北 | 科技 | 大學

What stands further left than its place in that order does not belong to it: 新創公司|聲澄科技.
"""

from functools import cache
from typing import Literal

from services.enrich.cutter import is_known, nature_of
from services.enrich.folding import folded_entries
from services.enrich.suffixes import (
    MIN_BEFORE_SHORT_ENDING,
    ending_in,
    ends_as_organisation,
    is_ending,
)
from services.enrich.words import Text, is_weak

Part = Literal["noun", "own", "place", "prefix", "whole", "none"]
ORDER: dict[Part, int] = {"noun": 0, "own": 1, "place": 2, "prefix": 3}
BETWEEN: frozenset[Part] = frozenset(("own", "place", "noun"))
AGAIN: frozenset[Part] = frozenset(("noun", "own", "place", "prefix"))
"""Parts that may have several words."""
MAX_CHARS, MAX_WORDS = 18, 7
MAX_OWN_CHARS = 5
MAX_SHORT, MAX_WHOLES = 3, 3
AFTER_FIRMS = ("公司", "集团", "企业", "中心", "市场")
BY_LIST: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("name_prefixes",), "prefix"),
    (("class_nouns",), "none"),
    (("places",), "place"),
    (("inside_names",), "noun"),
    (("function_words", "titles", "generic_modifiers", "speech"), "none"),
    (("organisations",), "whole"),
)
"""What the lists of the lexicon make of a word; the first that has it tells."""
NEVER_OWN = frozenset("为经不的了在是偷被把让与说到完有另没都也仍亦均皆要着著吁我你他她请后")
GLUED = frozenset("并由遭被")
"""Function words that no name of a firm begins with."""
POSTED = "驻"
"""Between two places: 台北駐大阪經濟文化辦事處."""
NAMED_AFTER_PEOPLE = ("基金会", "纪念馆", "美术馆", "事务所", "诊所")
TOWN_ENDINGS = "乡镇区"
PREFIXED = ("大学", "博物馆", "美术馆", "医院", "中心", "基金会", "协会")
LOCAL = ("医院", "分院", "监狱", "改良场", "试验所", "分局", "分署")
FOUNDED = "立"
"""Behind a city: 高雄市|立|大同醫院."""
FOUNDED_BY = ("国立", "市立", "县立", "私立", "公立")
FOUNDED_AS = ("财团法人", "社团法人")
SHORTENED, FEDERATIONS = 2, "协总联"
"""中華|桌協."""
MINISTRIES = frozenset("部院府会署局")
DISTRICT_ENDINGS = "县市乡镇区里村"
WHOLE_DISTRICTS = frozenset(
    ("校区", "园区", "山区", "社区", "地区", "市区", "特区", "选区", "都市", "城市")
)


def start_of_name(text: Text, place: int, taken: frozenset[int], wholes: int = MAX_WHOLES) -> int:
    """Where the name begins that ends with the word at this place. `taken` belongs to people.

    `wholes` = how many organisations it may be a part of, one within the other.
    """
    at, ending = text.words[place]
    end, reached, own = at + len(ending), 0, 0
    for before in range(place - 1, max(place - MAX_WORDS, -1), -1):
        start, word = text.words[before]
        is_free = start not in taken or ending.endswith(NAMED_AFTER_PEOPLE)
        if start + len(word) != at or not is_free or end - start > MAX_CHARS:
            break
        whole = _whole_before(text, before, ending) if wholes else None
        if whole is not None:
            return start_of_name(text, whole, taken, wholes - 1)
        part = _part_before(text, before, ending, is_first=reached == 0)
        if part == "place" and text.words[before + 1][1] in FOUNDED_BY:
            return start
        if word == FOUNDED and before and part_of(text.words[before - 1][1]) == "place":
            return text.words[before - 1][0]
        if part not in ORDER or _ends_a_firm(word, ending):
            break
        own += len(word) if part == "own" else 0
        is_next = ORDER[part] > reached or (ORDER[part] == reached and part in AGAIN)
        if not is_next or own > MAX_OWN_CHARS:
            break
        at, reached = start, ORDER[part]
    return at + (reached == ORDER["own"] and text.folded[at] in GLUED and at + 1 < end)


def _whole_before(text: Text, place: int, ending: str) -> int | None:
    """Where an organisation ends of which the ending names a part: 新竹縣消防局|山崎|分隊."""
    word = text.words[place][1]
    if not ending.endswith(_children()):
        return None
    if is_ending(word) or (part_of(word) == "whole" and not _is_cause(word, ending)):
        return place
    is_between = part_of(word) in BETWEEN and _is_of_a_whole(text, place)
    return place - 1 if is_between else None


def _part_before(text: Text, place: int, ending: str, *, is_first: bool) -> Part:
    """Which part of the name the word at this place is, left of what was read already."""
    word = text.words[place][1]
    part = part_of(word)
    if is_first and part == "none":
        behind = text.words[place + 1][1]
        return "noun" if is_trade(word, ending, is_first=behind == ending) else "none"
    if part == "whole":
        is_short = len(word) <= MAX_SHORT and not ends_as_organisation(word)
        return "noun" if _is_cause(word, ending) else "own" if is_short else "whole"
    return "noun" if part == "prefix" and _is_inside(text, place) else part


def _is_inside(text: Text, place: int) -> bool:
    """Whether a name of its own stands before a word that may begin a name: 盛唐|國際|資產."""
    at, word = text.words[place - 1] if place else (0, "")
    is_near = bool(word) and at + len(word) == text.words[place][0]
    is_inside = text.words[place][1] in folded_entries("inside_names")
    return is_near and is_inside and part_of(word) in ("own", "noun") and not is_known(word)


def _is_of_a_whole(text: Text, place: int) -> bool:
    """Whether a whole organisation ends before the word at this place."""
    at, word = text.words[place - 1] if place else (0, "")
    is_near = bool(word) and at + len(word) == text.words[place][0]
    return is_near and (is_ending(word) or part_of(word) == "whole")


def _ends_a_firm(word: str, ending: str) -> bool:
    """Whether a name ended before: 聲澄科技|共同開發, while 建設 belongs to 建設公司."""
    weak = folded_entries("weak_suffixes")
    return word in weak and ending in weak and ending not in AFTER_FIRMS


def _is_cause(word: str, ending: str) -> bool:
    """Whether what ends as a body is what an association is about: 監督|核電廠|聯盟."""
    is_body = word in folded_entries("organisations") or is_ending(word)
    return ending in folded_entries("associations") and is_known(word) and not is_body


def is_trade(word: str, ending: str, *, is_first: bool) -> bool:
    """Whether a word for an office says whose association it is: 法官|協會, 家長|團體|聯盟.

    `is_first` = nothing stands between the word and the ending; only there 團體 is a part of it.
    """
    is_said = word in folded_entries("titles")
    is_said |= is_first and word in folded_entries("class_nouns")
    return is_said and ending in folded_entries("associations")


def start_of_listed(text: Text, place: int) -> int:
    """Where a listed name begins with what belongs before it: 國立|成功大學, 法務部|矯正署."""
    at, word = text.words[place]
    start, other = text.words[place - 1] if place else (0, "")
    if start + len(other) != at or not other:
        return at
    if other in FOUNDED_AS or (part_of(other) == "place" and word.endswith(_bodies())):
        return start
    if len(word) == SHORTENED:
        is_federation = word[-1] in FEDERATIONS and part_of(other) == "prefix"
        return start if is_federation else at
    if word.endswith(_children()) and is_ending(other):
        return start_of_name(text, place - 1, frozenset())
    is_part = part_of(other) == "prefix" and word.endswith(PREFIXED)
    is_part |= part_of(other) == "place" and word.endswith(LOCAL)
    is_part |= other in folded_entries("countries") and word[-1] in (*MINISTRIES, "军")
    is_part |= part_of(other) == "whole" and word.endswith(_children()) and other[-1] in MINISTRIES
    return start if is_part else at


@cache
def part_of(word: str) -> Part:
    """Which part of a name a folded word can be."""
    told = next(
        (part for lists, part in BY_LIST if any(word in folded_entries(x) for x in lists)), None
    )
    if told:
        return told
    if word == POSTED or _is_place(word):
        return "place"
    if len(word) == 1:
        is_verb = word in folded_entries("single_verbs") or word.isnumeric() or word in NEVER_OWN
        return "none" if is_verb else "own"
    return _part_by_nature(word)


def _part_by_nature(word: str) -> Part:
    nature = nature_of(word)
    if is_weak(word) and not word.startswith("第"):
        return "none"
    if ends_as_organisation(word) and len(word) > MIN_BEFORE_SHORT_ENDING:
        is_thing = nature == "noun" and ending_in(word) in folded_entries("weak_suffixes")
        return "noun" if is_thing else "whole"
    if nature == "unknown":
        return "own" if NEVER_OWN.isdisjoint(word) else "none"
    if nature == "other":
        return "noun" if word.startswith("第") else "none"
    return "none" if nature == "verb" else "noun"


def _is_place(word: str) -> bool:
    places = folded_entries("places")
    if word in places or any(word + ending in places for ending in TOWN_ENDINGS):
        return True
    is_district = len(word) > MIN_BEFORE_SHORT_ENDING and word[-1] in DISTRICT_ENDINGS
    return is_district and not is_known(word) and word[-2:] not in WHOLE_DISTRICTS


@cache
def _bodies() -> tuple[str, ...]:
    return tuple(folded_entries("associations"))


@cache
def _children() -> tuple[str, ...]:
    return tuple(folded_entries("children"))
