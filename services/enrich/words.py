"""From text to terms, for any script, with offsets into the text as the newsroom wrote it.

A term is a 64-bit number (see `Text.hashes`): an article has thousands, and numbers are counted,
compared and stored many at a time.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from services.enrich.cutter import Nature, cut_folded, nature_of
from services.enrich.folding import HAN, UNICODE, codes_of, function_words, text_of
from shared.article import Article

Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

MAX_CHARS = 20_000
"""Read of an article; what comes after no longer changes what it is about."""
KANA = ((0x3041, 0x30FB), (0x30FC, 0x3100))
"""Without the dot between them, which stands in foreign names of Chinese texts too."""
UNSPACED = (*KANA, (0x3400, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00), (0x20000, 0x30000))
"""The code points of scripts written without spaces, and of Hangul: first, and one past last."""
ALPHANUMERIC = (*UNSPACED, (0x30, 0x3A), (0x61, 0x7B), (0xC0, 0x2000))
LETTER = "0-9a-z\u00c0-\u1fff\uac00-\ud7af"
RUN = re.compile(
    rf"(?P<han>[{HAN}]+)|[{LETTER}]+(?:[.'’&\-][{LETTER}]+)*[+#]{{0,2}}"
    r"|[\u30a1-\u30fa\u30fc]+|[\u3041-\u309f]+"
)
NUMBER = re.compile(
    r"[0-9.,'’\-]+|[每第]?[〇零一二三四五六七八九十百千万亿两几数多半]+[人元个名位件次年月日分秒岁度家间成倍天週周点字场局届]?"
)
MAX_WORDS = 1 << 15
KANA_SHARE_OF_JAPANESE = 0.05
MULTIPLIER = 0x9E3779B97F4A7C15


@cache
def _is_one_of(ranges: tuple[tuple[int, int], ...]) -> Flags:
    """For every code point, whether it lies in one of the ranges."""
    flags = np.zeros(UNICODE, bool)
    for first, end in ranges:
        flags[first:end] = True
    return flags


def cut(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, word) as written in the text."""
    for at, word in Text(text).words:
        yield at, text[at : at + len(word)]


@cache
def _powers() -> tuple[Hashes, Hashes]:
    """The powers of the multiplier and of its inverse, modulo 2**64."""
    size = MAX_CHARS + 1_000
    inverse = pow(MULTIPLIER, -1, 1 << 64)
    rising = np.full(size, MULTIPLIER, np.uint64)
    falling = np.full(size, inverse, np.uint64)
    rising[0] = falling[0] = 1
    return np.multiply.accumulate(rising), np.multiply.accumulate(falling)


