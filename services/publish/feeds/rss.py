"""RSS 2.0 with full text. https://www.rssboard.org/rss-specification

Modules: content, Dublin Core, Media RSS (https://www.rssboard.org/media-rss), Atom links.
"""

from collections.abc import Iterator, Sequence

from services.publish.entry import ascii_url, entry_of, rfc2822, title_of, updated_at
from services.publish.fragments import remembered
from services.publish.live import Listing, LiveArticle, Site, Tombstone
from shared.article import Article, Image
from shared.text import xml_cdata, xml_text

FILE_NAME = "feed.xml"
MEDIA_TYPE = "application/rss+xml; charset=utf-8"

_OPEN = (
    '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"'
    ' xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:media="http://search.yahoo.com/mrss/">\n<channel>\n'
)
_CLOSE = "</channel>\n</rss>\n"


def render(
    site: Site,
    listing: Listing,
    articles: Sequence[LiveArticle],
    tombstones: Sequence[Tombstone],
) -> bytes:
    """The feed of one list. RSS cannot name removed stories; they only move its date."""
    items = (_item(site, live) for live in articles)
    head = _channel(site, listing, articles, tombstones)
    return b"".join(((_OPEN + head).encode(), *items, _CLOSE.encode()))


def _channel(
    site: Site,
    listing: Listing,
    articles: Sequence[LiveArticle],
    tombstones: Sequence[Tombstone],
) -> str:
    changed = rfc2822(site, updated_at(articles, tombstones))
    feed = site.url(listing.path + FILE_NAME)
    return (
        f"<title>{xml_text(title_of(site, listing))}</title>\n"
        f"<link>{xml_text(site.url(listing.path))}</link>\n"
        f"<description>{xml_text(site.description or site.name)}</description>\n"
        f"<language>{xml_text(site.language)}</language>\n"
        f"<lastBuildDate>{changed}</lastBuildDate>\n"
        f'<atom:link rel="self" type="application/rss+xml" href="{xml_text(feed)}"/>\n'
    )


@remembered
def _item(site: Site, live: LiveArticle) -> str:
    entry = entry_of(site, live)
    lines = (
        f"<title>{xml_text(entry.title)}</title>",
        f"<link>{xml_text(entry.url)}</link>",
        f'<guid isPermaLink="false">{xml_text(entry.id)}</guid>',
        f"<pubDate>{rfc2822(site, live.published)}</pubDate>",
        f"<dcterms:modified>{entry.modified}</dcterms:modified>",
        f"<dc:language>{xml_text(entry.language)}</dc:language>",
        *(f"<dc:creator>{xml_text(name)}</dc:creator>" for name in entry.authors),
        *(f"<category>{xml_text(name)}</category>" for name in _categories(live.article)),
        f"<description>{xml_text(entry.summary)}</description>",
        f"<content:encoded>{xml_cdata(entry.content)}</content:encoded>",
        *(_media(image) for image in live.article.images if image.url),
    )
    return "<item>\n" + "\n".join(lines) + "\n</item>\n"


def _categories(article: Article) -> Iterator[str]:
    if article.section:
        yield article.section
    yield from (tag.name for tag in article.tags)


def _media(image: Image) -> str:
    size = f' width="{image.width}" height="{image.height}"' if image.width and image.height else ""
    credit = '<media:credit role="photographer" scheme="urn:ebu">{}</media:credit>'
    return (
        f'<media:content url="{xml_text(ascii_url(image.url or ""))}" medium="image"{size}>'
        + (
            f"<media:description>{xml_text(image.caption)}</media:description>"
            * bool(image.caption)
        )
        + (credit.format(xml_text(image.credit)) if image.credit else "")
        + "</media:content>"
    )
