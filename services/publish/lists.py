"""RULE: in which lists does an article stand, and what is a list's address?

A slug comes from words that newsrooms write, so it is never trusted as a path: slugify leaves
letters, digits and hyphens of any script, and the length is cut to what file systems take.
"""

from collections.abc import Iterator

from slugify import slugify

from services.publish.live import Listing
from shared.article import Article

MAX_SLUG_BYTES = 150
ALL = Listing("all", "", "")


def slug_of(label: str) -> str:
    """One safe path component for a label, or "" when nothing of it can stand in a path.

    >>> slug_of("AI 城市/治理")
    'ai-城市-治理'
    """
    slug = slugify(label, allow_unicode=True, replacements=[("臺", "台")])
    return slug.encode()[:MAX_SLUG_BYTES].decode(errors="ignore").strip("-")


def lists_of(article: Article) -> tuple[Listing, ...]:
    """Every list the article stands in, without doubles: all news, its section, tags, authors."""
    return tuple(dict.fromkeys(_candidates(article)))


def _candidates(article: Article) -> Iterator[Listing]:
    yield ALL
    if slug := slug_of(article.section):
        yield Listing("section", slug, article.section)
    for tag in article.tags:
        if slug := slug_of(tag.name):
            yield Listing("tag", slug, tag.name)
    for author in article.authors:
        if slug := slug_of(author.name):
            yield Listing("author", slug, author.name)
