"""RULE: the top of a copied newspaper page: section, headline, date, byline, photo."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.ingest.byline import is_byline, split_byline
from services.ingest.page_lines import Photo, is_button, is_paragraph, photo_of
from services.ingest.printed_date import leading_date, printed_date, trailing_date

MAX_SECTION_CHARS = 8
MAX_OUTLET_CHARS = 8
MAX_CRUMBS_CHARS = 40
CRUMB = re.compile("\\s*[>＞›»]\\s*")
PUNCTUATION = re.compile("[，。！？!?、：:；;「」『』\\s]")


@dataclass(frozen=True)
class Header:
    """What stands above the text. Absent parts are empty."""

    headline: str = ""
    subtitle: str = ""
    section: str = ""
    byline: str = ""
    date: datetime | None = None
    photos: tuple[Photo, ...] = ()


def split_header(lines: list[str]) -> tuple[Header, list[str]]:
    """The header, and the lines of the text. Raises ValueError when its date never was.

    The header ends with the last date, byline, button or photo above the first paragraph; a title
    line below that is a subhead already, unless no headline stood above.
    """
    text = _first_paragraph(lines)
    end = max((at + 1 for at in range(text) if _is_mark(lines[at])), default=text)
    titles = [line for line in lines[:end] if not _is_mark(line)]
    if all(_is_section(title) for title in titles):
        titles, end = [*titles, *lines[end:text]], text
    headline = _headline(titles)
    below = titles[titles.index(headline) + 1 :] if titles else []
    header = Header(
        headline=headline,
        subtitle=next((title for title in below if title != headline), ""),
        section=_section(titles, headline),
        byline=next(_bylines(lines[:end]), ""),
        date=next(_dates(lines[:end]), None),
        photos=tuple(photo for line in lines[:end] if (photo := photo_of(line))),
    )
    return header, lines[end:]


def _first_paragraph(lines: list[str]) -> int:
    for at, line in enumerate(lines[1:], start=1):
        if line not in lines[:at] and not _is_mark(line) and _opens_text(line):
            return at
    return len(lines)


def _opens_text(line: str) -> bool:
    return is_paragraph(line) or bool(split_byline(line)[1] != line)


def _is_mark(line: str) -> bool:
    """Whether it is a date, a byline, a button or a photo: furniture that only a header has."""
    return bool(is_button(line) or photo_of(line) or is_byline(line) or _dated(line)[0])


def _dated(line: str) -> tuple[datetime | None, str]:
    """The date of a line and what else it says, if that is only an outlet or a byline."""
    if date := printed_date(line):
        return date, ""
    date, rest = leading_date(line)
    if not date:
        rest, date = trailing_date(line)
    is_furniture = len(rest) <= MAX_OUTLET_CHARS or is_byline(rest) or is_button(rest)
    return (date, rest) if date and is_furniture else (None, line)


def _dates(lines: list[str]) -> Iterator[datetime]:
    return (date for line in lines if (date := _dated(line)[0]))


def _bylines(lines: list[str]) -> Iterator[str]:
    rests = (_dated(line)[1] for line in lines if not photo_of(line))
    return (rest for rest in rests if is_byline(rest))


def _is_section(title: str) -> bool:
    short = len(title) <= MAX_SECTION_CHARS and not PUNCTUATION.search(title)
    return short or (len(title) <= MAX_CRUMBS_CHARS and bool(CRUMB.search(title)))


def _headline(titles: list[str]) -> str:
    """The line printed twice, else the first that is not a section."""
    doubled = [title for title, times in Counter(titles).items() if times > 1]
    long = [title for title in titles if not _is_section(title)]
    return next(iter([*doubled, *long, *titles[::-1]]), "")


def _section(titles: list[str], headline: str) -> str:
    above = titles[: titles.index(headline)] if titles else []
    named = [title for title in above if _is_section(title)]
    return CRUMB.split(named[-1])[-1] if named else ""
