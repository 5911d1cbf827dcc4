"""One character to one character: what is compared, whatever script a text was written in.

Dictionaries for cutting Chinese are Simplified, so Traditional text is folded first: every offset
found in the folded text is an offset in the original. What readers see is always cut from the
original; what is compared is always folded.
"""

from functools import cache, lru_cache
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from services.enrich.lexicon import entries, lines

Codes = NDArray[np.uint32]

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f々〇"
UNICODE = 0x110000
SPACED_LETTERS = 0x2000
"""Below it lie the letters that have an upper case, and the scripts written with spaces."""
MAX_KEYS = 1 << 14


@cache
def _fold_table() -> Codes:
    """Code point to code point: lower case, half width, Simplified."""
    table = np.arange(UNICODE, dtype=np.uint32)
    table[0xFF01:0xFF5F] -= 0xFEE0
    for point in range(SPACED_LETTERS):
        lower = chr(point).lower()
        table[point] = ord(lower) if len(lower) == 1 else point
    for pair in entries("fold"):
        table[ord(pair[0])] = ord(pair[1])
    return table[table]


def points_of(text: str) -> Codes:
    """The code points of a text as written."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))


def codes_of(text: str) -> Codes:
    """The folded code points of a text, one for each of its characters."""
    return _fold_table()[points_of(text)]


def text_of(codes: Codes) -> str:
    """The text that these code points spell."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def fold(text: str) -> str:
    """Lower case, half width, Simplified: always as long as the text, so offsets are shared."""
    return text_of(codes_of(text))


@cache
def folded_entries(name: str) -> frozenset[str]:
    """The entries of `lexicon/<name>.txt`, folded; `_` stands for a space."""
    return frozenset(fold(entry.replace("_", " ")) for entry in entries(name))


@cache
def _aliases() -> dict[str, str]:
    return {_plain(name): _plain(line[0]) for line in lines("aliases") for name in line}


def _plain(name: str) -> str:
    return " ".join(fold(normalize("NFKC", name)).split())


@lru_cache(maxsize=MAX_KEYS)
def key(name: str) -> str:
    """What two names of one thing have in common: 臺北市, 台北 and 北市 share one key."""
    plain = _plain(name)
    return _aliases().get(plain, plain)


def key_of_folded(name: str) -> str:
    """The `key` of a name that was cut from a folded text."""
    return _aliases().get(name, name)


@cache
def function_words() -> frozenset[str]:
    """Folded words that say how, not what."""
    return folded_entries("function_words")
