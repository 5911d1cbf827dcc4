"""RULE: words that the archive uses and no dictionary knows: proposals for the editors' vocabulary.

A run of Han characters is a word when its parts stand together far oftener than chance would have
it (Sun, Shen and Tsou, COLING-ACL 1998), and when what stands before and behind it varies (Huang
and Powers, PACLIC 2003). An editor decides: a phrase that everybody uses is as firm as a name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.enrich.corpus import Corpus
from services.enrich.cutter import cut_folded, is_known, nature_of
from services.enrich.folding import codes_of, fold, function_words
from services.enrich.names import names_of
from services.enrich.phrases import fits_any_story, kind_of
from services.enrich.words import Hashes, Numbers, is_weak, mix, read
from shared.article import Article, TagKind

Nats = NDArray[np.float64]
Places = NDArray[np.int32]
"""Half the size of `Numbers`: an archive has many millions of characters."""

SHORTEST, LONGEST = 2, 7
LEAST_COHESION = 4.0
"""ln of how much oftener its two least firm parts stand together than by chance."""
LEAST_FREEDOM = 1.0
"""Branching entropy of the poorer side: as with three neighbours that are equally common."""
NEARLY = 0.6
"""A run is a piece of a longer one that makes up this share of its mentions."""
HAN = (0x3400, 0xA000)
RADIX = np.uint64(0x9E3779B97F4A7C15)
PAIR_BITS = 32
CONTEXT_CHARS = 8


@dataclass(frozen=True)
class NewWord:
    """A proposal: the word as first written, in how many articles, how often, and how firm.

    `cohesion` and `freedom` are in nats; `context` is where it is first said, in text `first`.
    """

    name: str
    articles: int
    times: int
    cohesion: float
    freedom: float
    context: str
    first: int


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs of one length: which one begins at each place, or -1, and how often each occurs.

    The last of the `counts` is that of none, 0.
    """

    counts: Numbers
    at: Places


def new_words(texts: Sequence[str], least_articles: int) -> list[NewWord]:
    """Words of at least so many of the texts, the most widely used first."""
    joined = "\n".join(texts)
    codes = codes_of(joined).astype(np.uint64)
    sizes = [len(text) + 1 for text in texts]
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), sizes)[: len(codes)]
    by_length: list[Runs] = []
    found: list[NewWord] = []
    for length, runs in enumerate(_runs(codes), 1):
        by_length.append(runs)
        if length >= SHORTEST:
            found += _proposed(joined, codes, owners, by_length, least_articles)
    return _whole(sorted(found, key=lambda one: (-one.articles, -one.times, one.name)))


def unknown(
    found: Iterable[NewWord], articles: Sequence[Article], corpus: Corpus
) -> Iterator[NewWord]:
    """Those that neither rules nor the vocabulary name, where they are first said."""
    for one in found:
        article = articles[one.first]
        named = names_of(article, read(article), corpus).named
        term = corpus.vocabulary.term_of(one.name)
        if term is None and not any(fold(one.name) in each.name for each in named):
            yield one


def kind_of_word(word: NewWord) -> TagKind:
    """What it looks like by its ending; a person looks like a topic."""
    return kind_of(fold(word.name))


def _runs(codes: Hashes) -> Iterator[Runs]:
    """The runs of Han characters by their length, the shortest first."""
    is_han = (codes >= HAN[0]) & (codes < HAN[1])
    numbers, fits = np.zeros(len(codes), np.uint64), np.ones(len(codes), bool)
    for length in range(1, LONGEST + 1):
        size = max(len(codes) - length + 1, 0)
        numbers = mix(numbers[:size] * RADIX + codes[length - 1 :])
        fits = fits[:size] & is_han[length - 1 :]
        _, which, counts = np.unique(numbers[fits], return_inverse=True, return_counts=True)
        at = np.full(len(codes), -1, np.int32)
        at[:size][fits] = which
        yield Runs(np.append(counts, 0), at)


