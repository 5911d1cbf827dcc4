"""The style sheets as pages carry them, and the Content-Security-Policy that allows nothing else.

https://www.w3.org/TR/CSP3/ : a page may show pictures and its own inlined styles, send the search
form, and nothing more. The data blocks of JSON-LD are no scripts and need no permission.
"""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup


def _compact(css: str) -> str:
    """The same style sheet without comments and idle spaces."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", css)
    return re.sub(r"([a-z-]): ", r"\1:", css).replace(";}", "}").strip()


def _style(name: str) -> Markup:
    return Markup(_compact(files(__package__).joinpath(name).read_text(encoding="utf-8")))  # noqa: S704


def _source(style: str) -> str:
    return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"


_EVERY_PAGE = _style("style.css")
_ARTICLE = _style("article.css")
_LISTS = _style("lists.css")

ARTICLE_STYLES = (_EVERY_PAGE, _ARTICLE)
LIST_STYLES = (_EVERY_PAGE, _LISTS)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' https: http: data:",
        f"style-src {' '.join(map(_source, (_EVERY_PAGE, _ARTICLE, _LISTS)))}",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""For every HTML answer of the site."""
