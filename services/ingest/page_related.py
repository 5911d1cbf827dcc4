"""RULE: the cards under a copied newspaper page: 相關新聞, each with headline, excerpt and date."""

import re
from collections.abc import Iterator
from datetime import datetime

from services.ingest.page_lines import is_button, photo_of
from services.ingest.printed_date import printed_date, trailing_date
from shared.article import RelatedLink

NAMES = (
    "相關新聞|相關報導|相關文章|延伸閱讀|延伸阅读|相关新闻|相关阅读|推薦閱讀|"
    "更多新聞|更多報導|看更多新聞|你可能也想看|"
    "您可能有興趣|関連記事|関連ニュース|あわせて読みたい|"
    "Related(?: stories| news| articles)?|Read more"
)
HEADING = re.compile(f"[【〈《■◆●▍|｜]?\\s*(?:{NAMES})\\s*[】〉》:：>＞▼↓]*", re.IGNORECASE)
INLINE = re.compile(f"^[▸►→【]*\\s*(?:{NAMES})\\s*[】]?\\s*[:：▸►→]\\s*(?P<headline>.{{6,}})$")
OTHER_HEADING = re.compile(
    "(?:熱門|最新|即時|編輯精選|人氣)(?:新聞|文章|報導|排行)?|熱門排行|"
    "留言(?:板)?|廣告|贊助|Most read|Comments",
    re.IGNORECASE,
)
BULLET = re.compile("^[・•‧●○◆◇■□▪▸►→\\-–*＊]+\\s*|^\\d{1,2}[.、]\\s*(?=\\D)")
MAX_STUBS = 100


def split_related(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of the story itself, and those of the cards under it.

    A card inside the text, as one line 「延伸閱讀：…」, goes to the cards.
    """
    end = next((at for at, line in enumerate(lines) if HEADING.fullmatch(line)), len(lines))
    inline = [found["headline"] for line in lines[:end] if (found := INLINE.match(line))]
    story = [line for line in lines[:end] if not INLINE.match(line)]
    return story, [part for headline in inline for part in (headline, headline)] + lines[end:]


def stubs_of(lines: list[str]) -> list[RelatedLink]:
    """The cards, in order. Raises ValueError when one prints a day that never was."""
    stubs = [_stub(card) for card in _cards(_listed(lines))]
    return [stub for stub in stubs if stub.headline][:MAX_STUBS]


def _listed(lines: list[str]) -> Iterator[str]:
    """The lines of related cards alone: a heading of another list ends them."""
    is_related = True
    for line in lines:
        if HEADING.fullmatch(line):
            is_related = True
        elif OTHER_HEADING.fullmatch(line):
            is_related = False
        elif is_related and not is_button(line) and not photo_of(line):
            yield BULLET.sub("", line)


def _cards(lines: Iterator[str]) -> Iterator[list[str]]:
    """One list of lines a card.

    A date closes a card, a headline printed twice opens one; where a page prints neither, every
    line is a card.
    """
    listed = list(lines)
    has_more = any(trailing_date(line)[1] for line in listed) or len(set(listed)) < len(listed)
    card: list[str] = []
    for at, line in enumerate(listed):
        opens_doubled = listed[at + 1 : at + 2] == [line]
        if card and (opens_doubled or not has_more):
            yield card
            card = []
        card.append(line)
        if trailing_date(line)[1]:
            yield card
            card = []
    if card and (not has_more or len(set(card)) < len(card)):
        yield card


def _stub(card: list[str]) -> RelatedLink:
    date: datetime | None = None
    told: list[str] = []
    for line in card:
        text, printed = trailing_date(line)
        date = date or printed or printed_date(line)
        if text and text not in told:
            told.append(text)
    return RelatedLink(
        headline=told[0] if told else "",
        excerpt="\n".join(told[1:]),
        date_published=date,
    )
