"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

`_news` carries what it has no word for: removed stories, versions, corrections.
"""

import json
from collections.abc import Sequence

from services.publish.entry import entry_of, rfc3339, title_of
from services.publish.fragments import remembered
from services.publish.live import Listing, LiveArticle, Site, Tombstone

FILE_NAME = "feed.json"
MEDIA_TYPE = "application/feed+json; charset=utf-8"

_VERSION = "https://jsonfeed.org/version/1.1"


def render(
    site: Site,
    listing: Listing,
    articles: Sequence[LiveArticle],
    tombstones: Sequence[Tombstone],
) -> bytes:
    """The feed of one list. `_news.deleted` names the stories that were removed."""
    head = _json(_head(site, listing, tombstones))
    items = b",\n".join(_item(site, live) for live in articles)
    return b"".join((head[:-1].encode(), b',"items":[', items, b"]}\n"))


def _head(site: Site, listing: Listing, tombstones: Sequence[Tombstone]) -> dict[str, object]:
    deleted = [
        {"id": stone.uri, "url": site.url(stone.path), "date_deleted": rfc3339(site, stone.when)}
        for stone in tombstones
    ]
    return {
        "version": _VERSION,
        "title": title_of(site, listing),
        "home_page_url": site.url(listing.path),
        "feed_url": site.url(listing.path + FILE_NAME),
        "description": site.description,
        "language": site.language,
        "_news": {"deleted": deleted},
    }


@remembered
def _item(site: Site, live: LiveArticle) -> str:
    entry, article = entry_of(site, live), live.article
    labels = filter(None, (article.section, *(tag.name for tag in article.tags)))
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "image": entry.cover,
        "date_published": entry.published,
        "date_modified": entry.modified,
        "authors": [{"name": name} for name in entry.authors],
        "tags": list(dict.fromkeys(labels)),
        "language": entry.language,
    }
    signal = article.correction.kind if article.correction else None
    news = {"version": article.version, "signal": signal}
    always = {"content_html": entry.content, "_news": news}
    return _json({key: value for key, value in item.items() if value} | always)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