def mix(numbers: Hashes) -> Hashes:
    """Spread the bits of each number over all 64."""
    mixed = (numbers ^ (numbers >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return mixed ^ (mixed >> np.uint64(32))


def hashes_of(names: Sequence[str]) -> Hashes:
    """The number of each name, the same in every process: see `Text.hashes`."""
    ends = np.cumsum([0, *map(len, names)])
    if ends[-1] > MAX_CHARS:
        half = len(names) // 2
        return np.concatenate((hashes_of(names[:half]), hashes_of(names[half:])))
    return Text("".join(names)).hashes(ends[:-1], ends[1:])


@dataclass(frozen=True, eq=False)
class Text:
    """A text as written, and what reading it once tells. `head` = length of its headline."""

    surface: str
    head: int = 0

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        """The folded code points."""
        return codes_of(self.surface)

    @cached_property
    def folded(self) -> str:
        """The folded text; offsets are those of `surface`."""
        return text_of(self.codes)

    @cached_property
    def ideographic(self) -> Flags:
        """Which characters belong to a script that is written without spaces, or to Hangul."""
        return _is_one_of(UNSPACED)[self.codes]

    @cached_property
    def kana(self) -> Flags:
        """Which characters are kana."""
        return _is_one_of(KANA)[self.codes]

    @cached_property
    def alphanumeric(self) -> Flags:
        """Which characters are letters, digits or Han: not marks, and not space."""
        return _is_one_of(ALPHANUMERIC)[self.codes]

    @cached_property
    def is_japanese(self) -> bool:
        """Whether its Han characters are Japanese: kana stand between them."""
        kana = np.count_nonzero(self.kana)
        return bool(kana > KANA_SHARE_OF_JAPANESE * np.count_nonzero(self.ideographic))

    @cached_property
    def words(self) -> list[tuple[int, str]]:
        """(offset, folded word), in order."""
        runs = list(RUN.finditer(self.folded))
        if self.is_japanese:
            return [(run.start(), run.group()) for run in runs]
        # One call for all runs: a line feed ends a run, for the cutter too.
        han = "\n".join(run.group() for run in runs if run.lastgroup)
        cut_words = iter(cut_folded(han))
        found: list[tuple[int, str]] = []
        for run in runs:
            at, end = run.span()
            if not run.lastgroup:
                found.append((at, run.group()))
                continue
            while at < end:
                word = next(cut_words)
                if word != "\n":
                    found.append((at, word))
                    at += len(word)
        return found

    @cached_property
    def distinct(self) -> frozenset[str]:
        """Every word once: what is asked of a word is asked of these."""
        return frozenset([word for _, word in self.words])

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {}

    def times(self, name: str) -> int:
        """How often a folded name stands there; asked again and again of the same names."""
        if name not in self._counts:
            self._counts[name] = self.folded.count(name)
        return self._counts[name]

    def words_before(self, at: int, most: int = 8) -> list[tuple[int, str]]:
        """The last words that begin before a place, in order."""
        place = bisect_left(self._firsts, at)
        return self.words[max(place - most, 0) : place]

    @cached_property
    def starts(self) -> Numbers:
        """Where each word begins."""
        return np.array([at for at, _ in self.words], np.int64)

    @cached_property
    def _firsts(self) -> list[int]:
        return [at for at, _ in self.words]

    def place_of(self, at: int) -> int:
        """The place of the word that stands at an offset; before the first word, -1."""
        return bisect_right(self._firsts, at) - 1

    @cached_property
    def ends(self) -> Numbers:
        """Where each word ends."""
        return np.array([at + len(word) for at, word in self.words], np.int64)

    @cached_property
    def functional(self) -> Flags:
        """Which words are function words, numbers or hiragana."""
        return np.array([self._facts[word][1] for _, word in self.words], bool)

    @cached_property
    def natures(self) -> list[Nature]:
        """What kind of word each is by the dictionary."""
        return [self._facts[word][0] for _, word in self.words]

    @cached_property
    def _facts(self) -> dict[str, tuple[Nature, bool]]:
        return {word: _facts_of(word) for word in self.distinct}

    @cached_property
    def verbal(self) -> Flags:
        """Which words are verbs by the dictionary."""
        return np.array([nature == "verb" for nature in self.natures], bool)

    @cached_property
    def _sums(self) -> Hashes:
        weighed = self.codes.astype(np.uint64) * _powers()[0][: len(self.codes)]
        return np.concatenate((np.zeros(1, np.uint64), np.cumsum(weighed, dtype=np.uint64)))

    def hashes(self, starts: Numbers, ends: Numbers) -> Hashes:
        """The number of each slice; equal slices have equal numbers, in every text."""
        sums = self._sums
        return mix((sums[ends] - sums[starts]) * _powers()[1][starts])

    @cached_property
    def bigrams(self) -> Numbers:
        """Where two characters of a script without spaces stand side by side."""
        return np.flatnonzero(self.ideographic[:-1] & self.ideographic[1:])

    @cached_property
    def terms(self) -> tuple[Hashes, NDArray[np.float32]]:
        """What to search by: distinct terms, and how often each occurs (the headline twice).

        Terms are pairs of characters, and words: pairs lose nothing on names that no dictionary
        knows, words are the only terms of spaced scripts.
        """
        named = ~self.functional & (self.ends - self.starts > 1)
        starts = np.concatenate((self.bigrams, self.starts[named]))
        ends = np.concatenate((self.bigrams + 2, self.ends[named]))
        weights = np.where(starts < self.head, 2.0, 1.0)
        distinct, place = np.unique(self.hashes(starts, ends), return_inverse=True)
        return distinct, np.bincount(place, weights, len(distinct)).astype(np.float32)


@lru_cache(maxsize=MAX_WORDS)
def _facts_of(word: str) -> tuple[Nature, bool]:
    """The nature of a folded word, and whether it is functional: asked together, as of all."""
    return nature_of(word), word in function_words() or is_weak(word)


def is_weak(word: str) -> bool:
    """Whether a folded word is a number, a count or hiragana."""
    first = word[0]
    return "ぁ" <= first <= "ゟ" or (first.isnumeric() and NUMBER.fullmatch(word) is not None)


@lru_cache(maxsize=8)
def _text(headline: str, body: str) -> Text:
    return Text(f"{headline}\n{body[:MAX_CHARS]}", len(headline))


def read(article: Article) -> Text:
    """The text of an article. Read once, however many steps ask for it."""
    return _text(article.headline, article.body_text or article.description)
