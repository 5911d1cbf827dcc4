"""Near-duplicates: how many edited copies are recognised, and how many strangers are taken for one.

Edits are made by rule on real texts; SimHash stands beside, at the distance that is usually chosen.
"""

import random
import re
from collections.abc import Iterator
from functools import cache

import numpy as np

from services.enrich.corpus import Corpus
from services.enrich.folding import fold
from services.enrich.lexicon import entries
from services.enrich.sketches import containment, sketch_of
from services.enrich.words import Text
from shared.article import Article

SIMHASH_BITS, SIMHASH_DISTANCE = 64, 3
RANDOM_PAIRS = 20_000
NUMBERS = "[0-9]|[一二三四五六七八九](?=[十百千万亿元人年月日次个岁])"
EDITS = ("append", "cut", "digits", "reorder", "Hans<->Hant", "brief")


@cache
def _to_traditional() -> dict[int, int]:
    """One Traditional character for each Simplified one, for an edit that changes the script."""
    return {ord(pair[1]): ord(pair[0]) for pair in entries("fold")}


def edited(text: str, edit: str, others: str, draw: random.Random) -> str:
    """The text after one edit."""
    sentences = [part for part in re.split(r"(?<=[。；.;])", text) if part.strip()]
    if edit == "append":
        return text + others[: len(text) // 4]
    if edit == "cut":
        return text[: int(len(text) * 0.6)]
    if edit == "digits":  # figures, and Han numerals before a unit
        return re.sub(NUMBERS, lambda _: str(draw.randrange(10)), text)
    if edit == "reorder":
        return "".join(draw.sample(sentences, len(sentences)))
    if edit == "brief":
        return sentences[0] + sentences[-1]
    return fold(text).translate(_to_traditional())


def recall(texts: list[str], edit: str) -> tuple[float, float]:
    """The share of edited copies whose original is found: by us, and by SimHash."""
    draw, corpus = random.Random(1), Corpus()  # noqa: S311
    for row, text in enumerate(texts):
        corpus.remember(Article(uri=f"urn:bench:{row}", headline="要聞", body_text=text))
    ours = theirs = 0
    for row, text in enumerate(texts):
        copy = edited(text, edit, texts[row - 1], draw)
        asked = Article(uri="urn:bench:copy", headline="快訊", body_text=copy)
        ours += any(known.uri == f"urn:bench:{row}" for known, _ in corpus.twins(asked))
        apart = int(simhash(text) ^ simhash(copy)).bit_count()
        theirs += apart <= SIMHASH_DISTANCE
    return ours / len(texts), theirs / len(texts)


def false_pairs(texts: list[str]) -> int:
    """How many of 20,000 random pairs of different texts are judged the same."""
    draw = random.Random(1)  # noqa: S311
    sketches = [sketch_of(Text(text)) for text in texts]
    pairs = (draw.sample(range(len(texts)), 2) for _ in range(RANDOM_PAIRS))
    return sum(containment(sketches[one], sketches[two]) >= 0.6 for one, two in pairs)


def simhash(text: str) -> int:
    """64 bits over folded character 4-grams (Charikar, https://doi.org/10.1145/509907.509965)."""
    shingles = Text(text).hashes(*_windows(len(text)))
    bits = np.unpackbits(shingles.view(np.uint8).reshape(-1, 8), axis=1)
    votes = bits.sum(axis=0) * 2 > len(shingles)
    return int(np.packbits(votes).view(np.uint64)[0])


def _windows(size: int) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(max(size - 3, 1))
    return starts, np.minimum(starts + 4, size)


def measure(texts: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Rows: measure, ours, SimHash, target."""
    for edit in EDITS:
        ours, theirs = recall(texts, edit)
        yield f"duplicates: recall, {edit}", f"{ours:.3f}", f"SimHash {theirs:.3f}", ">= .98"
    yield "duplicates: false of 20,000 random pairs", str(false_pairs(texts)), "", "0"
