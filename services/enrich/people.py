"""People in a text: by an office beside the name, by the name itself, and by what follows it.

市長林靜宜 and 林靜宜市長 both name 林靜宜; so does 林靜宜說, or a family name with two characters
that given names are made of, which comes again. Each sign adds to how sure we are; a word of the
dictionary at the same place takes away. Who wrote or photographed a story is found the same way,
and kept apart: a byline is not what the story is about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from services.enrich.cutter import is_known, nature_of
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.foreign import foreign_names_in, parts_of
from services.enrich.lexicon import lines
from services.enrich.named import Named, Span, all_mentions, any_of, mentions_of
from services.enrich.words import Text

CREDIT = re.compile(r"[图文摄][ 　]?[/／|｜][ 　]?[^\s()（）/／，。]{1,20}")
AFTER_REPORTER = re.compile(r"[ 　:/／、]{0,3}")
NOT_HAN = re.compile(f"[^{HAN}]")
MAX_COAUTHORS = 3
MAX_PEOPLE = 40
"""More names than this are a list, and a list is not what a story is about."""
MAX_JUDGED = 400
EVERYDAY = 10
"""How many of 1,000 articles hold an everyday word."""
SURE = 3.0
AGED = "岁的"
ROLE_ENDINGS = frozenset("员师手长者生妇匠农星家棒投民主将友")
"""How words for what somebody is or does end: 防護員許淮安."""
PREPOSITIONS = frozenset("向和于从")
"""Family names that are mostly something else: 向中央 is no name, 主任向思遠 is one."""
PLACE_ENDINGS = frozenset("桥山川河江湖港岛路街村镇乡里区市县国线站线桥寺庙")


@dataclass(frozen=True)
class People:
    """Who a text is about, and the spans that are bylines and credits."""

    named: tuple[Named, ...]
    bylines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a text shows around any place: words by their start, ends of words, offices."""

    folded: str
    words: dict[int, str]
    ends: frozenset[int]
    guessed: frozenset[int]
    """Places inside or at the end of words that only the statistics of the cut made up."""
    offices_before: dict[int, str]
    """Where an office ends: the office, as written."""
    offices_after: dict[int, str]


def people_in(text: Text, writers: Iterable[str] = ()) -> People:
    """Find people, and bylines by the word for a reporter or by `writers`, which are folded."""
    around = _surroundings(text)
    authors = list(dict.fromkeys((*writers, *_reporters(around))))[:MAX_PEOPLE]
    foreign = list(foreign_names_in(text, around.offices_before))
    found = {text.folded[start:end]: "外文或族語名" for start, end in foreign}
    for name, why in _names(around, foreign):
        found.setdefault(name, why)
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


def writers_of(byline: str) -> list[str]:
    """The folded names of a byline: 記者蘇莞如／花蓮報導."""
    return list(_reporters(_surroundings(Text(byline)))) if byline else []


def _surroundings(text: Text) -> Surroundings:
    offices = [m.span() for m in any_of("titles").finditer(text.folded)]
    pairs = zip(text.words, text.natures, strict=True)
    unknown = [word for word, nature in pairs if nature == "unknown" and len(word[1]) > 1]
    return Surroundings(
        text.folded,
        dict(text.words),
        frozenset(text.ends.tolist()),
        frozenset(at + n for at, word in unknown for n in range(1, len(word) + 1)),
        {end: text.surface[start:end] for start, end in offices},
        {start: text.surface[start:end] for start, end in offices},
    )


def _names(around: Surroundings, foreign: list[Span]) -> Iterator[tuple[str, str]]:
    """Yield (folded name, why), surest first; no name that a surer or a foreign one overlaps."""
    judged: list[tuple[float, int, int, str]] = []
    firsts, end = _first_characters(), len(around.folded)
    before = [at - n for at in around.offices_after for n in (2, 3, 4) if at >= n]
    likely = (*around.offices_before, *around.words, *sorted(around.guessed), *before)
    for start in dict.fromkeys(likely):
        if start < end and around.folded[start] in firsts:
            judged += _readings(around, start)
        if len(judged) > MAX_JUDGED:
            break
    taken = {at for span in foreign for at in range(*span)}
    names = {around.folded[start:end] for _, start, end, _ in judged}
    for _, start, end, why in sorted(judged, key=lambda one: (-one[0], one[1])):
        is_cut_short = around.folded[start : end + 1] in names
        if not is_cut_short and taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            yield around.folded[start:end], why


