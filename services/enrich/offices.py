"""Words for an office in a text, in a word or over two: 文化|部長, 交通處|長."""

from functools import cache, lru_cache

from services.enrich.folding import folded_entries
from services.enrich.named import Span, mentions_of
from services.enrich.words import Text

MAX_WORDS = 1 << 15


@lru_cache(maxsize=8)
def offices_in(text: Text) -> tuple[Span, ...]:
    """The spans of words for an office, in a word or over two: 文化|部長, 交通處|長."""
    titles = folded_entries("titles")
    lasts = _office_lasts()
    likely = [word for word in text.distinct if word[-1] in lasts]
    offices = {word: chars for word in likely if (chars := _office_chars(word))}
    spans = {
        (at + len(word) - offices[word], at + len(word))
        for at, word in text.words
        if word in offices
    }
    heads = {(at - 1, at + 1) for at, _ in mentions_of(text.folded, "长", 1)}
    return tuple(sorted(spans | {span for span in heads if text.folded[slice(*span)] in titles}))


@cache
def _office_lasts() -> frozenset[str]:
    return frozenset(title[-1] for title in folded_entries("titles"))


@lru_cache(maxsize=MAX_WORDS)
def _office_chars(word: str) -> int:
    """How many of its last characters are a word for an office; 0 if none."""
    titles = folded_entries("titles")
    return next((n for n in range(len(word), 1, -1) if word[-n:] in titles), 0)
