"""RULE: the HTML of an article body, reduced to what a news text needs and a browser may run.

An allowlist of elements, attributes and schemes; ammonia (nh3) does the work. Its cost is worse
than quadratic in nested blocks, so the number of tags is limited before it sees the text.
"""

import re
import unicodedata

import nh3

from services.ingest.invalid import invalid
from shared.article import MAX_BODY_CHARS
from shared.errors import BadField

MAX_TAGS = 5_000
MAX_REFERENCES = 5_000
"""Ampersands: nh3 copies the text so far at each; 512,000 bare ones cost it seven seconds."""
MAX_PASSES = 5
REL = "noopener nofollow ugc"

TAGS = frozenset(
    {"p", "br", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "b", "i", "u"}
    | {"s", "sub", "sup", "a", "img", "figure", "figcaption", "table", "thead", "tbody", "tr"}
    | {"th", "td", "caption", "hr", "ruby", "rt", "rp", "time", "abbr", "cite", "q", "code"}
    | {"pre", "span"}
)
ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height", "loading"},
    "time": {"datetime"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
ABSOLUTE = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f]+", re.IGNORECASE)
"""What an address must look like: no control character or blank may split its scheme."""

NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""What XML 1.0 forbids, C1 controls and noncharacters; line feeds and tabs stay."""
H1 = re.compile("<(/?)h1(?=[\\s/>])", re.IGNORECASE)
FORMATTING = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/])[^>]*+(?:>|\Z)", re.IGNORECASE
)
"""Formatting with attributes, which an HTML parser opens anew in every later paragraph while it is
unclosed: 1,000 different ones times 4,000 paragraphs make 4 million elements. Bare ones count as
equal, and of equal ones it keeps three."""
BETWEEN_TAGS = re.compile("[^<>]+")
NO_PICTURE = re.compile('<img(?: (?!src=)[a-z]+="[^"]*")*>')


def _attribute(_tag: str, name: str, value: str) -> str | None:
    is_address = name in ("href", "src")
    return value if not is_address or ABSOLUTE.fullmatch(value) else None


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    clean_content_tags={"script", "style"},
    link_rel=REL,
    url_schemes={"http", "https", "mailto"},
)


def sanitised(html: str) -> str:
    """The safe part of `html`; sanitising it again changes nothing.

    Raises InvalidArticle naming body_html when it is too large or has too many tags.
    """
    for _ in range(MAX_PASSES):
        _refuse_what_costs_too_much(html)
        safe = _pass(html)
        if safe == html:
            return safe
        html = safe
    raise invalid([BadField("body_html", "markup that never comes to rest")])


def _pass(html: str) -> str:
    html = H1.sub(r"<\1h2", NOT_TEXT.sub("", html.replace("\r\n", "\n").replace("\r", "\n")))
    safe = CLEANER.clean(FORMATTING.sub(r"<\1>", html))
    # Character references may have brought controls back. Letters are composed between tags only:
    # composing a tag's own ">" with a combining mark after it would break the tag.
    safe = BETWEEN_TAGS.sub(_composed, NOT_TEXT.sub("", safe))
    return NO_PICTURE.sub("", safe).strip()


def _composed(run: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", run[0])


def _refuse_what_costs_too_much(html: str) -> None:
    if len(html) > MAX_BODY_CHARS:
        raise invalid([BadField("body_html", f"longer than {MAX_BODY_CHARS} characters")])
    if (tags := html.count("<")) > MAX_TAGS:
        raise invalid([BadField("body_html", f"more than {MAX_TAGS} tags", str(tags))])
    if html.count("&") > MAX_REFERENCES:
        raise invalid([BadField("body_html", f"more than {MAX_REFERENCES} ampersands")])
