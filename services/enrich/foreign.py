"""Foreign and indigenous names, which print their parts with a dot between: 尤命·哈用.

Where such a name begins and ends is not marked. The characters that foreign names are written with
tell it; where they do not, the cut of the words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from services.enrich.cutter import is_known, nature_of
from services.enrich.family_names import surnames
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.named import Span
from services.enrich.suffixes import ending_of, loose_endings
from services.enrich.words import Text

JOINING = "与和及跟"
"""What stands between two names, and in none."""
DOTTED = re.compile(
    rf"([{HAN}]{{1,12}})[·‧•・˙](?:(?:(?![{JOINING}])[{HAN}]){{1,6}}[·‧•・˙]){{0,3}}(?=([{HAN}]{{1,12}}))"
)
"""The last part is only looked at, for the next name may begin in it: 莉絲・杜邦與瑪儂・杜邦."""
DOT = re.compile("[·‧•・˙.]")
"""Between the parts of a name as folded, where the wide full stop is a narrow one."""
WIDE, MIDDLE = "．", "·"
MARKS = re.compile(rf"^|[^{HAN}]+")
"""What a sentence begins behind."""
MAX_DOTTED = 50
LONGEST_PART, SHORTEST_PART = 7, 2
LONG_BY_SOUND = 4
VERBAL = frozenset(("曾", "都", "用", "因", "宜", "连", "练", "帮", "捧", "问"))
"""Function words that sound like a part of a name, and end none behind two characters."""


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a dotted name that stand for it later on: 萊赫特, or 比令; else nothing."""
    parts = DOT.split(name)
    return tuple(p for p in (parts[-1], parts[0]) if len(p) > 1) if len(parts) > 1 else ()


def foreign_names_in(text: Text, offices: Mapping[int, str]) -> Iterator[Span]:
    """Yield the spans of foreign names. `offices` = where an office ends, and the office."""
    folded = _with_dots(text)
    if not DOTTED.search(folded):
        return
    words = dict(text.words)
    for number, match in enumerate(DOTTED.finditer(folded)):
        if number >= MAX_DOTTED:
            return
        start = _start(text, match.start(1), match.end(1), offices)
        end = _end(text, words, match.start(2), match.end(2))
        yield start, end


def _with_dots(text: Text) -> str:
    """The folded text with a dot where the newsroom printed a wide full stop: 馬耀．里信."""
    if WIDE not in text.surface:
        return text.folded
    pairs = zip(text.surface, text.folded, strict=True)
    return "".join(MIDDLE if char == WIDE else folded for char, folded in pairs)


def sounded_names_in(text: Text, offices: Mapping[int, str]) -> Iterator[Span]:
    """Yield the spans of names that are written by their sound.

    Behind an office: 名將杜邦; or where a sentence begins, if they come again: 帕妮塔宣布…
    """
    words = dict(text.words)
    for start in offices:
        end = _end_by_sound(text, words, start)
        is_firm = words.get(end, "") in loose_endings() or ending_of(words.get(end, "")) == "long"
        if end - start >= SHORTEST_PART and not is_firm:
            yield start, end
    sounds = folded_entries("transliterations")
    for mark in MARKS.finditer(text.folded):
        start = mark.end()
        first = text.folded[start : start + SHORTEST_PART + 1]
        if not sounds.issuperset(first) or start not in words or start in offices:
            continue
        end = _end_by_sound(text, words, start)
        name = text.folded[start:end]
        is_long = end - start > SHORTEST_PART and is_speech(words.get(end, ""))
        is_again = not is_known(name) and text.times(name) > 1
        if is_long and (is_again or is_listed(name)):
            yield start, end