def _readings(around: Surroundings, start: int) -> Iterator[tuple[float, int, int, str]]:
    """Yield the names that may begin here: (how sure, start, end, why)."""
    folded = around.folded
    if start and folded[start - 1].isnumeric():
        return
    for family in (3, 2, 1):
        if folded[start : start + family] not in _surnames():
            continue
        for end in (start + family + 2, start + family + 1):
            name = folded[start:end]
            if end > len(folded) or NOT_HAN.search(name) or not _may_be_given(name[family:]):
                continue
            sure, why = _sureness(around, start, end, family)
            if sure >= SURE:
                yield sure, start, end, why


@cache
def _surnames() -> frozenset[str]:
    lists = ("surnames", "rare_surnames", "japanese_surnames")
    return frozenset[str]().union(*map(folded_entries, lists))


@cache
def _first_characters() -> frozenset[str]:
    return frozenset(name[0] for name in _surnames())


@cache
def _may_be_given(given: str) -> bool:
    return folded_entries("name_stops").isdisjoint(given)


def _is_doubtful(name: str, family: int) -> bool:
    """Whether only an office makes a name of it."""
    is_rare = name[:family] in folded_entries("rare_surnames") or name[0] in PREPOSITIONS
    return is_rare or name[-1] in PLACE_ENDINGS


def _given(char: str) -> float:
    """How a character fits into a given name: seen there, seldom seen elsewhere, or neither."""
    if char in folded_entries("given_names"):
        return 0.75
    return -1.0 if char in _everyday() else 0.25


@cache
def _everyday() -> frozenset[str]:
    """The characters of everyday words."""
    words = (word for line in lines("common") for word in line[1:] if int(line[0]) >= EVERYDAY)
    return frozenset("".join(words))


def _sureness(around: Surroundings, start: int, end: int, family: int) -> tuple[float, str]:
    folded, name = around.folded, around.folded[start:end]
    sure, why = 0.0, "姓氏"
    for office in (around.offices_before.get(start), around.offices_after.get(end)):
        if office:
            sure, why = sure + 3, f"職稱「{office}」"
    if not sure and folded[max(start - 1, 0) : start] in ROLE_ENDINGS:
        sure, why = 1.5, f"前接「{folded[max(start - 3, 0) : start]}」"
    if folded[max(start - 2, 0) : start] == AGED:
        sure, why = 2.0, "前有年齡"
    after = around.words.get(end, "")
    if after in folded_entries("speech"):
        sure, why = sure + 1.5, why if sure else f"後接「{after}」"
    sure += 0.5 * (_is_edge(folded, start - 1) + _is_edge(folded, end))
    sure += sum(map(_given, name[family:]))
    sure += 0.5 if end in around.ends else 0.0 if end in around.guessed else -1.0
    sure += _by_words(around, start, end)
    sure += 2 if family > 1 and all(_given(char) > 0 for char in name[family:]) else 0
    sure -= 1.5 if len(name) == family + 1 else 0
    if not why.startswith("職稱") and _is_doubtful(name, family):
        return 0.0, why
    if sure < SURE and sure > 0 and folded.count(name) > 1:
        sure, why = sure + min(folded.count(name) - 1, 3) * 0.75, f"{why}，重複出現"
    return sure, why


def _by_words(around: Surroundings, start: int, end: int) -> float:
    """What the cut says: an unknown word is like a name, a known one is against it."""
    word, name = around.words.get(start, ""), around.folded[start:end]
    if not word:
        return 0.0 if start in around.guessed else -1.0
    if word == name and not is_known(word):
        return 1.5
    if word == name[:2] and word in folded_entries("japanese_surnames"):
        return 0.5
    if len(word) > 1 and is_known(word):
        if len(word) > len(name) or word == name or nature_of(word) == "verb":
            return -4.0
        return -2.5 if word in _ordinary() else -1.0
    return -0.5 if name in _ordinary() else 0.0


@cache
def _ordinary() -> frozenset[str]:
    """Words that stand where a name could stand without being one."""
    lists = ("common", "places", "topics", "organisations", "titles")
    return function_words().union(*map(folded_entries, lists))


def _is_edge(folded: str, at: int) -> bool:
    return not 0 <= at < len(folded) or bool(NOT_HAN.match(folded[at]))


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
    if not _may_be_given(name[family:]):
        return 0.0
    return _sureness(around, start, end, family)[0] + 3
