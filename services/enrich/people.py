"""People in a text: by an office beside the name, by the name itself, and by what follows it.

市長林靜宜 and 林靜宜市長 both name 林靜宜; so does 林靜宜說, or a family name with two characters
that given names are made of, which comes again. Each sign adds to how sure we are; a word of the
dictionary at the same place takes away. Who wrote or photographed a story is found the same way,
and kept apart: a byline is not what the story is about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from services.enrich.cutter import nature_of
from services.enrich.family_names import first_characters, surnames
from services.enrich.folding import fold, folded_entries
from services.enrich.foreign import (
    JOINING,
    LONG_BY_SOUND,
    foreign_names_in,
    parts_of,
    sounded_names_in,
)
from services.enrich.given_names import is_common, may_be_given
from services.enrich.lexicon import entries
from services.enrich.named import Named, Span, all_mentions, any_of, mentions_of
from services.enrich.person_signs import HELD, NOT_HAN, SURE, sureness
from services.enrich.stage_names import listed_names_in, stage_names_in
from services.enrich.surroundings import Surroundings, surroundings_of
from services.enrich.words import Text

CREDIT = re.compile(r"[图文摄][ 　]?[/／|｜][ 　]?[^\s()（）/／，。]{1,20}")
AFTER_REPORTER = re.compile(r"[ 　:/／、]{0,3}")
MAX_COAUTHORS = 3
MAX_PEOPLE = 40
"""More names than this are a list, and a list is not what a story is about."""
MAX_JUDGED = 400
MOST_COMMON = 60
LONG = 3
NEARLY = 1.5
"""A name is no name if one character more is nearly as sure a name."""
MAY_END = frozenset(JOINING) | {"发"}
"""Characters that end a given name where no word of theirs follows: 文進發|昏倒."""
ADDRESSED = frozenset(
    (
        "小姐",
        "先生",
        "女士",
        "太太",
        "同学",
        "老师",
        "妈妈",
        "爸爸",
        "男",
        "女",
        "嫌",
        "妇",
        "翁",
        "童",
        "氏",
        "姓",
    )
)
"""What stands behind a family name when somebody is not named: 蕭男, 唐小姐."""
GLUED_VERBS = frozenset("送攻扑投轰收打带赴率学挥接击夺抢")
MAX_FAMILIES = 1 << 14


@dataclass(frozen=True)
class People:
    """Who a text is about, and the spans that are bylines and credits."""

    named: tuple[Named, ...]
    bylines: tuple[tuple[int, int], ...]


def people_in(text: Text, writers: Iterable[str] = ()) -> People:
    """Find people, and bylines by the word for a reporter or by `writers`, which are folded."""
    around = surroundings_of(text)
    authors = list(dict.fromkeys((*writers, *_reporters(around))))[:MAX_PEOPLE]
    foreign = list(foreign_names_in(text, around.offices_before))
    sounded = tuple(sounded_names_in(text, around.offices_before | around.kin_before))
    foreign += [span for span in sounded if span[1] - span[0] >= LONG_BY_SOUND]
    found = {text.folded[start:end]: "外文或族語名" for start, end in foreign}
    for name, why in _names(around, foreign):
        found.setdefault(name, why)
    found |= _without_family_names(text, around, sounded, set(found))
    listed = folded_entries("people")
    found |= {word: "列名" for _, word in text.words if word in listed and word not in found}
    spans = [match.span() for match in CREDIT.finditer(text.folded)]
    spans += [span for author in authors for span in mentions_of(text.folded, author)]
    people = [
        Named(name, "person", all_mentions(text.folded, name, parts_of(name)), f"人名，{why}")
        for name, why in found.items()
        if name not in authors
    ]
    return People(tuple(people[:MAX_PEOPLE]), tuple(spans))


def _without_family_names(
    text: Text, around: Surroundings, sounded: tuple[Span, ...], known: set[str]
) -> dict[str, str]:
    """Names by their sound, and stage names, that lie in no name known already."""
    taken = {at for name in known for span in mentions_of(text.folded, name) for at in range(*span)}
    found = {}
    for start, end in (
        *sounded,
        *stage_names_in(text, around.offices_before | around.kin_before),
        *listed_names_in(text),
    ):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            office = (around.offices_before | around.kin_before).get(start, "")
            found[text.folded[start:end]] = f"職稱「{office}」" if office else "別名"
    return found


def writers_of(byline: str) -> list[str]:
    """The folded names of a byline: 記者蘇莞如／花蓮報導."""
    return list(_reporters(surroundings_of(Text(byline)))) if byline else []


def _names(around: Surroundings, foreign: list[Span]) -> Iterator[tuple[str, str]]:
    """Yield (folded name, why), surest first; no name that a surer or a foreign one overlaps."""
    judged: list[tuple[float, int, int, str]] = []
    firsts, end = first_characters(), len(around.folded)
    behind = (*around.offices_after, *around.speaking)
    before = [at - n for at in behind for n in (3, 2, 4) if at >= n]
    signed = (*around.offices_before, *around.kin_before)
    likely = (*signed, *around.open, *sorted(around.guessed), *before)
    for start in dict.fromkeys(likely):
        if start < end and around.folded[start] in firsts:
            judged += _readings(around, start)
        if len(judged) > MAX_JUDGED:
            break
    taken = {at for span in foreign for at in range(*span)}
    surest: dict[str, float] = {}
    for sure, start, end, _ in judged:
        name = around.folded[start:end]
        surest[name] = max(sure, surest.get(name, 0.0))
    for sure, start, end, why in sorted(judged, key=lambda one: (-one[0], one[1])):
        nearly = NEARLY if end - start < LONG else 2 * NEARLY
        longer = surest.get(around.folded[start : end + 1], 0.0)
        acts = around.words.get(end, "") in folded_entries("speech")
        is_cut_short = longer > sure - nearly and not (acts and sure >= HELD - 1 > longer)
        if not is_cut_short and taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            yield around.folded[start:end], why


@lru_cache(maxsize=MAX_FAMILIES)
def _families(name: str) -> tuple[int, ...]:
    """The lengths of the family names it may begin with: 諸葛, 江 and 江陳 of a wife."""
    lengths = [length for length in (3, 2, 1) if name[:length] in surnames()]
    if name[0] != name[1:2] and name[0] in first_characters() and name[1:2] in _commonest():
        lengths.append(2)
    return tuple(lengths)


@cache
def _commonest() -> frozenset[str]:
    """The family names that wives may bear before their own."""
    return frozenset(map(fold, entries("surnames")[:MOST_COMMON]))


def _readings(around: Surroundings, start: int) -> Iterator[tuple[float, int, int, str]]:
    """Yield the names that may begin here: (how sure, start, end, why)."""
    folded = around.folded
    if start and folded[start - 1].isnumeric():
        return
    for family in _families(folded[start : start + 3]):
        for end in (start + family + 2, start + family + 1):
            name = folded[start:end]
            if (
                end > len(folded)
                or NOT_HAN.search(name)
                or not _is_given(around, end, name[family:])
            ):
                continue
            sure, why = sureness(around, start, end, family)
            if sure >= SURE and not _is_too_long(around, start, end):
                yield sure, start, end, why


def _is_given(around: Surroundings, end: int, given: str) -> bool:
    """Whether it may be a given name: 季中和 where somebody 表示, and no 和 that joins two."""
    if given in ADDRESSED:
        return False
    after = around.words.get(end, "")
    is_act = len(after) > 1 and (after in folded_entries("speech") or nature_of(after) == "verb")
    if given[-1] in MAY_END and is_act:
        given = given[:-1]
    return may_be_given(given)


def _is_too_long(around: Surroundings, start: int, end: int) -> bool:
    """Whether the last character is a verb or the first of a number: 強森|送, 沈墨|十九."""
    last, behind = around.folded[end - 1], around.folded[end : end + 1]
    if last.isnumeric() and around.folded[start - 1 : start] == "、":
        return True
    if behind and nature_of(last + behind) == "verb" and not is_common(last):
        return True
    is_verb = last in GLUED_VERBS
    is_verb &= around.words.get(start) == around.folded[start : end - 1]
    return is_verb or (last.isnumeric() and behind.isnumeric())


def _reporters(around: Surroundings) -> Iterator[str]:
    for word in any_of("reporters").finditer(around.folded):
        at = word.end()
        for _ in range(MAX_COAUTHORS):
            gap = AFTER_REPORTER.match(around.folded, at)
            start = gap.end() if gap else at
            readings = [
                (sure + 3, stop)
                for stop in (start + 3, start + 2, start + 4)
                if (sure := _writer(around, start, stop)) > 0
            ]
            if not readings:
                break
            at = max(readings)[1]
            yield around.folded[start:at]


def _writer(around: Surroundings, start: int, end: int) -> float:
    """How sure a name after the word for a reporter is."""
    name = around.folded[start:end]
    family = next((n for n in (2, 1) if name[:n] in folded_entries("surnames")), 0)
    if not family or len(name) <= family or len(name) > family + 2 or NOT_HAN.search(name):
        return 0.0
    if not may_be_given(name[family:]):
        return 0.0
    return sureness(around, start, end, family)[0] + 3
