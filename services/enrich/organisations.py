"""Organisations in a text: those of a list, and those whose names end as such names do.

From the ending the name is followed to the left, word by word, until a word that no name holds: a
verb, a function word, an office, a person. 花蓮縣議會 that is 縣議會 later on is one organisation,
and so is 島嶼行動聯盟 that is 島盟.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from services.enrich.cutter import is_known, nature_of
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.named import Named, Span, all_mentions, any_of
from services.enrich.short_forms import FEW_FOR_SHORTENING, shortened_in, tails_of
from services.enrich.suffixes import (
    MIN_BEFORE_SHORT_ENDING,
    endings,
    ends_as_organisation,
    last_characters,
)
from services.enrich.words import Text

MAX_CHARS, MAX_WORDS = 16, 6
MAX_ORGANISATIONS = 40
FEW = 2
COUNTRIES = ("日本", "美国", "韩国", "德国", "法国", "英国", "荷兰", "印度", "泰国", "越南")
PARTY = re.compile(rf"([{HAN}]{{2}})党(?=([{HAN}]?))")
HEADED = frozenset("部署局处院馆所厂")
"""Endings that an office begins with: 部長, 局長."""
NAMED_AFTER_PEOPLE = ("基金会", "纪念馆", "美术馆", "事务所")
AGENCIES = frozenset("局署")
COUNTED = ("第", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "决胜")
"""Endings of agencies, which need no town before them: 衛生局, 消防署."""
OF_A_PARTY = frozenset("籍团主立议总推提")
"""What follows the name of a party that is mentioned once: 民本黨團, 自強黨立委."""


def organisations_in(text: Text, taken: frozenset[int]) -> tuple[Named, ...]:
    """Find organisations outside the `taken` places, which belong to people and bylines."""
    found: dict[str, Span] = {}
    listed = folded_entries("organisations")
    headed = _headed(text)
    for place, (at, word) in enumerate(text.words):
        if at in taken:
            continue
        end = headed.get(at, at + len(word))
        if end > at and at in headed:
            start = _start(text, place, taken, is_listed=False)
            if end - start > MIN_BEFORE_SHORT_ENDING:
                found.setdefault(text.folded[start:end], (start, end))
            continue
        is_listed = word in listed
        if is_listed or _may_end_here(text, place):
            start = _start(text, place, taken, is_listed=is_listed)
            name = text.folded[start:end]
            if is_listed or (_is_name(text, start, end, place) and ends_as_organisation(name)):
                found.setdefault(name, (start, end))
    found |= {name: span for name, span in _parties(text, taken) if name not in found}
    names = list(found)[:MAX_ORGANISATIONS]
    named = [_named(text, name, names) for name in names if not _is_short_form(name, names)]
    return tuple(one for one in named if not _is_only_inside(one, named))


def _headed(text: Text) -> dict[int, int]:
    """Where the last word of an organisation begins that its head gives away, and where it ends.

    衛福|部長 and 經濟部長 speak of 衛福部 and 經濟部.
    """
    found: dict[int, int] = {}
    for match in any_of("titles").finditer(text.folded):
        at = match.start()
        if text.folded[at + 1 : at + 2] != "长" or text.folded[at] not in HEADED:
            continue
        place = int(text.starts.searchsorted(at, "right")) - 1
        if place > 0 and text.starts[place] == at and text.ends[place - 1] == at:
            place -= 1
        if place >= 0 and text.starts[place] < at:
            found[int(text.starts[place])] = at + 1
    return found


def _may_end_here(text: Text, place: int) -> bool:
    at, word = text.words[place]
    if word[-1] not in last_characters() or word.endswith(endings(2)):
        return False
    if word.endswith(endings(0)):
        return True
    if not word.endswith(endings(1)) or len(word) == MIN_BEFORE_SHORT_ENDING:
        return False
    after = text.words[place + 1] if place + 1 < len(text.words) else (-1, "")
    return after[0] != at + len(word) or len(after[1]) > 1 or after[1] in function_words()


def _start(text: Text, place: int, taken: frozenset[int], *, is_listed: bool) -> int:
    """Where the name begins that ends with the word at this place."""
    at, word = text.words[place]
    end = at + len(word)
    if is_listed:
        return at
    if len(word) == 1 and place and text.words[place - 1][1][0].isnumeric():
        return at
    for before in range(place - 1, max(place - MAX_WORDS, -1), -1):
        start, other = text.words[before]
        is_next = start + len(other) == at and end - start <= MAX_CHARS
        is_free = start not in taken or word.endswith(NAMED_AFTER_PEOPLE)
        if not is_next or not is_free or not _may_stand_inside(other):
            break
        at = start
    return _without_country(text, at, end)


@cache
def _boundaries() -> frozenset[str]:
    return folded_entries("titles") | folded_entries("generic_modifiers") | folded_entries("speech")


@cache
def _inside() -> frozenset[str]:
    return folded_entries("inside_names")


def _may_stand_inside(word: str) -> bool:
    if word in _inside():
        return True
    if word in function_words() or word in _boundaries():
        return False
    if len(word) == 1:
        return word not in folded_entries("single_verbs") and not word.isnumeric()
    nature = nature_of(word)
    if nature == "unknown" and word[-1] in function_words():
        return False
    if nature == "other" or word[0].isnumeric():
        return word.startswith("第")
    return nature != "verb"


def _without_country(text: Text, start: int, end: int) -> int:
    """Leave 日本 off 日本東北電材, and a town off what is mostly named without it."""
    for country in COUNTRIES:
        behind = start + len(country)
        if text.folded.startswith(country, start) and end - behind > FEW_FOR_SHORTENING - 1:
            return behind
    town, rest = text.folded[start : start + 2], text.folded[start + 2 : end]
    is_alone = len(rest) > FEW_FOR_SHORTENING and town in folded_entries("places")
    if is_alone and text.folded.count(rest) > 2 * text.folded.count(town + rest):
        return start + 2
    return start


def _is_name(text: Text, start: int, end: int, place: int) -> bool:
    """Whether more stands before the ending than words that fit any organisation."""
    at, word = text.words[place]
    before = [w for a, w in text.words[max(place - MAX_WORDS, 0) : place] if start <= a < at]
    if not before:
        return end - start > len(word) or _is_word_a_name(word)
    told = [w for w in before if w not in folded_entries("generic_names")]
    if word in folded_entries("weak_suffixes"):
        places = folded_entries("places")
        return any(w in places or len(w) == 1 or not is_known(w) for w in told) or len(told) > FEW
    return bool(told)


def _is_word_a_name(word: str) -> bool:
    is_whole = word.endswith(_schools()) and word not in _schools()
    is_whole |= word[-1] in AGENCIES and is_known(word) and not word.startswith(COUNTED)
    return len(word) > MIN_BEFORE_SHORT_ENDING and (is_whole or not is_known(word))


@cache
def _schools() -> tuple[str, ...]:
    return tuple(folded_entries("schools"))


def _parties(text: Text, taken: frozenset[int]) -> Iterator[tuple[str, Span]]:
    """Yield parties, by two characters before 黨: named twice, or followed by what parties have."""
    free = set(text.starts.tolist()) - taken
    matches = [match for match in PARTY.finditer(text.folded) if match.start() in free]
    counts = Counter(match.group() for match in matches)
    for match in matches:
        head, after = match.groups()
        is_named = after in OF_A_PARTY or counts[match.group()] > 1
        could_be = folded_entries("no_parties").isdisjoint(head)
        if is_named and could_be and head not in folded_entries("generic_names"):
            yield match.group(), match.span()


def _is_only_inside(one: Named, names: list[Named]) -> bool:
    """Whether it is never mentioned but in the name of another: 花蓮縣政府 in 花蓮縣政府工務處."""
    longer = [other for other in names if other is not one and one.name in other.name]
    return bool(longer) and all(
        any(s <= start and end <= e for other in longer for s, e in other.mentions)
        for start, end in one.mentions
    )


def _is_short_form(name: str, names: list[str]) -> bool:
    """Whether it is the tail of a longer name: 縣議會 beside 花蓮縣議會."""
    return any(other != name and other.endswith(name) for other in names)


def _named(text: Text, name: str, names: list[str]) -> Named:
    tails = [other for other in names if other != name and name.endswith(other)]
    shorter = tuple(dict.fromkeys((*tails, *tails_of(name), *shortened_in(text.folded, name))))
    why = "名單" if name in folded_entries("organisations") else "結尾"
    mentions = all_mentions(text.folded, name, shorter)
    return Named(name, "organisation", mentions, f"機構，{why}")
