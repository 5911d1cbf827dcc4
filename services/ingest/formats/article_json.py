"""Our own article as JSON: one object, or `{"articles": [...]}`.

The fields are those of `shared/article.py`; unknown ones are ignored.
"""

import re

from services.ingest.invalid import invalid, invalid_body
from services.ingest.json_body import understood, validated
from shared.article import Article
from shared.errors import BadField, InvalidArticle

MEDIA_TYPES: tuple[str, ...] = ("application/vnd.wiredesk.article+json", "application/json")

OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
OUR_KEY = re.compile(rb'"(?:uri|headline|articles|pubstatus)"\s*:')
FOREIGN_KEY = re.compile(
    rb'"(?:standard|headlines|bodies|version_?[cC]reated|pubStatus|items|@context)"\s*:'
)
"""Keys that ninjs, JSON Feed and JSON-LD have; `version_created` is ours."""


def looks_like(head: bytes) -> bool:
    """Whether it opens an object with a key of ours, and none that only other formats have."""
    foreign = {key for key in FOREIGN_KEY.findall(head) if not key.startswith(b'"version_created')}
    return bool(OPENING.match(head) and OUR_KEY.search(head) and not foreign)


def parse(body: bytes) -> list[Article]:
    """The articles of the body, at least one. Raises InvalidArticle with every bad field of all."""
    return understood(body, _understand)


def _understand(value: object) -> list[Article]:
    if not isinstance(value, dict):
        raise invalid_body("an article is a JSON object")
    if "articles" not in value:
        return [validated(Article, value)]
    items = value["articles"]
    if not isinstance(items, list) or not items:
        raise invalid([BadField("articles", "a list of at least one article is needed")])
    return _all_of(items)


def _all_of(items: list[object]) -> list[Article]:
    articles: list[Article] = []
    faults: list[BadField] = []
    for number, item in enumerate(items):
        try:
            articles.append(validated(Article, item, at=f"articles.{number}"))
        except InvalidArticle as error:
            faults += error.fields
    if faults:
        raise invalid(faults)
    return articles
