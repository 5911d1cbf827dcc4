"""RULE: an article as everybody may have it, in ninjs 3.1.

http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json

What editors tell each other stays out. The schema is closed, so what ninjs has no word for has a
place in one of its lists: the page is the rendition `web`, a correction is a description of that
role, the section is a subject of `rel` section.
"""

import json
from collections.abc import Iterator, Sequence

from services.publish.body import body_for_feed, lead_image
from services.publish.entry import ascii_url
from services.publish.live import Card, LiveArticle, Site, Tombstone
from shared.article import Article, Image, Tag
from shared.text import rfc3339_utc

Members = dict[str, object]

STANDARD = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}
HTML, PLAIN = "text/html", "text/plain"


def document(site: Site, live: LiveArticle, related: Sequence[Card]) -> bytes:
    """A live article. `related` are the cards that its page shows."""
    article = live.article
    return _written(
        {
            **_head(article.uri, article.version, "usable"),
            "language": article.language,
            "urgency": article.urgency,
            "firstCreated": rfc3339_utc(article.first_created or live.published),
            "versionCreated": rfc3339_utc(article.version_created or live.modified),
            "contentCreated": rfc3339_utc(live.published),
            "expires": article.expires and rfc3339_utc(article.expires),
            "headlines": list(_headlines(article)),
            "descriptions": list(_descriptions(article)),
            "bodies": list(_bodies(site, live)),
            "by": article.byline,
            **_concepts(article),
            "infoSources": [{"name": article.source}] if article.source else [],
            "copyrightNotice": article.copyright,
            "renditions": [_page(site.url(live.path))],
            "associations": [*_pictures(article), *_stories(site, related), *_origin(article)],
        }
    )


def tombstone(stone: Tombstone, version: int) -> bytes:
    """What is left of a killed story."""
    head = _head(stone.uri, version, "canceled")
    return _written({**head, "versionCreated": rfc3339_utc(stone.when)})


def _head(uri: str, version: int, status: str) -> Members:
    return {
        "standard": STANDARD,
        "uri": uri,
        "type": "text",
        "version": str(version),
        "pubStatus": status,
    }


def _headlines(article: Article) -> Iterator[Members]:
    yield _text("main", PLAIN, article.headline)
    if article.subtitle:
        yield _text("subtitle", PLAIN, article.subtitle)


def _descriptions(article: Article) -> Iterator[Members]:
    if article.description:
        yield _text("summary", PLAIN, article.description)
    if article.correction and article.correction.text:
        yield _text("correction", PLAIN, article.correction.text)


def _bodies(site: Site, live: LiveArticle) -> Iterator[Members]:
    article = live.article
    if html := body_for_feed(article, site.url(live.path)):
        yield _text("main", HTML, html)
    if article.body_text:
        yield {**_text("main", PLAIN, article.body_text), "charCount": len(article.body_text)}


def _concepts(article: Article) -> Members:
    """People, organisations, places and subjects, whoever named them."""
    tags: dict[str, list[Members]] = {"person": [], "organisation": [], "place": [], "topic": []}
    for tag in article.tags:
        tags[tag.kind].append(_subject(tag) if tag.kind == "topic" else _about(tag.name))
    authors = [
        {"name": author.name, "rel": "author", **({"uri": author.url} if author.url else {})}
        for author in article.authors
    ]
    section = [{"name": article.section, "rel": "section"}] if article.section else []
    codes = [{"uri": one.uri, "name": one.name or one.uri} for one in article.subjects]
    return {
        "people": [*authors, *tags["person"]],
        "organisations": tags["organisation"],
        "places": tags["place"],
        "subjects": [*section, *codes, *tags["topic"]],
    }


def _about(name: str) -> Members:
    return {"name": name, "rel": "about"}


def _subject(tag: Tag) -> Members:
    return {
        **_about(tag.name),
        "relevance": round(tag.score * 100),
        "creator": tag.creator,
    }


def _pictures(article: Article) -> Iterator[Members]:
    lead = lead_image(article)
    for number, image in enumerate(image for image in article.images if image.url):
        yield _picture(image, "featuremedia" if image == lead else f"picture-{number}")


def _picture(image: Image, name: str) -> Members:
    url = ascii_url(image.url or "")
    size = {"width": image.width, "height": image.height}
    told = (("caption", image.caption), ("alttext", image.alt))
    return _present(
        {
            "name": name,
            "type": "picture",
            "uri": url,
            "by": image.credit,
            "descriptions": [_text(role, PLAIN, text) for role, text in told if text],
            "renditions": [_present({"name": "original", "href": url, **size})],
        }
    )


def _stories(site: Site, related: Sequence[Card]) -> Iterator[Members]:
    for card in related:
        url = site.url(card.url) if card.uri else ascii_url(card.url)
        if not url:
            continue  # a bare headline names nothing that could be associated
        excerpt = [_text("summary", PLAIN, card.excerpt)] if card.excerpt else []
        yield _present(
            {
                "name": "related",
                "rel": "related",
                "type": "text",
                "uri": card.uri or url,
                "headlines": [_text("main", PLAIN, card.headline)] if card.headline else [],
                "descriptions": excerpt,
                "versionCreated": card.date_published and rfc3339_utc(card.date_published),
                "renditions": [_page(url)],
            }
        )


def _origin(article: Article) -> Iterator[Members]:
    if article.evolved_from:
        name = "evolved-from"
        yield {"name": name, "rel": "evolvedFrom", "type": "text", "uri": article.evolved_from}


def _page(url: str) -> Members:
    return {"name": "web", "href": url, "contentType": HTML}


def _text(role: str, media_type: str, value: str) -> Members:
    return {"role": role, "contentType": media_type, "value": value}


def _present(members: Members) -> Members:
    return {name: value for name, value in members.items() if value not in (None, "", [])}


def _written(members: Members) -> bytes:
    return json.dumps(_present(members), ensure_ascii=False, separators=(",", ":")).encode()
