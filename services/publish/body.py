"""RULE: the body of an article as a page or a feed shows it.

`body_html` was sanitised at the door (nh3). Here its addresses become absolute, and its pictures
get the size that the article knows, so that nothing moves while they load.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

import lxml.html
from lxml.html import HtmlElement

from shared.article import Article, Image

_HAS_ADDRESS = re.compile(r"<(?:a|img|source|video|audio|blockquote|q|del|ins)\s", re.IGNORECASE)
_ATTRIBUTION = re.compile(r"[／/｜|：:]")


def body_html(article: Article) -> str:
    """The body, made of the plain text when the newsroom gave no HTML."""
    if article.body_html or not article.body_text:
        return article.body_html
    lines = filter(None, map(str.strip, article.body_text.splitlines()))
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def body_for_feed(article: Article, url: str) -> str:
    """The body with every address absolute; `url` is where the article stands."""
    return _changed(
        body_html(article), lambda root: root.make_links_absolute(url, handle_failures="ignore")
    )


def body_for_page(article: Article) -> str:
    """The body with lazy pictures that keep their place while they load."""
    sizes = {image.url: image for image in article.images if image.width and image.height}

    def settle(root: HtmlElement) -> None:
        for picture in root.iter("img"):
            _settle(picture, sizes.get(picture.get("src")))

    return _changed(body_html(article), settle)


def lead_image(article: Article) -> Image | None:
    """The picture above the text: the newsroom's lead, else one that has no place in the text.

    A lead without a file still has a credit line to print.
    """
    leads = [image for image in article.images if image.role == "lead"]
    return next(iter(leads), None) or next(_homeless(article), None)


def further_images(article: Article) -> tuple[Image, ...]:
    """The pictures that stand neither above the text nor in it: they follow it."""
    lead = lead_image(article)
    return tuple(image for image in _homeless(article) if image != lead)


def cover_image(article: Article) -> Image | None:
    """The picture with a file that stands for the article in lists and previews, if any."""
    lead = lead_image(article)
    candidates = (lead, *article.images) if lead else article.images
    return next((image for image in candidates if image.url), None)


def credit_line(credit: str, pattern: str) -> str:
    """The credit as it is printed. One that already says what it is keeps its words.

    >>> credit_line("桃園市政府", "圖／{}"), credit_line("圖/桃園市政府", "圖／{}")
    ('圖／桃園市政府', '圖／桃園市政府')
    """
    if _ATTRIBUTION.search(credit):
        return re.sub(r"(?<=[\u3400-\u9fff])\s*/\s*|\s*/\s*(?=[\u3400-\u9fff])", "／", credit)
    return pattern.format(credit) if credit else ""


def _homeless(article: Article) -> Iterator[Image]:
    for image in article.images:
        placed = image.url and escape(image.url) in article.body_html
        if image.url and not placed:
            yield image


def _settle(picture: HtmlElement, known: Image | None) -> None:
    picture.set("loading", "lazy")
    picture.set("decoding", "async")
    if known and not (picture.get("width") and picture.get("height")):
        picture.set("width", str(known.width))
        picture.set("height", str(known.height))
    if picture.get("alt") is None:
        picture.set("alt", known.alt if known else "")


def _changed(html: str, change: Callable[[HtmlElement], None]) -> str:
    """`html` after `change`; parsed only when there is something to change."""
    if not _HAS_ADDRESS.search(html):
        return html
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    change(root)
    whole: str = lxml.html.tostring(root, encoding="unicode")
    return whole.removeprefix("<div>").removesuffix("</div>")
