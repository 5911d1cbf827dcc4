"""RULE: what every feed says of an article and of itself, whatever the format."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from services.publish.body import body_for_feed, cover_image, credit_line, lead_image
from services.publish.live import Listing, LiveArticle, Site, Tombstone
from services.publish.words import words_for
from shared.article import Article
from shared.text import excerpt

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""What a feed that never held anything says of its last change: there is no clock in a feed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One article in words that RSS, Atom and JSON Feed share. Plain text but for `content`."""

    id: str
    url: str
    title: str
    summary: str
    content: str
    authors: tuple[str, ...]
    language: str
    published: str
    """RFC 3339 in the newspaper's zone."""
    modified: str
    cover: str
    """The address of a picture, or ""."""


def entry_of(site: Site, live: LiveArticle) -> Entry:
    """Read an article as a feed entry."""
    article, cover = live.article, cover_image(live.article)
    url = site.url(live.path)
    return Entry(
        id=article.uri,
        url=url,
        title=feed_title(site, live),
        summary=article.description or excerpt(article.body_text),
        content=_notes(site, live) + _lead(site, article) + body_for_feed(article, url),
        authors=tuple(author.name for author in article.authors) or _unless_empty(article.byline),
        language=article.language or site.language,
        published=rfc3339(site, live.published),
        modified=rfc3339(site, live.modified),
        cover=ascii_url((cover.url if cover else None) or ""),
    )


def feed_title(site: Site, live: LiveArticle) -> str:
    """The headline; a corrected story says so, for readers who see headlines only."""
    words = words_for(live.article.language or site.language)
    return words.correction_prefix * live.is_corrected + live.article.headline


def title_of(site: Site, listing: Listing) -> str:
    """The name of a feed: the newspaper's, after the list's when it is not the whole."""
    return f"{listing.label}｜{site.name}" if listing.label else site.name


def updated_at(articles: Sequence[LiveArticle], tombstones: Sequence[Tombstone]) -> datetime:
    """When a feed last changed: the newest change or removal of a member."""
    changes = [live.modified for live in articles] + [stone.when for stone in tombstones]
    return max(changes, default=NEVER)


def ascii_url(url: str) -> str:
    """An address with every character beyond ASCII percent-encoded; the rest stays as it is."""
    return quote(url, safe=string.punctuation)


def rfc3339(site: Site, when: datetime) -> str:
    """E.g. `2026-11-23T09:30:00+08:00`."""
    return when.astimezone(site.timezone).isoformat(timespec="seconds")


def rfc2822(site: Site, when: datetime) -> str:
    """E.g. `Mon, 23 Nov 2026 09:30:00 +0800`."""
    return format_datetime(when.astimezone(site.timezone))


def _unless_empty(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _notes(site: Site, live: LiveArticle) -> str:
    words = words_for(live.article.language or site.language)
    kinds = {"correction": words.correction, "update": words.update}
    told = (note for note in live.notes if note.text)
    return "".join(f"<p><strong>{kinds[n.kind]}</strong> {escape(n.text)}</p>" for n in told)


def _lead(site: Site, article: Article) -> str:
    image = lead_image(article)
    if image is None or image.url is None:
        return ""
    words = words_for(article.language or site.language)
    caption = " ".join(filter(None, (image.caption, credit_line(image.credit, words.photo))))
    size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
    return (
        f'<figure><img src="{escape(ascii_url(image.url))}" alt="{escape(image.alt)}"{size}>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
