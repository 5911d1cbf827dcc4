"""RULE: what a word is to a name beside it: an office, a place, a verb, a word that joins."""

from functools import cache, lru_cache

from services.enrich.cutter import nature_of
from services.enrich.folding import folded_entries, function_words
from services.enrich.name_parts import part_of
from services.enrich.words import is_weak

BEFORE_ACTORS = frozenset("由向被与和跟给经找在是及到为")
"""Words that those stand behind who act or are met: 由洪雅印刷廠承印."""
KINDS = ("商", "业者", "大厂", "龙头", "连锁", "伙伴", "股东", "同业", "对手", "厂牌")
"""How words for what a firm is end: 承銷商, 代工大廠."""
NEVER_INSIDE = frozenset(
    "我他她你的了在是有不也就被把让说会要能这那每各该本等某更还用看像从到为最很送赴抵从至往找"
)
EVERYDAY_LISTS = (
    "common",
    "generic_names",
    "generic_modifiers",
    "places",
    "topics",
    "class_nouns",
    "weak_suffixes",
    "loose_suffixes",
    "inside_names",
    "generic_topics",
)
MAX_KINDS = 1 << 15


@lru_cache(maxsize=MAX_KINDS)
def word_kind(word: str) -> str:
    """What a folded word is to a name beside it or around it."""
    told = next((kind for kind, is_one in _LISTED if is_one(word)), "")
    if told:
        return told
    nature = nature_of(word)
    size = "" if len(word) > 1 else "_character"
    if nature in ("verb", "unknown"):
        return f"{nature}{size}"
    if nature == "other":
        return "other"
    return f"noun{size}" if size or word not in folded_entries("common") else "common"


_LISTED = (
    ("of", lambda word: word == "的"),
    ("preposition", BEFORE_ACTORS.__contains__),
    ("title", lambda word: word in folded_entries("titles")),
    ("kind", lambda word: word in folded_entries("class_nouns") or word.endswith(KINDS)),
    ("number", is_weak),
    ("says", lambda word: len(word) == 1 and word in folded_entries("speech")),
    ("speech", lambda word: word in folded_entries("speech")),
    ("country", lambda word: word in folded_entries("countries")),
    ("place", lambda word: part_of(word) == "place"),
    ("body", lambda word: part_of(word) == "whole"),
    ("prefix", lambda word: part_of(word) == "prefix"),
    ("function", lambda word: word in function_words()),
)
"""Kinds of words by what has them; the first tells."""


def is_everyday(word: str) -> bool:
    """Whether it is a word of the language that no firm is called by alone."""
    return len(word) > 1 and word in _everyday()


@cache
def _everyday() -> frozenset[str]:
    return frozenset[str]().union(*map(folded_entries, EVERYDAY_LISTS))
