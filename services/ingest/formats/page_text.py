"""The page of a newspaper, copied as text from a browser: the newsroom's last resort.

No specification: the shape was learnt from Taiwanese newspapers' article pages. What each line is
says `services/ingest/page_lines.py`; this file says what the lines make together.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import Literal

from pydantic import ValidationError

from services.ingest.byline import authors_of, unbracketed
from services.ingest.invalid import bad_fields, invalid, invalid_body
from services.ingest.page_body import Block, read_body
from services.ingest.page_header import Header, split_header
from services.ingest.page_lines import is_page, printed_lines
from services.ingest.page_related import split_related, stubs_of
from shared.article import Article, Image, Tag
from shared.errors import BadField

MEDIA_TYPES: tuple[str, ...] = ("text/plain",)
MAX_LINES = 5_000
URI_PREFIX = "urn:wiredesk:page:"


def looks_like(head: bytes) -> bool:
    """Whether it reads as Chinese or Japanese text or bears a byline; not markup, not JSON."""
    return is_page(head)


def parse(body: bytes) -> list[Article]:
    """The one article of the page. Raises InvalidArticle with every bad field.

    The same headline and date always give the same `uri`, so a page sent twice is one article.
    """
    lines = _lines(body)
    try:
        return [_article(lines)]
    except ValidationError as error:
        raise invalid(bad_fields(error)) from None
    except ValueError as error:
        raise invalid([BadField("date_published", str(error))]) from None


def _lines(body: bytes) -> list[str]:
    if body.count(b"\n") > MAX_LINES:
        raise invalid_body(f"no page: more than {MAX_LINES} lines")
    try:
        return printed_lines(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise invalid_body(f"not UTF-8: {error.reason} at byte {error.start}") from None


def _article(lines: list[str]) -> Article:
    page, cards = split_related(lines)
    header, rest = split_header(page)
    body = read_body(rest, headline=header.headline)
    byline = header.byline or body.byline
    return Article(
        uri=_uri(header.headline, header.date),
        headline=header.headline,
        subtitle=header.subtitle,
        section=header.section,
        byline=unbracketed(byline),
        authors=authors_of(byline),
        body_html=_html(body.blocks),
        images=tuple(_images(header, body.blocks)),
        tags=tuple(Tag(name=name) for name in body.tags),
        date_published=header.date,
        related=tuple(stubs_of(cards)),
    )


def _uri(headline: str, date: datetime | None) -> str:
    named = f"{headline}\n{date.isoformat() if date else ''}"
    return URI_PREFIX + sha256(named.encode()).hexdigest()[:32]


def _html(blocks: tuple[Block, ...]) -> str:
    return "".join(_element(block) for block in blocks)


def _element(block: Block) -> str:
    if block.photo:
        said = (
            f"{block.photo.caption}（{block.photo.credit}）"
            if block.photo.credit
            else block.photo.caption
        )
        return f"<figure><figcaption>{escape(said, quote=False)}</figcaption></figure>"
    tag = "h2" if block.kind == "subhead" else "p"
    return f"<{tag}>{escape(block.text, quote=False)}</{tag}>"


def _images(header: Header, blocks: tuple[Block, ...]) -> Iterator[Image]:
    """Every photo the page showed: the first one above the text is the lead."""
    for number, photo in enumerate(header.photos):
        role: Literal["lead", "body"] = "body" if number else "lead"
        yield Image(credit=photo.credit, caption=photo.caption, role=role)
    for block in blocks:
        if block.photo:
            yield Image(credit=block.photo.credit, caption=block.photo.caption)
