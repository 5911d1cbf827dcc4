"""A small newspaper, its stories, and a reader for its pages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import lxml.html
from lxml.html import HtmlElement

from services.publish.lists import lists_of
from services.publish.live import LiveArticle, Site
from services.publish.notes import noted
from shared.article import Article, Author, Tag

SITE = Site(
    name="島嶼日報",
    description="在地新聞",
    language="zh-Hant-TW",
    timezone=ZoneInfo("Asia/Taipei"),
    base_url="https://daily.example",
    list_length=50,
)
MORNING = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
"""When the stories are published: half past nine in Taipei."""


def live(uri: str = "urn:example:1", **fields: object) -> LiveArticle:
    """A live story; `fields` replace those of the sample."""
    sample = {
        "uri": uri,
        "headline": "河岸步道年底全線開放",
        "subtitle": "夜間照明延長到十一點",
        "language": "zh-Hant-TW",
        "section": "生活",
        "byline": "記者林小雨／台北報導",
        "authors": (Author(name="林小雨"),),
        "tags": (Tag(name="河岸步道"), Tag(name="AI 城市/治理")),
        "body_html": "<p>市府今天宣布。</p>",
        "body_text": "市府今天宣布。",
        "date_published": MORNING,
        "date_modified": MORNING,
    }
    article = Article.model_validate(sample | fields)
    path, notes = f"/news/河岸/{uri.rpartition(':')[2]}", noted((), article, MORNING)
    return LiveArticle(article, path, lists_of(article), notes)


def document(page: bytes) -> HtmlElement:
    """The page as a browser sees it."""
    return lxml.html.document_fromstring(page.decode(), parser=lxml.html.HTMLParser())


def shown(page: bytes, path: str) -> list[str]:
    """The text of what an XPath finds, as a reader sees it."""
    return [" ".join(one.text_content().split()) for one in document(page).xpath(path)]


def attributes(page: bytes, path: str) -> list[str]:
    """The values of the attributes an XPath finds."""
    return [str(one) for one in document(page).xpath(path)]
