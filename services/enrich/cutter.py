"""Where Chinese words end, by the dictionary of rjieba with the names of our lexicon added.

A dictionary word also has a nature there: `v` a verb, `n…` a noun. Natures of words that only the
statistics of the cutter made up are worth nothing, and are not asked for.
"""

from functools import cache
from typing import Literal

import rjieba

from services.enrich.folding import folded_entries, function_words

Nature = Literal["noun", "verb", "other", "unknown"]

ADDED = {
    "places": "ns",
    "organisations": "nt",
    "people": "nr",
    "topics": "n",
    "titles": "n",
    "generic_modifiers": "b",
}
"""Lists whose entries are words, and the nature each gives to them."""
GLUED = frozenset("由与在向和及对把将被让为于给跟替据以")
"""Function words that the statistics like to glue to the unknown name behind them."""
MIN_GLUED_CHARS = 3
MAX_NATURES = 1 << 15
VERBS = ("v", "vd", "vq", "vg", "df")
OTHERS = ("d", "p", "c", "u", "r", "m", "q", "y", "e", "o", "f", "t", "z", "zg", "i", "l")
_natures: dict[str, Nature] = {}


@cache
def _dictionary() -> rjieba.Jieba:
    dictionary = rjieba.Jieba()
    for name, nature in ADDED.items():
        for word in sorted(folded_entries(name)):
            if not dictionary.has_word(word):
                dictionary.add_word(word, None, nature)
    return dictionary


def cut_folded(text: str) -> list[str]:
    """The words of a folded text, in order and without a gap."""
    words: list[str] = []
    for word in _dictionary().cut(text):
        if len(word) >= MIN_GLUED_CHARS and word[0] in GLUED and not is_known(word):
            words += (word[0], word[1:])
        else:
            words.append(word)
    return words


def is_known(word: str) -> bool:
    """Whether the dictionary has this folded word."""
    return nature_of(word) != "unknown"


def nature_of(word: str) -> Nature:
    """What kind of word the dictionary says a folded word is."""
    nature = _natures.get(word)
    if nature is None:
        if len(_natures) >= MAX_NATURES:
            _natures.clear()
        nature = _natures[word] = _looked_up(word)
    return nature


def _looked_up(word: str) -> Nature:
    dictionary = _dictionary()
    if not dictionary.has_word(word):
        return "unknown"
    if word in function_words():
        return "other"
    told = dictionary.tag(word)
    nature = told[-1][1]
    if nature in VERBS:
        return "verb"
    return "other" if len(told) == 1 and nature.startswith(OTHERS) else "noun"
