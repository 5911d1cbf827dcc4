"""RULE: how sure we are that characters in a text name a person, from what stands around them.

Each sign adds: an office or a role before or behind, what people do in the news behind, a given
name's characters, an edge of a sentence. A word of the dictionary at the same place takes away.
"""

import re
from functools import cache, lru_cache

from services.enrich.cutter import is_known, is_person, nature_of
from services.enrich.family_names import common_surnames, first_characters, surnames
from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.given_names import is_common, likeness
from services.enrich.named import mentions_of
from services.enrich.suffixes import endings, loose_endings
from services.enrich.surroundings import MAX_NAME, MAX_WORDS, Surroundings, ordinary

NOT_HAN = re.compile(f"[^{HAN}]")
SURE, HELD = 3.0, 6.0
AGAIN = 2
COMMON_SURNAME, BESIDE_MARK, ALONE, BEFORE_VERB = 0.25, 0.75, 0.5, 0.5
BEHIND_PREPOSITION = 0.5
BEFORE_PEOPLE = frozenset("由被对跟给")
DOUBLED = 0.5
"""Given names are doubled, as few words are: 古珞珞."""
UNLIKE = 1.0
INSIDE_WORD = -3.0
"""隆海鷹 begins inside 基隆; only an office before it can say that the cut was wrong."""
CLEARLY = 1.0
"""The likeness of what is hardly anything but a given name."""
GIVEN_IS_WORD = 1.5
"""戴|口罩 and 查|紀錄 are no names; 江|明月 is one where more speaks for it."""
ENDING_CHARS = (2, 3, 4, 5)
WEAK_SIGN = 0.75
SAID = frozenset("说称答问则")
AGED = "岁的"
ROLE_ENDINGS = frozenset("员师手长者生妇匠农星家棒投民主友子嬷婆授官监理徒表人夫客警伯婶叔姨爷奶")
"""How words for what somebody is or does end: 防護員許淮安."""
PREPOSITIONS = frozenset("向和于从於")
"""Family names that are mostly something else: 向中央 is no name, 主任向思遠 is one."""
PLACE_ENDINGS = frozenset("桥港岛路街村镇乡里区市县国线站寺庙")
FIRM_ENDINGS = frozenset("银金控科电党盟")
"""How short forms of firms and parties end: 海川銀."""
LANDSCAPE = frozenset("山川河江湖")


def sureness(around: Surroundings, start: int, end: int, family: int) -> tuple[float, str]:
    """How sure a name with a family name of so many characters is, and the best reason."""
    folded, name = around.folded, around.folded[start:end]
    sure, why = _by_role(around, start, end)
    if name in folded_entries("speech"):
        return 0.0, why
    if is_held(around, start, end) and not _is_plain(around, start, end):
        return HELD - (len(name) == family + 1), why
    is_japanese = name[:family] in folded_entries("japanese_surnames")
    if not is_japanese and not folded_entries("name_stops").isdisjoint(name[family:]):
        return 0.0, why
    after = around.words.get(end, "")
    speaks = after in folded_entries("speech")
    if speaks:
        is_act = len(after) > 1 or after in SAID
        sure, why = sure + (1.5 if is_act else WEAK_SIGN), why if sure else f"後接「{after}」"
    sure += 0.5 * (_is_edge(folded, start - 1) + _is_edge(folded, end))
    sure += likeness(name[family:]) + (DOUBLED if name[family:-1] == name[-1] else 0.0)
    sure += 0.5 if end in around.ends else 0.0 if end in around.guessed else -1.0
    sure += _by_words(around, start, end)
    sure += _by_neighbours(around, start, end)
    sure += COMMON_SURNAME if name[:family] in common_surnames() else 0.0
    sure -= GIVEN_IS_WORD if name[family:] in ordinary() else 0.0
    if family > 1 and name[:family] in surnames():
        sure += 2 if likeness(name[family:]) > 0 else 0
    sure -= 1.5 if len(name) == family + 1 else 0
    is_told = why.startswith("職稱") or start in around.kin_before
    is_odd = _is_odd(around, start, name, family)
    if not is_told and _is_doubtful(name, family, is_odd=is_odd):
        return 0.0, why
    is_told = is_told or speaks
    sure -= UNLIKE if not is_told and likeness(name[family:]) < 0 else 0.0
    is_told = is_told or len(name) > family + 1
    if sure < SURE and sure > 0 and is_told and folded.count(name) > 1:
        sure, why = sure + min(folded.count(name) - 1, 3) * 0.75, f"{why}，重複出現"
    if sure >= SURE and (_is_of_a_body(folded, start, end) or _is_a_firm(around, name, why)):
        return 0.0, why
    return sure, why


