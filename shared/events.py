"""What one entry of the three article streams holds: plain, readable fields around one article.

`redis-cli XRANGE` must be legible, and any client can write or read them:

    event        article.received | article.enriched | article.published
    uri          of the article
    version      of the article, decimal
    lane         flash | routine
    traceparent  W3C Trace Context, the same for all hops (https://www.w3.org/TR/trace-context/)
    accepted     when ingest accepted it: milliseconds since 1970, decimal
    body         the whole article as JSON, fields at their default left out
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Self

from shared.article import Article
from shared.errors import BadField, InvalidArticle
from shared.streams import Lane

TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Event:
    """One step of one article version on its way."""

    event: str
    article: Article
    traceparent: str
    accepted: datetime
    body: bytes = field(default=b"", compare=False, repr=False)
    """The article as it came; spares writing it anew when it goes on unchanged."""

    @classmethod
    def begin(cls, event: str, article: Article, accepted: datetime) -> Self:
        """The first event of a version, with a new trace."""
        return cls(event, article, f"00-{token_hex(16)}-{token_hex(8)}-01", accepted)

    def onward(self, event: str, article: Article) -> "Event":
        """The next event of the same version: same trace, a new span."""
        trace = f"{self.traceparent[:35]}-{token_hex(8)}-01"
        body = self.body if article is self.article else b""
        return Event(event, article, trace, self.accepted, body)

    @property
    def lane(self) -> Lane:
        """Flash for kills, withholds and urgency 1 to 3."""
        return "flash" if self.article.is_flash else "routine"

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits that all hops of this version share."""
        return self.traceparent.split("-")[1]

    def fields(self) -> tuple[str | bytes, ...]:
        """Field names and values by turns, as XADD takes them."""
        article = self.article
        accepted = str(int(self.accepted.timestamp() * 1000))
        body = self.body or article.model_dump_json(exclude_defaults=True).encode()
        # fmt: off
        return (
            "event", self.event, "uri", article.uri, "version", str(article.version),
            "lane", self.lane, "traceparent", self.traceparent, "accepted", accepted, "body", body,
        )
        # fmt: on

    @classmethod
    def parse(cls, fields: Mapping[bytes, bytes]) -> Self:
        """Read an entry back. Raises InvalidArticle when it is not one of ours."""
        try:
            return cls(
                event=fields[b"event"].decode(),
                article=Article.model_validate_json(fields[b"body"]),
                traceparent=_traceparent(fields[b"traceparent"].decode()),
                accepted=datetime.fromtimestamp(int(fields[b"accepted"]) / 1000, UTC),
                body=fields[b"body"],
            )
        except (KeyError, ValueError, OverflowError, OSError) as error:
            raise InvalidArticle(
                f"not an article event: {error!r}", [BadField("entry", repr(error))]
            ) from error


def _traceparent(text: str) -> str:
    if not TRACEPARENT.fullmatch(text):
        raise ValueError("traceparent: not in the form of W3C Trace Context")
    return text
