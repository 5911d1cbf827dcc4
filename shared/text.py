"""Text as other formats want it: XML 1.0 without what it forbids, excerpts, instants.

https://www.w3.org/TR/xml/#charsets
"""

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SENTENCE_END = re.compile(r"[。！？][」』）]*|[.!?](?=\s)")
_HAN_LINE_END = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef])\s*\n\s*")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
_ELLIPSIS = "…"


def xml_chars(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold in any spelling."""
    return _NOT_XML.sub("", text)


def xml_text(text: str) -> str:
    """Text for an element or a double-quoted attribute. The only way into an XML feed."""
    return escape(xml_chars(text), {'"': "&quot;"})


def xml_cdata(text: str) -> str:
    """Text as a CDATA section; a `]]>` inside is split over two of them."""
    return f"<![CDATA[{xml_chars(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def rfc3339_utc(when: datetime) -> str:
    """An aware instant as e.g. `2026-11-23T01:30:00Z`, with its fraction of a second if any."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(4096)
def excerpt(text: str, *, columns: int = 180) -> str:
    """The beginning of `text` in one line, at most `columns` wide; Han and kana count as two.

    A cut falls after a sentence when one ends in the second half, and never inside a Latin word
    or a composed character.

    >>> excerpt("市府今天宣布。明年起全面實施，分三年完成。", columns=20)
    '市府今天宣布。'
    """
    line = " ".join(_HAN_LINE_END.sub("", text[: columns * 8]).split())
    fits = sum(width <= columns for width in accumulate(map(_columns, line)))
    if fits == len(line):
        return line
    ends = [found.end() for found in _SENTENCE_END.finditer(line, fits // 2, fits)]
    return line[: ends[-1]] if ends else line[: _soft_cut(line, fits - 1)].rstrip() + _ELLIPSIS


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _soft_cut(line: str, at: int) -> int:
    """The last place at or before `at` that does not tear a word or a composed character."""
    cut = max(at, 0)
    while cut > 0 and _tears(line, cut):
        cut -= 1
    return cut or max(at, 0)


def _tears(line: str, cut: int) -> bool:
    before, after = line[cut - 1], line[cut]
    inside_word = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    inside_character = bool(unicodedata.combining(after)) or after in _JOINERS or before == "\u200d"
    return inside_word or inside_character