def _proposed(
    joined: str, codes: Hashes, owners: Places, by_length: Sequence[Runs], least_articles: int
) -> Iterator[NewWord]:
    """The words of the last length."""
    length, runs = len(by_length), by_length[-1]
    places = np.flatnonzero(runs.counts[runs.at] >= least_articles)
    cohesion = _cohesion(by_length, places)
    places, cohesion = places[cohesion >= LEAST_COHESION], cohesion[cohesion >= LEAST_COHESION]
    _, first, which = np.unique(runs.at[places], return_index=True, return_inverse=True)
    articles = _distinct(which, owners[places], len(first))
    freedom = np.minimum(
        _entropy(which, _neighbours(codes, places - 1), len(first)),
        _entropy(which, _neighbours(codes, places + length), len(first)),
    )
    fits = (articles >= least_articles) & (freedom >= LEAST_FREEDOM)
    for one in np.flatnonzero(fits).tolist():
        place = int(places[first[one]])
        name = joined[place : place + length]
        if _is_word(fold(name)):
            yield NewWord(
                name,
                int(articles[one]),
                int(runs.counts[runs.at[place]]),
                round(float(cohesion[first[one]]), 2),
                round(float(freedom[one]), 2),
                _context(joined, place, length),
                int(owners[place]),
            )


def _cohesion(by_length: Sequence[Runs], places: Numbers) -> Nats:
    """Pointwise mutual information of the two parts at the least firm of the splits."""
    length, runs = len(by_length), by_length[-1]
    times, size = runs.counts[runs.at[places]], by_length[0].counts.sum()
    least = np.full(len(places), np.inf)
    for left in range(1, length):
        one, two = by_length[left - 1], by_length[length - left - 1]
        apart = one.counts[one.at[places]] * two.counts[two.at[places + left]].astype(float)
        least = np.minimum(least, np.log(times * size / apart))
    return least


def _neighbours(codes: Hashes, places: Numbers) -> Numbers:
    """The characters at these places; each mark, and each end of a text, is unlike all others."""
    inside = (places >= 0) & (places < len(codes))
    chars = codes[np.clip(places, 0, len(codes) - 1)].astype(np.int64)
    is_han = inside & (chars >= HAN[0]) & (chars < HAN[1])
    return np.where(is_han, chars, HAN[1] + places + 1)


def _entropy(which: Numbers, neighbours: Numbers, size: int) -> Nats:
    """How much the neighbours of each run vary."""
    runs, counts = _pairs(which, neighbours)
    shares = counts / np.bincount(which, minlength=size)[runs]
    entropy: Nats = np.bincount(runs, -shares * np.log(shares), size).astype(np.float64)
    return entropy


def _distinct(which: Numbers, owners: Places, size: int) -> Numbers:
    """In how many texts each run stands."""
    return np.bincount(_pairs(which, owners)[0], minlength=size)


def _pairs(which: Numbers, others: Numbers | Places) -> tuple[Numbers, Numbers]:
    """The run of each distinct pair, and how often the pair occurs. As one number, to sort fast."""
    pairs, counts = np.unique((which << PAIR_BITS) + others, return_counts=True)
    return pairs >> PAIR_BITS, counts


def _is_word(name: str) -> bool:
    """Whether a folded run could be a term, and is none that we know already."""
    words = cut_folded(name)
    edges = {words[0], words[-1]}
    if is_known(name) or fits_any_story(name) or not edges.isdisjoint(function_words()):
        return False
    return not any(is_weak(word) or nature_of(word) == "other" for word in words)


def _context(joined: str, place: int, length: int) -> str:
    start = max(place - CONTEXT_CHARS, joined.rfind("\n", 0, place) + 1)
    end = joined.find("\n", place + length)
    return joined[start : min(end if end >= 0 else len(joined), place + length + CONTEXT_CHARS)]


def _whole(found: Sequence[NewWord]) -> list[NewWord]:
    """Leave out what is nearly always a piece of a longer proposal."""
    longer: dict[str, int] = {}
    for one in found:
        for piece in _pieces(one.name):
            longer[piece] = max(one.times, longer.get(piece, 0))
    return [one for one in found if longer.get(one.name, 0) < NEARLY * one.times]


def _pieces(name: str) -> Iterator[str]:
    """What it is made of: every run of its characters but the whole."""
    for start in range(len(name)):
        for end in range(start + SHORTEST, len(name) + 1):
            if end - start < len(name):
                yield name[start:end]
