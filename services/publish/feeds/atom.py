"""Atom 1.0 (https://www.rfc-editor.org/rfc/rfc4287) with the tombstones of RFC 6721."""

from collections.abc import Iterator, Sequence

from services.publish.entry import Entry, entry_of, rfc3339, title_of, updated_at
from services.publish.fragments import remembered
from services.publish.lists import slug_of
from services.publish.live import Listing, LiveArticle, Site, Tombstone
from services.publish.words import words_for
from shared.article import Article
from shared.text import xml_text

FILE_NAME = "atom.xml"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_TOMBSTONES = ' xmlns:at="http://purl.org/atompub/tombstones/1.0"'


def render(
    site: Site,
    listing: Listing,
    articles: Sequence[LiveArticle],
    tombstones: Sequence[Tombstone],
) -> bytes:
    """The feed of one list. Readers that know RFC 6721 remove what the tombstones name."""
    entries = (_entry(site, live) for live in articles)
    graves = "".join(_grave(site, stone) for stone in tombstones)
    # Validators warn of a namespace they do not know, so it is declared only when it is used.
    namespaces = _TOMBSTONES if tombstones else ""
    changed = rfc3339(site, updated_at(articles, tombstones))
    head = _head(site, listing, namespaces, changed)
    return b"".join(((head + graves).encode(), *entries, b"</feed>\n"))


def _head(site: Site, listing: Listing, namespaces: str, changed: str) -> str:
    feed, page = site.url(listing.path + FILE_NAME), site.url(listing.path)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom"{namespaces}'
        f' xml:lang="{xml_text(site.language)}">\n'
        f"<id>{xml_text(feed)}</id>\n"
        f"<title>{xml_text(title_of(site, listing))}</title>\n"
        f"<subtitle>{xml_text(site.description)}</subtitle>\n"
        f"<updated>{changed}</updated>\n"
        f"<author><name>{xml_text(site.name)}</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href="{xml_text(feed)}"/>\n'
        f'<link rel="alternate" type="text/html" href="{xml_text(page)}"/>\n'
    )


def _grave(site: Site, stone: Tombstone) -> str:
    return (
        f'<at:deleted-entry ref="{xml_text(stone.uri)}" when="{rfc3339(site, stone.when)}">'
        f"<at:comment>{xml_text(words_for(site.language).gone)}</at:comment></at:deleted-entry>\n"
    )


@remembered
def _entry(site: Site, live: LiveArticle) -> str:
    entry = entry_of(site, live)
    lines = (
        f"<id>{xml_text(entry.id)}</id>",
        f"<title>{xml_text(entry.title)}</title>",
        f'<link rel="alternate" type="text/html" href="{xml_text(entry.url)}"/>',
        f"<published>{entry.published}</published>",
        f"<updated>{entry.modified}</updated>",
        *(f"<author><name>{xml_text(name)}</name></author>" for name in entry.authors),
        *_categories(site, live.article),
        *_enclosures(entry),
        *_rights(live.article),
        f"<summary>{xml_text(entry.summary)}</summary>",
        f'<content type="html">{xml_text(entry.content)}</content>',
    )
    return f'<entry xml:lang="{xml_text(entry.language)}">\n' + "\n".join(lines) + "\n</entry>\n"


def _categories(site: Site, article: Article) -> Iterator[str]:
    labels = [("section", article.section)] if article.section else []
    for kind, label in (*labels, *(("tag", tag.name) for tag in article.tags)):
        scheme = site.url(f"/{kind}/")
        yield (
            f'<category term="{xml_text(slug_of(label) or label)}"'
            f' scheme="{xml_text(scheme)}" label="{xml_text(label)}"/>'
        )


def _enclosures(entry: Entry) -> Iterator[str]:
    if entry.cover:
        yield f'<link rel="enclosure" href="{xml_text(entry.cover)}"/>'


def _rights(article: Article) -> Iterator[str]:
    if article.copyright:
        yield f"<rights>{xml_text(article.copyright)}</rights>"
