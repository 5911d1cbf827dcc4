"""RULE: names of firms by where they stand, whatever words they are made of: 由|拾光|出版.

Firms are called by any two to four characters: words of the language (角落), verbs (聯測), even
function words (和裕). What stands between an edge and the ending of a firm is its name, if it is no
everyday word and what follows does not go on.
"""

from functools import cache, lru_cache

from services.enrich.cutter import is_known, nature_of
from services.enrich.folding import folded_entries, function_words
from services.enrich.name_grammar import part_of
from services.enrich.suffixes import ending_of
from services.enrich.words import Text, is_weak

SHORTEST, LONGEST, LONGEST_CAUSE = 2, 4, 6
BEFORE_ACTORS = frozenset("由向被与和跟给经找在是及到为")
"""Words that those stand behind who act or are met: 由洪雅印刷廠承印."""
BEHIND_ACTORS = frozenset(
    ("与", "因", "遭", "将", "已", "获", "被", "昨天", "今天", "旗下", "宣布")
)
"""Words that follow who acts, at the beginning of a sentence: 世豐螺絲|因…"""
KINDS = ("商", "业者", "大厂", "龙头", "连锁", "伙伴", "股东", "同业", "对手", "厂牌")
NEVER_INSIDE = frozenset(
    "我他她你的了在是有不也就被把让说会要能这那每各该本等某更还用看像从到为最很送赴抵从至往找"
)
MAX_THINGS = 1 << 14
EVERYDAY_LISTS = (
    "common",
    "generic_names",
    "generic_modifiers",
    "places",
    "topics",
    "class_nouns",
    "weak_suffixes",
    "loose_suffixes",
    "inside_names",
    "generic_topics",
)


def start_of_own(text: Text, place: int, taken: frozenset[int]) -> int | None:
    """Where a name begins that stands between an edge and the ending at this place."""
    end = at = text.words[place][0]
    longest = LONGEST_CAUSE if text.words[place][1] in folded_entries("associations") else LONGEST
    for before in range(place - 1, -1, -1):
        start, word = text.words[before]
        touches = start + len(word) == at
        is_behind = word in BEFORE_ACTORS or (len(word) > 1 and nature_of(word) == "verb")
        if not touches or _is_edge(word) or (is_behind and end - at >= SHORTEST):
            is_own = _could_be_own(text, at, end) or _is_thing(text.folded[at:end])
            return at if is_own else None
        if start in taken or end - start > longest or not _may_stand_inside(word):
            return None
        at = start
    return at if _could_be_own(text, at, end) else None


def with_first(text: Text, start: int) -> int:
    """Where a name begins whose first character stands cut off before it: 好|丘|教育基金會."""
    first, before = text.words[text.place_of(start)], text.words_before(start, 1)
    if len(first[1]) > 1 or not before or len(before[0][1]) > 1 or before[0][0] + 1 != start:
        return start
    at, char = before[0]
    is_free = char not in NEVER_INSIDE and char not in BEFORE_ACTORS and not char.isnumeric()
    edge = _before(text, at)
    return at if is_free and (not edge or _is_edge(edge)) else start


def is_between(text: Text, start: int, ending: int, end: int) -> bool:
    """Whether two to four characters that are no everyday word stand alone before the ending.

    The more like ordinary words both are, the more must stand around them that says so.
    """
    own, last = text.folded[start:ending], text.folded[ending:end]
    if _is_thing(own) and _is_met(text, start, end):
        return last in _firms() and _does_not_go_on(text, end)
    if not _could_be_own(text, start, ending):
        return False
    is_firm = last in folded_entries("weak_suffixes") and last not in folded_entries(
        "loose_suffixes"
    )
    if is_firm and not is_known(own):
        return _begins_here(text, start)
    if not _does_not_go_on(text, end):
        return False
    return (is_firm and _begins_here(text, start)) or _is_met(text, start, end)


@lru_cache(maxsize=MAX_THINGS)
def _is_thing(own: str) -> bool:
    """Whether it is an everyday thing that a firm may be called by, and no kind of firm: 角落."""
    is_word = len(own) == SHORTEST and own in folded_entries("common") and nature_of(own) == "noun"
    return is_word and not any(own in folded_entries(one) for one in EVERYDAY_LISTS[1:])


def _could_be_own(text: Text, start: int, end: int) -> bool:
    """Whether it could be called so, whose ending begins at `end`."""
    own, ending = text.folded[start:end], text.words[text.place_of(end)][1]
    is_body = ending_of(ending) == "long" and ending not in _firms()
    if not SHORTEST <= len(own) <= LONGEST_CAUSE or own in _everyday() or part_of(own) == "place":
        return False
    words = [word for at, word in text.words_before(end) if at >= start]
    if any(part_of(word) == "whole" for word in words):
        return False
    measures = folded_entries("measures")
    if any(map(is_everyday, words)) or own[0] in NEVER_INSIDE:
        return False
    is_counted = any(map(str.isnumeric, own)) and not (is_known(own) and own[-1] not in measures)
    may_be_verb = is_body or _before(text, start) in BEFORE_ACTORS
    return not is_counted and (may_be_verb or nature_of(own) != "verb")


def _may_stand_inside(word: str) -> bool:
    if len(word) == 1:
        return word not in NEVER_INSIDE and not word.isnumeric()
    is_function = word in function_words() or word in folded_entries("speech") or is_weak(word)
    return not is_function and word not in folded_entries("titles") and len(word) <= LONGEST


def _is_edge(word: str) -> bool:
    """Whether it is 的, or says what the firm behind it is: 承銷商, 代工大廠."""
    return word in folded_entries("class_nouns") or word.endswith(KINDS) or word == "的"


def _before(text: Text, at: int) -> str:
    """The word that ends here without a mark between; else nothing."""
    before = text.words_before(at, 1)
    return before[0][1] if before and before[0][0] + len(before[0][1]) == at else ""


def _is_met(text: Text, start: int, end: int) -> bool:
    """Whether those stand here who act, are met or are listed."""
    before, after = _before(text, start), _behind(text, end)
    is_listed = "、" in (text.folded[start - 1 : start], text.folded[end : end + 1])
    is_whose = before == "的" and nature_of(after) == "verb"
    is_said = (
        is_whose or before in folded_entries("titles") or (not before and after in BEHIND_ACTORS)
    )
    return is_listed or is_said or before in BEFORE_ACTORS or (_is_edge(before) and before != "的")


def _begins_here(text: Text, start: int) -> bool:
    before = _before(text, start)
    if not before or before in BEFORE_ACTORS or _is_edge(before):
        return True
    return before in function_words() or nature_of(before) == "verb"


def _behind(text: Text, end: int) -> str:
    """The word that begins here without a mark between; else nothing."""
    at, after = text.words[text.place_of(end)]
    return after if at == end else ""


def _does_not_go_on(text: Text, end: int) -> bool:
    after = _behind(text, end)
    return not after or after in function_words() or nature_of(after) != "noun"


@cache
def _firms() -> frozenset[str]:
    return folded_entries("weak_suffixes") | folded_entries("loose_suffixes")


def is_everyday(word: str) -> bool:
    """Whether it is a word of the language that no firm is called by alone."""
    return len(word) > 1 and word in _everyday()


@cache
def _everyday() -> frozenset[str]:
    return frozenset[str]().union(*map(folded_entries, EVERYDAY_LISTS))
