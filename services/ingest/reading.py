"""Which format are these bytes? The sender's word first, then the media type, then a look."""

from types import ModuleType

from services.ingest import formats
from services.ingest.invalid import invalid
from shared.article import Article
from shared.errors import BadField
from shared.plugs import find_plugs

HEAD_BYTES = 4_096
FORMATS = find_plugs(formats)
VAGUE = frozenset({"", "application/json", "text/json", "text/plain", "application/octet-stream"})
"""Media types that many formats share, so that a look at the bytes says more."""


def read(
    body: bytes,
    *,
    format: str | None = None,  # noqa: A002
    media_type: str | None = None,
) -> list[Article]:
    """The articles in `body`, at least one.

    `format` is a name in `formats/` and wins; `media_type` is a Content-Type, parameters ignored.
    Raises InvalidArticle naming every bad field, or the known formats when none fits.
    """
    articles: list[Article] = _format_of(body, format, media_type).parse(body)
    return articles


def _format_of(body: bytes, name: str | None, media_type: str | None) -> ModuleType:
    if name:
        if name in FORMATS:
            return FORMATS[name]
        raise invalid([BadField("format", f"unknown; known are {', '.join(FORMATS)}", name)])
    kind = (media_type or "").partition(";")[0].strip().lower()
    named = [plug for plug in FORMATS.values() if kind in plug.MEDIA_TYPES]
    likely = [plug for plug in FORMATS.values() if plug.looks_like(body[:HEAD_BYTES])]
    if named and kind not in VAGUE:
        return next((plug for plug in named if plug in likely), named[0])
    if fits := [plug for plug in likely if plug in named] + likely + named:
        return fits[0]
    known = f"no known format; name one of {', '.join(FORMATS)} or send its media type"
    raise invalid([BadField("format", known, kind)])