def _is_a_firm(around: Surroundings, name: str, why: str) -> bool:
    """Whether a short name has the ending of a firm elsewhere in the text: 嶽晶, of 嶽晶科技."""
    if len(name) >= MAX_NAME or why.startswith("職稱"):
        return False
    words = (around.words.get(end, "") for _, end in mentions_of(around.folded, name))
    firms = folded_entries("weak_suffixes") | loose_endings()
    return any(word in firms and nature_of(word) == "noun" for word in words)


def _by_neighbours(around: Surroundings, start: int, end: int) -> float:
    """What stands beside it: the marks of a list, both edges of a sentence, a verb behind."""
    folded = around.folded
    after = around.words.get(end, "")
    sure = BESIDE_MARK if "、" in (folded[start - 1 : start], folded[end : end + 1]) else 0.0
    if _is_edge(folded, start - 1) and _is_edge(folded, end):
        sure += ALONE
    if folded[start - 1 : start] in BEFORE_PEOPLE or folded[
        max(start - 2, 0) : start
    ] in folded_entries("done_to_people"):
        sure += BEHIND_PREPOSITION
    is_act = after in function_words() or (len(after) > 1 and nature_of(after) == "verb")
    return sure + (BEFORE_VERB if is_act and after not in folded_entries("speech") else 0.0)


def is_held(around: Surroundings, start: int, end: int) -> bool:
    """Whether an office or kin ends before it, and what people do, or a mark, begins behind it."""
    if start not in around.offices_before and start not in around.kin_before:
        return False
    after, name = around.words.get(end, ""), around.folded[start:end]
    if name[0] in folded_entries("rare_surnames") and not _acts(after):
        is_given = all(map(is_common, name[1:]))
        return is_given and len(name) == MAX_NAME and _is_edge(around.folded, end)
    is_long = len(name) > len("江望")
    return (
        _is_edge(around.folded, end)
        or _acts(after)
        or (is_long and len(after) > 1 and nature_of(after) == "verb")
        or (around.words.get(start) == name and after in folded_entries("single_verbs"))
    )


def _acts(word: str) -> bool:
    return word in folded_entries("speech") and (len(word) > 1 or word in SAID)


def _is_plain(around: Surroundings, start: int, end: int) -> bool:
    """Whether what is held is an everyday word, or one for an office, and no name: 局長|會議|說."""
    name, at = around.folded[start:end], start
    if name in folded_entries("titles") or _is_of_a_body(around.folded, start, end):
        return True
    while at < end and at in around.words:
        word = around.words[at]
        is_word = len(word) > 1 and is_known(word)
        if is_word and (word in function_words() or word in folded_entries("titles")):
            return True
        at += len(word)
    if at > end:
        return True
    is_noun = nature_of(name) == "noun" and _acts(around.words.get(end, ""))
    is_word = around.words.get(start) == name and (name in ordinary() or nature_of(name) == "verb")
    return is_word and not is_noun and around.folded.count(name) < AGAIN