def _start(text: Text, first: int, dot: int, offices: Mapping[int, str]) -> int:
    """Where the part before the dot begins: behind an office or the last ordinary word."""
    at = dot
    inside = [(start, word) for start, word in text.words_before(dot) if start >= first]
    for start, word in reversed(inside):
        office = next((end for end in range(start + len(word), start, -1) if end in offices), start)
        if office > start:
            return _by_sound(text, min(office, dot - 1), dot)
        if dot - start > LONGEST_PART:
            break
        if _is_ordinary(word):
            return _with_family(inside, start, dot) if at == dot else _by_sound(text, at, dot)
        at = start
    while dot - at > SHORTEST_PART and not _sounds_foreign(text.folded[at]):
        at += 1
    return _by_sound(text, at, dot) if at < dot else max(first, dot - SHORTEST_PART)


def _with_family(inside: Sequence[tuple[int, str]], at: int, dot: int) -> int:
    """Where a part begins that is a word of the language: 羅|木蘭·嘎祿拉登."""
    if dot - at != SHORTEST_PART:
        return dot - SHORTEST_PART
    before = next((word for start, word in inside if start + len(word) == at), "")
    return at - (before in surnames())


def _by_sound(text: Text, start: int, dot: int) -> int:
    """Where the characters begin that all sound foreign, if enough do: 丹麥人|瑪德斯."""
    at = dot
    while at > start and _sounds_foreign(text.folded[at - 1]):
        at -= 1
    return at if dot - at >= SHORTEST_PART else start


def _end(text: Text, words: Mapping[int, str], dot: int, last: int) -> int:
    """Where the part after the dot ends: before the next ordinary word."""
    at, latest = dot, min(last, dot + LONGEST_PART)
    while at < latest:
        word = words.get(at, "")
        if at > dot and word and _goes_on_without(text, word, dot, at):
            break
        at += 1
    while at - dot > SHORTEST_PART and _begins_the_next(text.folded[at - 1]):
        at -= 1
    return at


def _goes_on_without(text: Text, word: str, dot: int, at: int) -> bool:
    """Whether a word behind the dot is no part of the name any more: 林|說, 瓦倫丁|利用."""
    name = text.folded[dot:at]
    if at - dot < SHORTEST_PART and name not in surnames():
        return False
    if _is_ordinary(word) or is_speech(word) or word in VERBAL:
        return True
    if at - dot < SHORTEST_PART:
        return False
    if len(word) > 1 and word in folded_entries("common") and nature_of(word) != "noun":
        return True
    sounds = folded_entries("transliterations")
    return at - dot > SHORTEST_PART and sounds.issuperset(name) and word[0] not in sounds


def _end_by_sound(text: Text, words: Mapping[int, str], start: int) -> int:
    """Where a name ends that is written by its sound alone: 名將|杜邦."""
    at = start
    while at < start + LONGEST_PART and at in words:
        word = words[at]
        sounds = is_listed(word) or folded_entries("transliterations").issuperset(word)
        if is_speech(word) or not sounds:
            break
        at += len(word)
    name = text.folded[start:at]
    if is_listed(name):
        return at
    is_odd = words.get(start) != name or not is_known(name) or not _is_elsewhere(name)
    follows = words.get(at, "")
    return (
        at if is_odd and (not follows or is_speech(follows) or len(name) > SHORTEST_PART) else start
    )


def _is_elsewhere(name: str) -> bool:
    """Whether it is also a place, or a word that is common."""
    return any(name in folded_entries(listed) for listed in ("places", "common", "topics"))


def _sounds_foreign(char: str) -> bool:
    return char in folded_entries("transliterations")


def _begins_the_next(char: str) -> bool:
    """Whether a last character is a verb that the cut glued to the name: 萊赫特|率."""
    return char in folded_entries("single_verbs") and not _sounds_foreign(char)


def is_listed(name: str) -> bool:
    """Whether it is a name of another language that papers print often: 湯普森."""
    return name in folded_entries("foreign_names")


def is_speech(word: str) -> bool:
    """Whether it is a word for what people do in the news."""
    return word in folded_entries("speech")


def _is_ordinary(word: str) -> bool:
    """Whether it is a word of the language, and not a syllable or two that happen to be one."""
    if folded_entries("transliterations").issuperset(word):
        return False
    return word in function_words() if len(word) < SHORTEST_PART else is_known(word)
