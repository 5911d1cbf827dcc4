"""RULE: is the page that was just written news for those who follow the changes, and what news?

    told before                    on the page now        told
    nothing, or a withdrawal       the story              published
    the story                      the story, changed     updated
    anything but this withdrawal   it is withdrawn        withdrawn
    just this                      just this              nothing

A story is `changed` when its version or anything that readers can see of it differs; but not when
only wiredesk's own related links do, which are made anew as other stories come and go. Only the
newest change of a story is kept, so what is told must do without those before it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Literal

from services.publish.desk_row import Row
from shared.article import Article, PubStatus
from shared.streams import Lane
from shared.text import rfc3339_utc

Kind = Literal["published", "updated", "withdrawn"]
DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of one story, as the log keeps it."""

    uri: str
    version: int
    type: Kind
    pubstatus: PubStatus
    """`usable`; a withdrawal is `withheld`, for now, or `canceled`, for good."""
    lane: Lane
    path: str
    digest: str = ""
    """Differs when anything differs that is told of; empty for a withdrawal."""
    words: Mapping[str, object] = field(default_factory=dict)
    """Headline and dates, as they are told. Nothing is kept of a story that is withdrawn."""

    @property
    def is_withdrawal(self) -> bool:
        return self.type == "withdrawn"


def change_of(row: Row, before: Change | None) -> Change | None:
    """What is to be told now that the page shows `row`; None when that was told already.

    `before` is what was told of the story last. A story that readers never could see is no news.
    """
    if not row.path:
        return None
    now = _story(row.article, row, before) if row.article else _withdrawal(row)
    return None if before and _same(now, before) else now


def to_json(change: Change) -> bytes:
    """The change as the log keeps it."""
    return json.dumps(asdict(change), ensure_ascii=False, separators=(",", ":")).encode()


def from_json(text: bytes) -> Change:
    """The change that `to_json` wrote."""
    return Change(**json.loads(text))


def _story(article: Article, row: Row, before: Change | None) -> Change:
    return Change(
        uri=row.uri,
        version=row.version,
        type="published" if before is None or before.is_withdrawal else "updated",
        pubstatus="usable",
        lane="flash" if article.is_flash else "routine",
        path=row.path,
        digest=_digest(article),
        words=_words(article),
    )


def _withdrawal(row: Row) -> Change:
    status: PubStatus = "canceled" if row.state == "gone" else "withheld"
    return Change(row.uri, row.version, "withdrawn", status, "flash", row.path)


def _same(one: Change, other: Change) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("version", "pubstatus", "path", "digest")
    )


def _digest(article: Article) -> str:
    given = tuple(link for link in article.related if link.creator == "newsroom")
    edited = article.model_copy(update={"related": given})
    seen = edited.model_dump_json(exclude={"ednote"}, exclude_defaults=True)
    return sha256(seen.encode()).hexdigest()[:DIGEST_CHARS]


def _words(article: Article) -> dict[str, object]:
    correction = article.correction
    words: dict[str, object] = {
        "headline": article.headline,
        "section": article.section,
        "language": article.language,
        "date_published": article.date_published and rfc3339_utc(article.date_published),
        "date_modified": article.date_modified and rfc3339_utc(article.date_modified),
        "correction": correction and {"kind": correction.kind, "text": correction.text},
    }
    return {name: value for name, value in words.items() if value}
