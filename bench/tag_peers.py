"""Other ways to find keywords and related texts, measured beside us on the same texts.

They are no dependency of wiredesk: `pip install jieba yake rank-bm25` into an environment of your
own. What is not there is left out.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

Tagger = Callable[[str], list[str]]
KEYPHRASES = 5
YAKE_TEXTS = 200
"""YAKE and BM25 over jieba's words are slow: so many texts or questions must do."""


def taggers() -> Iterator[tuple[str, Tagger, int | None]]:
    """Yield (name, best five keyphrases of a text, how many texts are enough)."""
    if find_spec("jieba"):
        import_module("jieba").setLogLevel(logging.ERROR)
        analyse: Any = import_module("jieba.analyse")
        yield "jieba TF-IDF", lambda text: list(analyse.extract_tags(text, KEYPHRASES)), None
        yield "jieba TextRank", lambda text: list(analyse.textrank(text, KEYPHRASES)), 500
    if find_spec("jieba") and find_spec("yake"):
        yield "YAKE over jieba", _yake(), YAKE_TEXTS


def _yake() -> Tagger:
    extract: Any = import_module("yake").KeywordExtractor(lan="zh", n=3, top=KEYPHRASES)
    jieba: Any = import_module("jieba")

    def tag(text: str) -> list[str]:
        found = extract.extract_keywords(" ".join(jieba.cut(text)))
        return [phrase.replace(" ", "") for phrase, _ in found]

    return tag


def bm25(texts: Sequence[str]) -> Callable[[int, int], list[int]] | None:
    """Rank texts by BM25 over jieba's words: (which text asks, how many) -> which are nearest."""
    if not (find_spec("jieba") and find_spec("rank_bm25")):
        return None
    jieba: Any = import_module("jieba")
    words = [list(jieba.cut(text)) for text in texts]
    index: Any = import_module("rank_bm25").BM25Okapi(words)

    def nearest(asking: int, most: int) -> list[int]:
        scores = index.get_scores(words[asking])
        ranked = (int(one) for one in scores.argsort()[::-1] if one != asking)
        return list(islice(ranked, most))

    return nearest
