"""RULE: where the name of a person could stand: a family name and some characters behind it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.enrich.cutter import nature_of
from services.enrich.family_names import family_kind, first_characters, surnames
from services.enrich.folding import HAN, folded_entries
from services.enrich.given_names import may_be_given
from services.enrich.surroundings import Surroundings, ordinary

NOT_HAN = re.compile(f"[^{HAN}]")
LONGEST_FAMILY, LONGEST_GIVEN = 3, 2
MAX_KNOWN = 1 << 14
MAY_END = frozenset("与和及跟发")
"""Characters that end a given name where no word of theirs follows: 文進發|昏倒."""
PLACE_ENDINGS = frozenset("桥港岛路街村镇乡区市县线站寺庙")
"""How places end; of a name only behind an office: 蘇光橋."""
WEEKDAYS = frozenset(f"周{day}" for day in "一二三四五六日末")
ADDRESSED = frozenset(
    (
        "小姐", "先生", "女士", "太太", "同学", "老师", "妈妈", "爸爸",
        "男", "女", "嫌", "妇", "翁", "童", "氏", "姓",
    )
)  # fmt: skip
"""What stands behind a family name when somebody is not named: 蕭男, 唐小姐."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a name could stand, and how many characters its family name has."""

    start: int
    end: int
    family: int


def places_in(around: Surroundings) -> list[int]:
    """Where a name could begin: at an open word, in one that was made up, beside an office."""
    firsts, end = first_characters(), len(around.folded)
    behind = [*around.offices_after, *around.speaking]
    likely = {*around.open, *around.guessed, *around.offices_before, *around.kin_before}
    likely.update(at - chars for at in behind for chars in (2, 3, 4) if at >= chars)
    return sorted(at for at in likely if at < end and around.folded[at] in firsts)


def readings_at(around: Surroundings, start: int) -> Iterator[Reading]:
    """Yield the names that may begin at a place."""
    is_counted = start > 0 and around.folded[start - 1].isnumeric()
    if is_counted or around.words.get(start, "") in WEEKDAYS:
        return
    for family in _families(around.folded[start : start + LONGEST_FAMILY]):
        for given in _lengths(around.folded[start : start + family]):
            end = start + family + given
            name = around.folded[start:end]
            is_whole = len(name) == family + given and not NOT_HAN.search(name)
            is_word = name in ordinary() and family_kind(name[:family]) == "rare"
            is_other = is_word or (name[-1] in PLACE_ENDINGS and start not in around.offices_before)
            if is_whole and not is_other and _is_given(around, end, name[family:]):
                yield Reading(start, end, family)


@lru_cache(maxsize=MAX_KNOWN)
def _families(characters: str) -> tuple[int, ...]:
    """The lengths of the family names these may begin with: 諸葛, 江 and 江陳 of a wife."""
    lengths = [n for n in range(1, LONGEST_FAMILY + 1) if characters[:n] in surnames()]
    if family_kind(characters[:2]) in ("wife", "clan"):
        lengths.append(2)
    return tuple(dict.fromkeys(lengths))


def _lengths(family: str) -> range:
    """How many characters given names have: up to three in Japan."""
    return range(1, LONGEST_GIVEN + 1 + (family_kind(family) == "japanese"))


def _is_given(around: Surroundings, end: int, given: str) -> bool:
    """Whether it may be a given name: 季中和 where somebody 表示, and no 和 that joins two."""
    if given in ADDRESSED:
        return False
    after = around.words.get(end, "")
    is_act = len(after) > 1 and (after in folded_entries("speech") or nature_of(after) == "verb")
    return may_be_given(given[:-1] if given[-1] in MAY_END and is_act else given)
