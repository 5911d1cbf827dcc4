"""RULE: the one wash at the door. What is stored, compared, printed and sent is the washed article.

Letters in composed form (NFC), no characters that XML or a terminal chokes on, HTML reduced to the
allowlist, plain text and authors derived. Washing twice changes nothing.
"""

import re
import unicodedata
from typing import Any

from pydantic import ValidationError

from services.ingest.byline import authors_of
from services.ingest.invalid import bad_fields, invalid
from services.ingest.markup import NOT_TEXT, sanitised
from services.ingest.plain import html_of_text, text_of_html
from shared.article import Article

LINES = frozenset(
    {"headline", "subtitle", "slugline", "byline", "section", "source", "copyright"}
    | {"name", "role", "credit", "evidence", "reason", "title", "rel"}
)
"""Fields of one line, in the article and all its parts."""
PROSE = frozenset({"description", "caption", "alt", "excerpt", "ednote", "text"})
"""Fields of plain text that may have several lines."""
BODIES = frozenset({"body_html", "body_text"})
NAMED = frozenset({"authors", "tags"})
"""Lists whose items are nothing without a name."""

NEW_LINE = re.compile("\r\n?|[\u2028\u2029]")
DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Bidirectional controls: they could turn the rest of a page or a log line around."""
ASCII_BLANKS = re.compile("[ \t\n\x0b\x0c\r]+")


def clean(article: Article) -> Article:
    """The article as wiredesk keeps it. Raises InvalidArticle when its body is too much."""
    data = _washed(article.model_dump(exclude_unset=True))
    html = sanitised(data.get("body_html", "")) or sanitised(
        html_of_text(prose(data.get("body_text", "")))
    )
    data |= {"body_html": html, "body_text": text_of_html(html)}
    if not data.get("authors"):
        data["authors"] = authors_of(data.get("byline", ""))
    try:
        return Article.model_validate(data)
    except ValidationError as error:
        raise invalid(bad_fields(error)) from None


def line(text: str) -> str:
    """Text of one line: blanks made one, those at its ends gone. A wide one inside is kept."""
    text = DIRECTION.sub("", NOT_TEXT.sub("", NEW_LINE.sub(" ", text)))
    return ASCII_BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def prose(text: str) -> str:
    """Plain text of several lines: line feeds alone part them."""
    text = NOT_TEXT.sub("", NEW_LINE.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def _washed(part: dict[str, Any]) -> dict[str, Any]:
    return {field: _washed_field(field, value) for field, value in part.items()}


def _washed_field(field: str, value: object) -> object:
    if isinstance(value, str):
        return line(value) if field in LINES else prose(value) if field in PROSE else value
    if isinstance(value, dict):
        return _washed(value)
    if isinstance(value, tuple):
        items = [_washed(item) for item in value]
        return tuple(item for item in items if field not in NAMED or item["name"])
    return value