def _by_role(around: Surroundings, start: int, end: int) -> tuple[float, str]:
    """What an office beside the name, or a word for a role before it, tells."""
    sure, why = 0.0, "姓氏"
    after = around.offices_after.get(end, "")
    if after and _is_of_the_next(around, end + len(after)):
        after = ""
    for office in (around.offices_before.get(start), after):
        if office:
            sure, why = sure + 3, f"職稱「{office}」"
    folded = around.folded
    if not sure and start in around.kin_before:
        sure, why = 1.5, f"前接「{around.kin_before[start]}」"
    if not sure and folded[max(start - 1, 0) : start] in ROLE_ENDINGS:
        sure, why = 1.5, f"前接「{folded[max(start - 3, 0) : start]}」"
    if folded[max(start - 2, 0) : start] == AGED:
        sure, why = max(sure, 2.0), "前有年齡"
    return sure, why


def _is_of_the_next(around: Surroundings, at: int) -> bool:
    """Whether an office that ends here speaks of the name behind it: 負責人|杭家榮."""
    word = around.words.get(at, "")
    is_open = at not in around.words or not is_known(word)
    is_like = likeness(around.folded[at + 1 : at + 3]) >= CLEARLY
    return (is_open or is_like) and around.folded[at : at + 1] in first_characters()


def _is_doubtful(name: str, family: int, *, is_odd: bool) -> bool:
    """Whether only an office makes a name of it."""
    is_rare = name[:family] in folded_entries("rare_surnames") and not is_odd
    is_rare |= name[0] in PREPOSITIONS
    is_short = len(name) == family + 1
    return is_rare or name[-1] in PLACE_ENDINGS or (is_short and name[-1] in LANDSCAPE)


def _is_odd(around: Surroundings, start: int, name: str, family: int) -> bool:
    """Whether the cut sees a word in it that no dictionary has, and it speaks or comes again."""
    is_unknown = around.words.get(start) == name and not is_known(name)
    is_unknown &= name[-1] not in FIRM_ENDINGS
    is_like = likeness(name[family:]) >= CLEARLY and len(name) > family + 1
    speaks = _acts(around.words.get(start + len(name), ""))
    return is_unknown and is_like and (speaks or around.folded.count(name) >= AGAIN)


def _by_words(around: Surroundings, start: int, end: int) -> float:
    """What the cut says: an unknown word is like a name, a known one is against it."""
    word, name = around.words.get(start, ""), around.folded[start:end]
    if not word:
        is_told = start in around.offices_before or start in around.kin_before
        return 0.0 if start in around.guessed else -1.0 if is_told else INSIDE_WORD
    if word == name and (not is_known(word) or _is_somebody(name)):
        return 1.5
    if word == name[:2] and word in folded_entries("japanese_surnames"):
        return 0.5
    if len(word) > 1 and is_known(word):
        if len(word) > len(name) or word == name or nature_of(word) == "verb":
            return -4.0
        return -2.5 if word in ordinary() else -1.0
    return -0.5 if name in ordinary() else 0.0


@lru_cache(maxsize=MAX_WORDS)
def _is_somebody(word: str) -> bool:
    """Whether the dictionary knows it as a person, and its characters are those of a name.

    For the dictionary 高麗菜 is one too, which is a cabbage.
    """
    return len(word) == MAX_NAME and is_person(word) and all(map(is_common, word[1:]))


def _is_of_a_body(folded: str, start: int, end: int) -> bool:
    """Whether it ends as an organisation does, or such an ending stands behind it."""
    whole, trade = _whole(), folded[end - 2 : end] if end - start >= MAX_NAME else ""
    if trade in loose_endings() and is_known(trade):
        return True
    return any(
        folded[max(end - chars, start) : end] in whole or _ends_behind(folded[end : end + chars])
        for chars in ENDING_CHARS
    )


def _ends_behind(word: str) -> bool:
    """Whether an ending of organisations stands there that is no verb too: 葉宗諺|開發."""
    return word in _whole() and nature_of(word) != "verb"


@cache
def _whole() -> frozenset[str]:
    """How organisations end, in two characters and more."""
    return folded_entries("whole_endings").union(word for word in endings(0) if len(word) > 1)


def _is_edge(folded: str, at: int) -> bool:
    return not 0 <= at < len(folded) or bool(NOT_HAN.match(folded[at]))
