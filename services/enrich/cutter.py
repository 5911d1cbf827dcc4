"""Where Chinese words end, by the dictionary of rjieba with the names of our lexicon added.

A dictionary word also has a nature there: `v` a verb, `n…` a noun. Natures of words that only the
statistics of the cutter made up are worth nothing, and are not asked for.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Literal

import rjieba

from services.enrich.folding import folded_entries, function_words

Nature = Literal["noun", "verb", "other", "unknown"]

ADDED = {
    "places": "ns",
    "organisations": "nt",
    "people": "nr",
    "foreign_names": "nr",
    "topics": "n",
    "titles": "n",
    "organisation_suffixes": "n",
    "name_prefixes": "n",
    "generic_modifiers": "b",
}
"""Lists whose entries are words, and the nature each gives to them."""
STRONG = {
    "titles": "n",
    "class_nouns": "n",
    "kin": "n",
    "sides": "n",
    "speech": "v",
    "whole_endings": "n",
    "places": "ns",
    "organisations": "nt",
}
"""Lists whose words, if longer than a character, are cut out of whatever stands around them."""
HEADS = "长"
HEAD_FREQUENCY = 200_000
"""Of offices that end with 長, lest 執行長江以恆 be cut as 執行|長江."""
WEAK = frozenset(("少校", "中校", "上校", "员林", "员山"))
"""Offices and places that are not cut out of what stands around: 國中|校長, 研究員|林正泓."""
STRONG_FREQUENCY = 20_000
"""As often as the commonest words of the dictionary, so that no made-up word is worth more."""
GLUED = frozenset("由与在向和及对把将被让为于给跟替据以送赴抵从到至往长厂店队经")
"""Function words that the statistics like to glue to the unknown name behind them."""
MIN_GLUED_CHARS = 2
GLUED_BEHIND = frozenset("说则与以及也的将在是被遭把都还曾已并而但")
"""Function words that they like to glue to the unknown name before them."""
SHORTEST_JOINED, ENDING = 4, 2
MAX_NATURES = 1 << 15
PERSON = "nr"
VERBS = ("v", "vd", "vq", "vg", "df")
OTHERS = ("d", "p", "c", "u", "r", "m", "q", "y", "e", "o", "f", "t", "z", "zg", "i", "l")


@cache
def _dictionary() -> rjieba.Jieba:
    dictionary = rjieba.Jieba()
    for name, nature in ADDED.items():
        for word in sorted(folded_entries(name)):
            if not dictionary.has_word(word):
                dictionary.add_word(word, None, nature)
    for name, nature in STRONG.items():
        for word in sorted(folded_entries(name)):
            if len(word) > 1 and word not in WEAK:
                is_head = name == "titles" and word.endswith(HEADS) and len(word) > len("市长")
                frequency = HEAD_FREQUENCY if is_head else STRONG_FREQUENCY
                dictionary.add_word(word, frequency, nature)
    return dictionary


def cut_folded(text: str) -> list[str]:
    """The words of a folded text, in order and without a gap."""
    words: list[str] = []
    endings = folded_entries("whole_endings")
    for word in _dictionary().cut(text):
        if len(word) == 1:
            words.append(word)
        elif (word[-1] in GLUED_BEHIND or word[0] in GLUED) and nature_of(word) == "unknown":
            words += _unglued(word)
        elif len(word) >= SHORTEST_JOINED and word[:ENDING] in endings:
            words += _parted(word)
        else:
            words.append(word)
    return words


def _unglued(word: str) -> Iterator[str]:
    """The parts of a word that only the statistics made up."""
    if len(word) >= MIN_GLUED_CHARS and word[0] in GLUED:
        yield word[0]
        word = word[1:]
    if len(word) > 1 and word[-1] in GLUED_BEHIND:
        yield word[:-1]
        word = word[-1]
    yield word


@lru_cache(maxsize=MAX_NATURES)
def _parted(word: str) -> tuple[str, ...]:
    """The ending and the office that the dictionary has as one word: 大學|教授."""
    titles = folded_entries("titles")
    is_joined = word not in titles and word[ENDING:] in titles
    return (word[:ENDING], word[ENDING:]) if is_joined else (word,)


def is_known(word: str) -> bool:
    """Whether the dictionary has this folded word."""
    return nature_of(word) != "unknown"


@lru_cache(maxsize=MAX_NATURES)
def is_person(word: str) -> bool:
    """Whether the dictionary has this folded word as the name of a person: 黃俊傑."""
    dictionary = _dictionary()
    return dictionary.has_word(word) and dictionary.tag(word)[-1][1] == PERSON


@lru_cache(maxsize=MAX_NATURES)
def nature_of(word: str) -> Nature:
    """What kind of word the dictionary says a folded word is."""
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
