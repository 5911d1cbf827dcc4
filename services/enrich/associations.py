"""RULE: where the name of an association begins: 花蓮|野鳥與山林|學會.

Associations and committees are called by what they are for, in any words, with 與 between them. So
such a name is looked for from its other end: it begins with a place, with 中華 or 全國, or with the
body it belongs to, and all words between could be a part of a name.
"""

from functools import cache

from services.enrich.folding import folded_entries
from services.enrich.name_grammar import FOUNDED_AS, is_trade, part_of
from services.enrich.suffixes import ends_as_organisation
from services.enrich.words import Text

MAX_CHARS, MAX_WORDS = 18, 8
JOINING = ("与", "及", "暨", "和")
CHAINED = ("place", "prefix")
ANCHORS = (*CHAINED, "whole")


def start_of_association(text: Text, place: int, taken: frozenset[int]) -> int | None:
    """Where the name begins that ends with the word at this place; None if nothing tells."""
    at, ending = text.words[place]
    if not ending.endswith(_endings()):
        return None
    end, anchor, behind = at + len(ending), _founded(text, at, taken), ending
    if anchor is not None:
        return anchor
    for start, word in reversed(text.words_before(at, MAX_WORDS)):
        is_near = start + len(word) == at and end - start <= MAX_CHARS and start not in taken
        if not is_near or not _goes_on(word, behind, ending, is_anchored=anchor is not None):
            break
        if part_of(word) in ANCHORS:
            anchor = start
        at, behind = start, word
    return anchor


def _founded(text: Text, at: int, taken: frozenset[int]) -> int | None:
    """Where 財團法人 begins, behind which all is its name: 財團法人|志善社會福利|基金會."""
    for start, word in reversed(text.words_before(at, MAX_WORDS)):
        behind = start + len(word)
        if behind > at or start in taken or at - start > MAX_CHARS or not text.ideographic[start]:
            return None
        if not text.ideographic[behind:at].all():
            return None
        if word in FOUNDED_AS:
            return start
    return None


def _goes_on(word: str, behind: str, ending: str, *, is_anchored: bool) -> bool:
    """Whether a word may stand in the name, with `behind` to its right."""
    part = part_of(word)
    if is_anchored:
        return part in CHAINED
    if word in JOINING:
        return behind == ending or part_of(behind) not in ANCHORS
    if behind in JOINING and (part in ANCHORS or ends_as_organisation(word)):
        return False
    return (
        part != "none"
        or word in folded_entries("class_nouns")
        or is_trade(word, ending, is_first=False)
    )


@cache
def _endings() -> tuple[str, ...]:
    return tuple(folded_entries("associations"))
