"""RULE: the signs that say whether a reading is the name of a person.

They are words, (before, title) or (family, rare, given, 2), which `person_odds.txt` weighs, as
counted in articles: an office or a role beside the name, what people do in the news behind it, a
given name's characters, how the words were cut. What a word of the dictionary at the same place
takes away was counted the same way.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from services.enrich.body_signs import DIGITS, Sign
from services.enrich.cutter import is_known, is_person, nature_of
from services.enrich.family_names import family_kind
from services.enrich.folding import folded_entries
from services.enrich.given_names import is_common, likeness
from services.enrich.named import mentions_of
from services.enrich.person_readings import NOT_HAN, PLACE_ENDINGS, Reading
from services.enrich.suffixes import endings, loose_endings
from services.enrich.surroundings import Surroundings, ordinary
from services.enrich.word_kinds import word_kind
from services.enrich.words import Text

LONGEST_FAMILY, WHOLE = 3, 3
HALVES, MOST_TIMES, LONGEST_WORD = 2, 3, 4
MAX_KNOWN, MOST_MENTIONS = 1 << 14, 50
AGED = "岁的"
ROLE_ENDINGS = frozenset("员师手长者生妇匠农星家棒投民主友子嬷婆授官监理徒表人夫客警伯婶叔姨爷奶工")
"""How words for what somebody is or does end: 防護員許淮安."""
FIRM_ENDINGS = frozenset("银金控科电党盟")
"""How short forms of firms and parties end: 海川銀."""
LANDSCAPE = frozenset("山川河江湖")
GLUED_VERBS = frozenset("送攻扑投轰收打带赴率学挥接击夺抢")
"""What somebody does, that the cut leaves at a name: 強森|送."""
THINGS = frozenset("桥路站楼馆港岛案法费税款书表单量率度性型式机车船票证牌赛季期")
"""How what is built, decided, counted or shown ends: 蘇光橋."""
ENDING_CHARS = (2, 3, 4, 5)


def signs_of(text: Text, around: Surroundings, reading: Reading) -> tuple[Sign, ...]:
    """All signs of a reading."""
    name = around.folded[reading.start : reading.end]
    context = context_of(text, around, reading)
    return (
        *signs_of_name(name, reading.family),
        *signs_of_context(context),
        *signs_of_place(text, around, reading),
    )


def signs_of_name(name: str, family: int) -> tuple[Sign, ...]:
    """The signs that a name with a family name of so many characters shows by itself."""
    kind, given = family_kind(name[:family]), name[family:]
    length = DIGITS[len(given)]
    trade = name[-2:] if len(name) >= WHOLE else ""
    flags = {
        "second_stop": not folded_entries("name_stops").isdisjoint(given),
        "given_is_ordinary": given in ordinary(),
        "name_is_ordinary": name in ordinary(),
        "name_is_speech": name in folded_entries("speech"),
        "given_is_known": is_known(given),
        "all_common": all(map(is_common, given)),
        "doubled": len(given) > 1 and given[0] == given[1],
        "place": name[-1] in PLACE_ENDINGS,
        "landscape": name[-1] in LANDSCAPE,
        "firm": name[-1] in FIRM_ENDINGS,
        "trade": trade in loose_endings() and is_known(trade),
        "body": any(name[-chars:] in _whole() for chars in ENDING_CHARS),
        "somebody": len(name) == WHOLE and is_person(name) and all(map(is_common, name[1:])),
        "number": any(map(str.isnumeric, given)),
        "verb_last": name[-1] in GLUED_VERBS,
        "verb_object": nature_of(name[0]) == "verb" and is_known(given) and len(given) > 1,
        "thing": name[-1] in THINGS,
    }
    return (
        ("any",),
        ("family", kind),
        ("family", kind, "given", length),
        ("like", like_of(given), "given", length),
        ("like", like_of(given), "family", kind),
        *((sign,) for sign, is_so in flags.items() if is_so),
    )


@lru_cache(maxsize=MAX_KNOWN)
def like_of(given: str) -> str:
    """How like a given name some characters are, in halves, as a word."""
    return str(round(HALVES * likeness(given)))


class Context(NamedTuple):
    """What kinds of words stand around a name, what kind of name it is, and how words were cut."""

    before: str
    after: str
    family: str
    given: str
    like: str
    cut: str


def context_of(text: Text, around: Surroundings, reading: Reading) -> Context:
    """The context of a reading."""
    start, middle, end = reading.start, reading.start + reading.family, reading.end
    family, given = around.folded[start:middle], around.folded[middle:end]
    before, after = _before(text, around, start), _after(text, around, end)
    like, cut = like_of(given), _cut(around, reading)
    return Context(before, after, family_kind(family), DIGITS[len(given)], like, cut)


def signs_of_context(context: Context) -> tuple[Sign, ...]:
    """The signs of a context, alone and in pairs."""
    before, after, family, given, like, cut = context
    return (
        ("before", before),
        ("after", after),
        ("before", before, "family", family, given),
        ("before", before, "after", after),
        ("before", before, "like", like, given),
        ("after", after, "family", family, given),
        ("cut", cut),
        ("cut", cut, "before", before),
        ("cut", cut, "after", after),
        ("cut", cut, "like", like),
    )


def signs_of_place(text: Text, around: Surroundings, reading: Reading) -> tuple[Sign, ...]:
    """The words beside a reading, a role, an office or a body, and how often it is told."""
    folded, start, end = around.folded, reading.start, reading.end
    name, family = folded[start:end], family_kind(folded[start : start + reading.family])
    given = DIGITS[end - start - reading.family]
    times = text.times(name)
    is_longer = times > 1 and text.times(folded[start : end + 1]) == times
    flags = {
        ("always_longer",): is_longer,
        ("role", "family", family, given): folded[start - 1 : start] in ROLE_ENDINGS,
        ("aged",): folded[max(start - 2, 0) : start] == AGED,
        ("office_behind", given): end in around.offices_after,
        ("body_behind",): any(_ends_behind(folded[end : end + chars]) for chars in ENDING_CHARS),
        ("korean", family, given): around.is_korean,
        ("body_elsewhere", given): times > 1 and is_of_a_body(around, name),
    }
    return (
        ("behind", _word_before(text, around, start) or _mark(folded[start - 1 : start])),
        ("next", around.words.get(end, "")[:LONGEST_WORD] or _mark(folded[end : end + 1])),
        ("times", DIGITS[min(times, MOST_TIMES)], given),
        *(sign for sign, is_so in flags.items() if is_so),
    )


def is_of_a_body(around: Surroundings, name: str) -> bool:
    """Whether the ending of a firm stands behind it somewhere: 嶽晶, of 嶽晶科技."""
    if around.folded.count(name) > MOST_MENTIONS:
        return False
    words = (around.words.get(end, "") for _, end in mentions_of(around.folded, name))
    return any(word in _firms() and nature_of(word) == "noun" for word in words)


@cache
def _firms() -> frozenset[str]:
    return folded_entries("weak_suffixes") | loose_endings()


def _mark(char: str) -> str:
    """A character that is a mark; nothing of others, which are a part of a word."""
    return char.strip() if NOT_HAN.match(char) else ""


def _ends_behind(word: str) -> bool:
    """Whether an ending of organisations stands there that is no verb too: 葉宗諺|開發."""
    return word in _whole() and nature_of(word) != "verb"


@cache
def _whole() -> frozenset[str]:
    """How organisations end, in two characters and more."""
    return folded_entries("whole_endings").union(word for word in endings(0) if len(word) > 1)


def _before(text: Text, around: Surroundings, start: int) -> str:
    """The kind of the word that ends here."""
    if start in around.offices_before:
        return "title"
    if start in around.kin_before:
        return "kin"
    word = _word_before(text, around, start)
    if word:
        return word_kind(word)
    return "inside" if start and text.ideographic[start - 1] else "mark"


def _word_before(text: Text, around: Surroundings, start: int) -> str:
    """The word that ends here, an office in one piece; nothing if none does."""
    if start in around.offices_before or start not in around.ends:
        return around.offices_before.get(start, "")
    return text.words[text.place_of(start - 1)][1]


def _after(text: Text, around: Surroundings, end: int) -> str:
    word = around.words.get(end, "")
    if word:
        return word_kind(word)
    return "inside" if end < len(text.folded) and text.ideographic[end] else "mark"


def _cut(around: Surroundings, reading: Reading) -> str:
    """How the cut of the words goes with the name."""
    start, end = reading.start, reading.end
    name, word = around.folded[start:end], around.words.get(start, "")
    if word == name:
        return f"word_{nature_of(word)}"
    if not word:
        return f"middle{_end_of(around, end)}"
    if len(word) == reading.family and around.words.get(start + len(word), "") == name[len(word) :]:
        return f"two_{nature_of(name[len(word) :])}"
    if len(word) > len(name):
        return f"shorter_{nature_of(word)}"
    return f"{min(len(word), LONGEST_FAMILY)}_{nature_of(word)}{_end_of(around, end)}"


def _end_of(around: Surroundings, end: int) -> str:
    return "_end" if end in around.ends else "_guessed" if end in around.guessed else "_cuts"
