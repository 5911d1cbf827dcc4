"""RULE: where the name of a body could stand, and the signs that say whether it does.

A candidate ends with a word that bodies end with (協會, 電路, 書屋), or that is listed, and
begins with it or up to seven words before. Its signs are words, (before, title) or (own, 2), which
`body_odds.txt` weighs: how such names begin, what they are made of and what stands around was
counted in articles, not thought out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from services.enrich.cutter import is_known
from services.enrich.folding import fold, folded_entries
from services.enrich.name_parts import NEVER_OWN, is_trade
from services.enrich.offices import offices_in
from services.enrich.suffixes import ending_of, is_ending, last_characters, loose_endings
from services.enrich.word_kinds import NEVER_INSIDE, is_everyday, word_kind
from services.enrich.words import Text

MAX_WORDS, MAX_CHARS = 7, 16
"""Before the ending."""
LAST = frozenset(
    fold("社行店樓館坊園會黨隊組廠站宮廟寺堂府所司署局處室科課部院校台網報團銀電鐵業號")
)
"""Characters that words end with by which bodies are called, as 隊 of 泳隊."""
LONGEST_LAST = 3
HEADED = frozenset("部署局处院馆所厂厅省")
"""Endings that an office begins with: 部長, 局長."""
HEAD = "长"
DEPUTIES = ("前", "副", "现", "新", "老")
PRIZES = ("大奖", "奖", "盃", "杯", "赛", "大赛", "公开赛")
THINGS = ("线", "桥", "路", "站", "案", "楼", "法", "费", "税")
"""What is built or decided ends so, and no firm before a word for its trade: 萬大線|工程."""
INSIDE = frozenset(("与", "及", "和", "暨", "之", "大", "都", "好", "有", "长", "多"))
"""Function words that names have inside."""
OUTSIDE = frozenset(
    "了在是把让被不我你他她这那每各该本去请获对送交说则已将曾正才就也并但因遭给为于至往替借任改念"
)
"""Characters that as a word of their own stand in no name."""
MARKS = {"、": "list", "「": "quote", "『": "quote", "（": "bracket", "(": "bracket", "《": "title"}
MOST_OWN, MOST_TIMES, MOST_SHAPE = 7, 3, 3
DIGITS = "01234567"
MAX_KINDS = 1 << 15

Sign = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of words of a text: the places of its first and its last word, and its span."""

    first: int
    last: int
    start: int
    end: int


@lru_cache(maxsize=MAX_KINDS)
def ending_kind(word: str) -> str:
    """What kind of ending a folded word is; nothing if no name of a body ends with it."""
    told = next((kind for kind, is_one in _KINDS if is_one(word)), "")
    if told:
        return told
    inside = ending_of(word) if len(word) > 1 else "none"
    if inside != "none":
        return f"inside_{inside}"
    return "last" if word[-1] in LAST and len(word) <= LONGEST_LAST else ""


_KINDS = (
    ("listed", lambda word: word in folded_entries("organisations")),
    ("whole", is_ending),
    ("weak", lambda word: word in folded_entries("weak_suffixes")),
    ("loose", lambda word: word in loose_endings()),
    ("trade", lambda word: word in folded_entries("trades")),
)


def endings_of(text: Text) -> Iterator[tuple[int, int]]:
    """Yield (place of the word, where it ends) of what names of bodies may end with.

    Of an office it is the part that says whose head it is: 經濟|部長 speaks of 經濟部.
    """
    headed, endings = _headed(text), endings_in(text)
    for place, (at, word) in enumerate(text.words):
        if at in headed:
            yield place, headed[at]
        elif word in endings:
            yield place, at + len(word)


@lru_cache(maxsize=8)
def endings_in(text: Text) -> frozenset[str]:
    """The words of a text that names of bodies may end with."""
    lasts = _last_characters()
    likely = [word for word in text.distinct if word[-1] in lasts]
    listed = folded_entries("organisations") & text.distinct
    return listed.union([word for word in likely if ending_kind(word)])


@cache
def _last_characters() -> frozenset[str]:
    """What an ending can end with: asked first, of every word."""
    lists = ("weak_suffixes", "loose_suffixes", "trades")
    words = frozenset[str]().union(*map(folded_entries, lists))
    return frozenset(word[-1] for word in words) | last_characters() | LAST


def _headed(text: Text) -> dict[int, int]:
    """Where words begin in which a body ends that its head gives away, and where it ends."""
    found: dict[int, int] = {}
    for at, end in offices_in(text):
        char, before = text.folded[at], text.folded[at - 1 : at]
        is_head = end - at == len("部长") and text.folded[end - 1] == HEAD and char in HEADED
        if is_head and before not in (*DEPUTIES, char):
            found[text.words[text.place_of(at)][0]] = at + 1
    return found


def candidates_at(text: Text, place: int, end: int) -> Iterator[Candidate]:
    """Yield what could be the name that ends in the word at a place, the shortest first."""
    at, _ = text.words[place]
    ending, edge = text.folded[at:end], at
    if end - at > 1:
        yield Candidate(place, place, at, end)
    if ending_kind(ending) in ("loose", "trade") and text.folded[at - 1 : at] in THINGS:
        return
    for first in range(place - 1, max(place - 1 - MAX_WORDS, -1), -1):
        start, word = text.words[first]
        if start + len(word) != edge or at - start > MAX_CHARS or not may_be_inside(word):
            return
        if word_kind(word) == "title" and not is_trade(word, ending):
            return
        edge = start
        yield Candidate(first, place, start, end)


