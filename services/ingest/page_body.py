"""RULE: the text of a copied newspaper page: paragraphs, subheads and photos in their places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.ingest.byline import is_byline, split_byline
from services.ingest.page_lines import (
    Photo,
    could_be_subhead,
    is_button,
    is_colophon,
    is_promotion,
    photo_of,
    signs_of_promotion,
    tags_in,
)
from services.ingest.printed_date import printed_date

MAX_ASIDE_CHARS = 30
SIGNED_OFF = re.compile(
    "[（(](?:編輯|编辑|譯者|核稿|責任編輯)\\s*[:：/／][^（()）]{1,30}[）)]\\d{0,8}$"
)
"""How an agency signs a story off: （編輯：王小明）1140306."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a subhead, or a photo (which has no text of its own)."""

    kind: Literal["paragraph", "subhead", "photo"]
    text: str = ""
    photo: Photo | None = None


@dataclass(frozen=True)
class PageBody:
    """The blocks in order, and what else the text told."""

    blocks: tuple[Block, ...]
    byline: str = ""
    tags: tuple[str, ...] = ()


def read_body(lines: list[str], *, headline: str) -> PageBody:
    """What the lines below the header say. The headline, printed once more, is left out."""
    tags = tuple(dict.fromkeys(name for line in lines for name in tags_in(line)))
    told = [line for line in lines if line != headline and not _is_furniture(line)]
    bylines = dict.fromkeys(line for line in told if is_byline(line))
    told = _without_promotion([line for line in told if line not in bylines])
    opening, first = split_byline(told[0]) if told else ("", "")
    return PageBody(
        blocks=tuple(_blocks([first, *told[1:]] if told else [])),
        byline=opening or next(iter(bylines), ""),
        tags=tags,
    )


def _is_furniture(line: str) -> bool:
    return bool(is_button(line) or is_colophon(line) or tags_in(line) or printed_date(line))


def _without_promotion(lines: list[str]) -> list[str]:
    """The lines without the block at the end that courts the reader."""
    end = len(lines)
    while end and (is_promotion(lines[end - 1]) or _is_aside_of_promotion(lines, end - 1)):
        end -= 1
    return lines[:end]


def _is_aside_of_promotion(lines: list[str], at: int) -> bool:
    short = len(lines[at]) <= MAX_ASIDE_CHARS and signs_of_promotion(lines[at]) > 0
    return short and at > 0 and is_promotion(lines[at - 1])


def _blocks(lines: list[str]) -> Iterator[Block]:
    for at, line in enumerate(lines):
        if photo := photo_of(line):
            yield Block("photo", photo=photo)
        elif _is_subhead(lines, at):
            yield Block("subhead", line)
        else:
            yield Block("paragraph", SIGNED_OFF.sub("", line).rstrip())


def _is_subhead(lines: list[str], at: int) -> bool:
    """A short line without an end that stands before running text, and is no item of a list."""
    before = lines[at - 1] if at else ""
    below = next((line for line in lines[at + 1 :] if not photo_of(line)), "")
    is_listed = bool(before) and not photo_of(before) and could_be_subhead(before)
    return (
        could_be_subhead(lines[at]) and bool(below) and not (could_be_subhead(below) or is_listed)
    )
