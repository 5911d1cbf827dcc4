"""RULE: what a page's head tells machines: search engines, link previews, feed readers.

https://schema.org/NewsArticle, https://ogp.me/,
https://developers.google.com/search/docs/appearance/structured-data/article
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.publish.body import cover_image
from services.publish.entry import ascii_url, rfc3339, title_of
from services.publish.feeds import atom, json_feed, rss
from services.publish.lists import ALL, slug_of
from services.publish.live import Listing, LiveArticle, Note, Site
from services.publish.site.story import section_of
from services.publish.words import words_for
from shared.article import Article, Author
from shared.text import excerpt

Pairs = tuple[tuple[str, str], ...]
LinkedData = dict[str, object]

_FEEDS = (("RSS", rss), ("Atom", atom), ("JSON Feed", json_feed))
_SCHEMA = "https://schema.org"


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page advertises."""

    name: str
    title: str
    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a page. `named` are `<meta name>`, `properties` `<meta property>`."""

    title: str
    named: Pairs
    canonical: str = ""
    feeds: tuple[FeedLink, ...] = ()
    properties: Pairs = ()
    linked_data: tuple[LinkedData, ...] = ()


def article_head(site: Site, live: LiveArticle) -> Head:
    """The head of an article page: the section's feeds stand beside those of the whole paper."""
    article, section = live.article, section_of(live)
    lists = (ALL, section) if section else (ALL,)
    return Head(
        title=f"{article.headline}｜{site.name}",
        named=_named(
            ("description", description_of(article)),
            ("robots", _robots(site, article)),
            ("author", article.byline or ", ".join(author.name for author in article.authors)),
            ("twitter:card", "summary_large_image" if cover_image(article) else "summary"),
        ),
        canonical=site.url(live.path),
        feeds=tuple(feed for listing in lists for feed in feeds_of(site, listing)),
        properties=tuple(_open_graph(site, live)),
        linked_data=(_news_article(site, live), _breadcrumbs(site, live)),
    )


def list_head(site: Site, listing: Listing) -> Head:
    """The head of the front page, or of a section's, tag's or author's page."""
    title = title_of(site, listing)
    return Head(
        title=title,
        named=_named(("description", site.description)),
        canonical=site.url(listing.path),
        feeds=feeds_of(site, listing),
        properties=(
            ("og:type", "website"),
            ("og:site_name", site.name),
            ("og:title", title),
            ("og:url", site.url(listing.path)),
            ("og:locale", words_for(site.language).locale),
        ),
    )


def notice_head(site: Site, title: str) -> Head:
    """The head of a page that no search engine should keep."""
    named = (("robots", "noindex"),)
    return Head(title=f"{title}｜{site.name}", named=named, feeds=feeds_of(site, ALL))


def feeds_of(site: Site, listing: Listing) -> tuple[FeedLink, ...]:
    """The feeds of a list, in the order readers should try them."""
    title = title_of(site, listing)
    return tuple(
        FeedLink(
            name=name,
            title=f"{title} {name}",
            type=feed.MEDIA_TYPE.partition(";")[0],
            path=listing.path + feed.FILE_NAME,
        )
        for name, feed in _FEEDS
    )


def description_of(article: Article) -> str:
    """One or two sentences that say what the story is."""
    return excerpt(article.description or article.subtitle or article.body_text)


def _named(*pairs: tuple[str, str]) -> Pairs:
    return tuple((name, content) for name, content in pairs if content)


def _robots(site: Site, article: Article) -> str:
    """Search engines drop an expired story by themselves."""
    until = article.expires and f", unavailable_after: {rfc3339(site, article.expires)}"
    return "max-image-preview:large" + (until or "")


def _open_graph(site: Site, live: LiveArticle) -> Iterator[tuple[str, str]]:
    article, cover = live.article, cover_image(live.article)
    yield from (
        ("og:type", "article"),
        ("og:site_name", site.name),
        ("og:title", article.headline),
        ("og:description", description_of(article)),
        ("og:url", site.url(live.path)),
        ("og:locale", words_for(article.language or site.language).locale),
    )
    if cover and cover.url:
        yield "og:image", ascii_url(cover.url)
        yield "og:image:alt", cover.alt or cover.caption or article.headline
        if cover.width and cover.height:
            yield "og:image:width", str(cover.width)
            yield "og:image:height", str(cover.height)
    yield "article:published_time", rfc3339(site, live.published)
    yield "article:modified_time", rfc3339(site, live.modified)
    if article.expires:
        yield "article:expiration_time", rfc3339(site, article.expires)
    if article.section:
        yield "article:section", article.section
    yield from (("article:tag", tag.name) for tag in article.tags)


def _news_article(site: Site, live: LiveArticle) -> LinkedData:
    article, url = live.article, site.url(live.path)
    publisher = {"@type": "NewsMediaOrganization", "name": site.name, "url": site.url("/")}
    found: LinkedData = {
        "headline": article.headline,
        "alternativeHeadline": article.subtitle,
        "description": description_of(article),
        "image": [ascii_url(image.url) for image in article.images if image.url],
        "author": [_person(site, author) for author in article.authors] or [publisher],
        "articleSection": article.section,
        "keywords": [tag.name for tag in article.tags],
        "copyrightNotice": article.copyright,
        "correction": [_correction(site, note) for note in live.notes if note.kind == "correction"],
        "expires": article.expires and rfc3339(site, article.expires),
    }
    return {
        "@context": _SCHEMA,
        "@type": "NewsArticle",
        "@id": url,
        "identifier": article.uri,
        "url": url,
        "mainEntityOfPage": url,
        "inLanguage": article.language or site.language,
        "datePublished": rfc3339(site, live.published),
        "dateModified": rfc3339(site, live.modified),
        "isAccessibleForFree": True,
        "publisher": publisher,
        **{name: value for name, value in found.items() if value},
    }


def _person(site: Site, author: Author) -> LinkedData:
    slug = slug_of(author.name)
    page = {"url": site.url(f"/author/{slug}/")} if slug else {}
    return {"@type": "Person", "name": author.name, **page}


def _correction(site: Site, note: Note) -> LinkedData:
    when = rfc3339(site, note.when)
    return {"@type": "CorrectionComment", "text": note.text, "datePublished": when}


def _breadcrumbs(site: Site, live: LiveArticle) -> LinkedData:
    section = section_of(live)
    home = words_for(live.article.language or site.language).home
    trail = [(home, site.url("/"))]
    if section:
        trail.append((section.label, site.url(section.path)))
    trail.append((live.article.headline, site.url(live.path)))
    steps = [
        {"@type": "ListItem", "position": position, "name": name, "item": url}
        for position, (name, url) in enumerate(trail, start=1)
    ]
    return {"@context": _SCHEMA, "@type": "BreadcrumbList", "itemListElement": steps}
