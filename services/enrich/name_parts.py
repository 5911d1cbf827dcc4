"""RULE: which part of the name of a body a word can be.

[whole] [prefix] [place] [own name] [what it does] ending
財團法人 台北市 … 浪貓有家 … 協會      司法院 | 資訊處      國立 | 臺北 | 科技 | 大學
"""

from functools import cache
from typing import Literal

from services.enrich.cutter import is_known, nature_of
from services.enrich.folding import folded_entries
from services.enrich.suffixes import MIN_BEFORE_SHORT_ENDING, ending_in, ends_as_organisation
from services.enrich.words import is_weak

Part = Literal["noun", "own", "place", "prefix", "whole", "none"]
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
PRACTICES = ("事务所", "诊所")
POSTED = "驻"
"""Between two places: 台北駐大阪經濟文化辦事處."""
TOWN_ENDINGS = "乡镇区"
DISTRICT_ENDINGS = "县市乡镇区里村"
WHOLE_DISTRICTS = frozenset(
    ("校区", "园区", "山区", "社区", "地区", "市区", "特区", "选区", "都市", "城市")
)


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


def is_trade(word: str, ending: str) -> bool:
    """Whether a word for an office says whose body it is: 法官|協會, 會計師|事務所."""
    is_said = word in folded_entries("titles") or word in folded_entries("class_nouns")
    return is_said and (ending in PRACTICES or ending in folded_entries("associations"))
