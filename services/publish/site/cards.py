"""RULE: which related stories does a page show, and with which words?

A story of our own is shown as it is now, and only while readers can open it and it is news. What
the newsroom gave as a bare link or headline stays as it was given, but nothing is said of a story
that waits for its time.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from services.publish.desk_row import Row
from services.publish.live import Card, LiveArticle
from shared.article import RelatedLink

MOST_NEWER = 3


def cards_of(
    live: LiveArticle, rows: Mapping[str, Row], held: Collection[str] = ()
) -> tuple[Card, ...]:
    """The cards of an article's page, in the article's order.

    `rows` holds what the desk knows; `held` are the articles that are not to be known yet.
    """
    return tuple(_cards(live, rows, {live.article.uri, *held}))


def newer_of(uri: str, rows: Iterable[Row]) -> tuple[Card, ...]:
    """The articles that evolved from this one and that readers can open, the newest first."""
    found = [row.live for row in rows if row.live and not row.expired]
    evolved = [live for live in found if live.article.evolved_from == uri]
    evolved.sort(key=lambda live: (live.published, live.path), reverse=True)
    return tuple(_as_it_is(RelatedLink(), live) for live in evolved[:MOST_NEWER])


def _cards(live: LiveArticle, rows: Mapping[str, Row], seen: set[str]) -> Iterator[Card]:
    for link in live.article.related:
        if link.uri in seen:
            continue
        if link.uri is None or link.uri not in rows:
            if _is_stub(link):
                yield _as_given(link)
        elif (other := rows[link.uri].live) and not other.expired:
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
