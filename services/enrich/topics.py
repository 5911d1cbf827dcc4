"""Phrases that a text leans on: runs of words that cut no name and no word apart.

A run that lies in a name, or holds a part of one, is left out where it stands so; a run before a
character that belongs to it (萬大 before 線) is too. Verbs at its edges make a run lighter.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.folding import folded_entries
from services.enrich.grams import Grams, distinct, runs_of
from services.enrich.named import Named, Span
from services.enrich.words import Flags, Text

FIRST_VERB, LAST_VERB, ONLY_VERB = 0.7, 0.85, 0.6
ONCE, AFTER_PLACE = 0.5, 0.6


def topics_of(text: Text, names: Iterable[Named], apart: Iterable[Span]) -> Grams:
    """The phrases of a text outside `apart` spans and in one piece with its `names`."""
    runs = runs_of(text)
    hidden, inside, span_end = _masks(text, names, apart)
    whole = (hidden[runs.starts] == hidden[runs.ends]) & (span_end[runs.starts] != runs.ends)
    whole &= ~inside[runs.starts] & ~inside[runs.ends] & ~_clings(text)[runs.lasts]
    runs = runs.kept(whole)
    verbal = text.verbal
    first, last = verbal[runs.firsts], verbal[runs.lasts]
    light = np.where(first, FIRST_VERB, 1.0) * np.where(last, LAST_VERB, 1.0)
    light = np.where(first & (runs.firsts == runs.lasts), ONLY_VERB, light)
    placed = _places(text)[runs.firsts] & (runs.firsts != runs.lasts)
    light = np.where(placed, light * AFTER_PLACE, light)
    runs.weights[:] = runs.weights * light
    grams = distinct(runs)
    once = (grams.counts == 1) & (grams.words > 1)
    grams.weights[:] = np.where(once, grams.weights * ONCE, grams.weights)
    return grams


def _masks(
    text: Text, names: Iterable[Named], apart: Iterable[Span]
) -> tuple[NDArray[np.int64], Flags, NDArray[np.int64]]:
    """Characters that stand apart, summed; places inside a name; and where a name ends."""
    size = len(text.surface) + 1
    flags, inside = np.zeros(size, np.int64), np.zeros(size, bool)
    span_end = np.full(size, -1, np.int64)
    spans = list(apart)
    for one in names:
        if one.kind == "person":
            spans += one.mentions
        for start, end in one.mentions:
            inside[start + 1 : end] = True
            span_end[start] = end
    for start, end in spans:
        flags[start + 1 : end + 1] = 1
    return np.cumsum(flags), inside, span_end


def _places(text: Text) -> Flags:
    """Which words are places: a phrase that begins with one is better without it."""
    listed = folded_entries("places") & text.distinct
    return np.array([word in listed for _, word in text.words], bool)


@cache
def _tails() -> frozenset[str]:
    return folded_entries("tails")


def _clings(text: Text) -> Flags:
    """After which words a single character stands that belongs to them."""
    tails, words = _tails(), text.words
    flags = np.zeros(len(words), bool)
    for place in range(1, len(words)):
        at, word = words[place]
        if word in tails and words[place - 1][0] + len(words[place - 1][1]) == at:
            flags[place - 1] = True
    return flags
