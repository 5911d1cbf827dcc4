"""RULE: which related stories does a page show, and with which words?

A story of our own is shown as it is now, and only while readers can open it. What the newsroom
gave as a bare link or headline stays as it was given.
"""

from collections.abc import Iterator, Mapping

from services.publish.desk_row import Row
from services.publish.live import Card, LiveArticle
from shared.article import RelatedLink


def cards_of(live: LiveArticle, rows: Mapping[str, Row]) -> tuple[Card, ...]:
    """The cards of an article's page, in the article's order. `rows` holds what the desk knows."""
    seen = {live.article.uri}
    return tuple(_cards(live, rows, seen))


def _cards(live: LiveArticle, rows: Mapping[str, Row], seen: set[str]) -> Iterator[Card]:
    for link in live.article.related:
        if link.uri is None or link.uri not in rows:
            if _is_stub(link):
                yield _as_given(link)
        elif link.uri not in seen and (other := rows[link.uri].live):
            seen.add(link.uri)
            yield _as_it_is(link, other)


def _is_stub(link: RelatedLink) -> bool:
    """Whether it says enough without the article: what wiredesk found itself never does."""
    return bool(link.headline) and (link.uri is None or link.creator == "newsroom")


def _as_given(link: RelatedLink) -> Card:
    return Card(link.headline, link.url or "", link.excerpt, link.date_published, link.reason)


def _as_it_is(link: RelatedLink, other: LiveArticle) -> Card:
    return Card(
        headline=other.article.headline,
        url=other.path,
        excerpt=other.article.description or link.excerpt,
        date_published=other.published,
        reason=link.reason,
        uri=other.article.uri,
    )
