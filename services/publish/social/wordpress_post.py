"""RULE: the post of a site that runs WordPress: the article's HTML, under a slug of ours.

https://developer.wordpress.org/rest-api/reference/posts/

A title and an excerpt are HTML there, [shortcodes] in a text are obeyed, and its line feeds become
breaks: so what readers are to see as it is stands there in entities, and on one line. The lead
picture is the post's featured image. Categories and tags are names here, and become numbers.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape, unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from services.publish.body import body_for_feed, credit_line
from services.publish.posts.story import LANGUAGE, notice_of, story_of
from services.publish.site.byline import byline_of
from services.publish.words import Words, words_for
from shared.article import Article

MOST_SLUG, MOST_NAME = 150, 200
NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NEEDED = (
    "edit_posts",
    "edit_published_posts",
    "publish_posts",
    "delete_posts",
    "delete_published_posts",
)
"""What a user must be allowed: the role Author is. https://wordpress.org/documentation/article/roles-and-capabilities/"""
UPLOADS = "upload_files"

Fields = dict[str, Any]


def fields_of(
    article: Article, url: str, *, first: bool, most_tags: int, picture: str | None
) -> Fields:
    """The post. `featured_media` is what is said of the picture, not its number yet.

    `picture` is its address: "" = the story has none, None = pictures are left to that site.
    """
    words = words_for(article.language or LANGUAGE)
    story = story_of(article, url, first=first, most_tags=0)
    fields: Fields = {
        "title": escape(story.headline, quote=False),
        "content": _content(article, url, words),
        "excerpt": escape(story.summary, quote=False),
        "slug": slug_of(url),
        "status": "publish",
        "tags": [tag.name[:MOST_NAME] for tag in article.tags[:most_tags]],
    }
    if article.section:
        fields["categories"] = [article.section]
    if picture is not None:
        fields["featured_media"] = _told_of_picture(article, picture, words)
    return fields


def notice_fields(article: Article) -> Fields:
    """What would stand in the place of a post that cannot be taken away."""
    notice = escape(notice_of(article), quote=False)
    return {"title": notice, "content": f"<p>{notice}</p>", "excerpt": "", "tags": []}


def slug_of(url: str) -> str:
    """The post's name there: a pure function of the path, which a story keeps for ever.

    >>> slug_of("https://daily.example/news/20261123/k3f9a2m7q4xwb")
    'news-20261123-k3f9a2m7q4xwb'
    """
    path = unquote(urlsplit(url).path)
    slug = NOT_IN_SLUG.sub("-", path.lower()).strip("-")
    is_whole = path.isascii() and SLUG.fullmatch(slug) and len(slug) <= MOST_SLUG
    return slug if is_whole else "news-" + sha256(path.encode()).hexdigest()[:20]


def slugs_of(url: str) -> tuple[str, ...]:
    """Where a post may be that was to have that name: behind a number when it was taken."""
    slug = slug_of(url)
    return (slug, *(f"{slug}-{number}" for number in range(2, 6)))


def picture_slug(url: str) -> str:
    """The name of a picture there, so that it is uploaded once and not for every version."""
    return "wiredesk-" + sha256(url.encode()).hexdigest()[:20]


def links_to(post: Mapping[str, Any], url: str) -> bool:
    """Whether a post, as one who may edit it sees it, leads to that address."""
    content = post.get("content")
    raw = content.get("raw", "") if isinstance(content, dict) else ""
    return f'href="{url}"' in unescape(str(raw))


def lacking(capabilities: object, *, pictures: bool) -> list[str]:
    """What a user may not do, in WordPress' own words."""
    has = capabilities if isinstance(capabilities, dict) else {}
    return [name for name in (*NEEDED, *[UPLOADS] * pictures) if not has.get(name)]


def listed(content: bytes) -> list[Mapping[str, Any]] | None:
    """The objects of an answer that is a list; None when it is no such thing."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else None


def _content(article: Article, url: str, words: Words) -> str:
    byline = "".join(part.text for part in byline_of(article, words))
    parts = (
        _note(article, words),
        f"<p>{escape(byline)}</p>" * bool(byline),
        body_for_feed(article, url),
        f'<p><a href="{escape(url)}">{words.original}</a></p>',
    )
    whole = "".join(parts)
    if "<pre" not in whole:
        whole = " ".join(whole.splitlines())
    return whole.replace("[", "&#91;")


def _note(article: Article, words: Words) -> str:
    kinds = {"correction": words.correction, "update": words.update}
    if article.correction is None or not article.correction.text:
        return ""
    kind = kinds.get(article.correction.kind)
    return f"<p><strong>{kind}</strong> {escape(article.correction.text)}</p>" if kind else ""


def _told_of_picture(article: Article, url: str, words: Words) -> Mapping[str, str] | None:
    image = next((one for one in article.images if url and one.url == url), None)
    if image is None:
        return None
    caption = " ".join(filter(None, (image.caption, credit_line(image.credit, words.photo))))
    return {"alt_text": image.alt or image.caption, "caption": escape(caption, quote=False)}