@lru_cache(maxsize=MAX_KINDS)
def may_be_inside(word: str) -> bool:
    """Whether a word may stand before the last one of a name."""
    kind = word_kind(word)
    if word in OUTSIDE or kind in ("of", "says", "speech"):
        return False
    if kind == "number":
        return word.startswith("第")
    return kind not in ("preposition", "function") or word in INSIDE


def signs_of(text: Text, candidate: Candidate) -> tuple[Sign, ...]:
    """All signs of a candidate."""
    words = words_of(text, candidate)
    return (
        *signs_of_words(words),
        *signs_of_context(context_of(text, candidate, words)),
        *signs_of_place(text, candidate, words),
    )


def words_of(text: Text, candidate: Candidate) -> tuple[str, ...]:
    """The words of a candidate, the ending last."""
    own = [word for _, word in text.words[candidate.first : candidate.last]]
    return (*own, text.folded[text.words[candidate.last][0] : candidate.end])


def signs_of_words(words: tuple[str, ...]) -> tuple[Sign, ...]:
    """The signs that the words of a candidate show by themselves."""
    own, ending = words[:-1], words[-1]
    kind, kinds, told = ending_kind(ending), [word_kind(word) for word in own], "".join(own)
    chars = DIGITS[min(len(told), MOST_OWN)]
    first, last = (kinds[0], kinds[-1]) if own else ("none", "none")
    flags = {
        "common": len(told) > 1 and told in folded_entries("common"),
        "everyday": any(map(is_everyday, own)),
        "known": is_known(told + ending),
        "odd": any(kind.startswith("unknown") for kind in kinds),
        "never_own": not NEVER_OWN.isdisjoint(told),
        "never_inside": told[:1] in NEVER_INSIDE,
    }
    return (
        ("any",),
        ("ending", kind, "own", chars),
        ("own", chars),
        ("words", DIGITS[min(len(own), MOST_OWN)]),
        ("character", (told or ending)[0]),
        ("whole" if not own else "only" if len(own) == 1 else "several", first, "ending", kind),
        ("last", last),
        ("last", last, "ending", kind),
        ("first", first, "char", ending[-1]),
        ("kinds", "/".join(kinds[:MOST_SHAPE]), "ending", kind),
        *(("has", one) for one in dict.fromkeys(kinds)),
        ("single" if len(told) == 1 else "longer", first),
        ("association" if ending in folded_entries("associations") else "other", first),
        *(("own_word", word) for word in dict.fromkeys(own)),
        ("word", ending, "own", chars),
        ("length", DIGITS[min(len(ending), MOST_OWN)], "whole" if not own else kind),
        *((sign,) for sign, is_so in flags.items() if is_so),
    )


class Context(NamedTuple):
    """The words around a name and their kinds, and what it begins and ends with."""

    before: str
    behind: str
    after: str
    following: str
    first: str
    ending: str
    word: str


def context_of(text: Text, candidate: Candidate, words: tuple[str, ...]) -> Context:
    """The context of a candidate of these words."""
    before, behind = before_of(text, candidate)
    after, following = after_of(text, candidate)
    first = word_kind(words[0]) if len(words) > 1 else "none"
    return Context(before, behind, after, following, first, ending_kind(words[-1]), words[-1])


def signs_of_context(context: Context) -> tuple[Sign, ...]:
    """The signs of a context, alone and together."""
    before, behind, after, following, first, ending, word = context
    return (
        ("before", before),
        ("after", after),
        ("behind", behind),
        ("next", following),
        ("ending", ending),
        ("ending", ending, "before", before),
        ("ending", ending, "after", after),
        ("first", first),
        ("before", before, "first", first),
        ("before", before, "first", first, "ending", ending),
        ("word", word),
        ("end", word[-2:]),
        ("word", word, "before", before),
        ("word", word, "after", after),
        ("char", word[-1], DIGITS[min(len(word), LONGEST_LAST)]),
    )


def signs_of_place(text: Text, candidate: Candidate, words: tuple[str, ...]) -> tuple[Sign, ...]:
    """The signs of how often a candidate is told, whether in the headline, and of a prize."""
    name = text.folded[candidate.start : candidate.end]
    told = name[: len(name) - len(words[-1])]
    times = text.times(name)
    alone = text.times(told) - times if len(told) > 1 else 0
    return (
        ("times", DIGITS[min(times, MOST_TIMES)]),
        ("alone", DIGITS[min(alone, MOST_TIMES - 1)], "known" if is_known(told) else "unknown"),
        ("headline",) if candidate.start < text.head else ("body",),
        ("prize",) if names_something(text, candidate.end) else ("no_prize",),
    )


def names_something(text: Text, end: int) -> bool:
    """Whether a prize or a game is called by what ends here: 台灣獨立書店|大獎."""
    at, after = text.words[text.place_of(end)]
    return at == end and after in PRIZES


def before_of(text: Text, candidate: Candidate) -> tuple[str, str]:
    """The kind of the word before, and the word; of a mark, only which it is."""
    at, word = text.words[candidate.first - 1] if candidate.first else (-1, "")
    if word and at + len(word) == candidate.start:
        return word_kind(word), word
    return MARKS.get(text.folded[candidate.start - 1 : candidate.start], "mark"), ""


def after_of(text: Text, candidate: Candidate) -> tuple[str, str]:
    """The kind of the word behind, and the word; of a mark, only which it is."""
    at, word = text.words[candidate.last]
    if at + len(word) > candidate.end:
        return "head", ""
    place = candidate.last + 1
    at, word = text.words[place] if place < len(text.words) else (-1, "")
    if at == candidate.end:
        return word_kind(word), word
    return MARKS.get(text.folded[candidate.end : candidate.end + 1], "mark"), ""
