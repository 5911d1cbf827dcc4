"""RULE: who is to be told of an event, and of what.

    event                 told
    put                   who may have the article, and whose filter lets it through; who was about
                          to get an older version and does not want this one gets neither
    put after a kill      whose filter lets it through
    kill                  who may have the article, whatever became of their filter or state; for
                          all others it is a tombstone, which refuses a put it has overtaken
    older than a row      nobody

An expired article is no news: who does not have it is not told of it. A withheld article is taken
away like a killed one. A destination that was retired or removed gets no puts. A kill stays on its
row: it is sent to a retired one, whose address is still known, and is there for all to see of a
removed one. Whether one is paused plays no part: its rows wait. Read the destinations before the
rows: then none that was added meanwhile gets what the rows know as killed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from services.publish.delivery.filter import Filter, matches
from services.publish.delivery.row import Op, Row
from shared.article import Article


class Receiver(Protocol):
    """What the plan asks of a destination."""

    @property
    def name(self) -> str: ...
    @property
    def filter(self) -> Filter: ...
    @property
    def max_age_hours(self) -> float | None:
        """A first post of an article published longer ago is not made; None = any age."""
        ...


def plan(
    article: Article, destinations: Iterable[Receiver], rows: Sequence[Row], now: datetime
) -> list[Row]:
    """What is to be wanted (`row.want`) because of `article`, one row a destination.

    `rows` are all rows of the article, those of removed destinations among them.
    """
    event = _event(article, now)
    if any(event.wants < row.wants for row in rows):
        return []
    known = {row.destination: row for row in rows}
    if event.is_kill:
        names = dict.fromkeys((*known, *(one.name for one in destinations)))
        return [replace(event, destination=name) for name in names]
    told = (_told(event, article, one, known.get(one.name), now) for one in destinations)
    return [row for row in told if row]


def _event(article: Article, now: datetime) -> Row:
    """The row that wants this article, of no destination yet."""
    op: Op = "put" if article.pubstatus == "usable" else "kill"
    millis = _millis(now)
    until = article.expires if op == "put" else None
    return Row(
        article.uri,
        "",
        article.version,
        op,
        wanted_at=millis,
        published_at=_millis(article.date_published),
        expires_at=_millis(until),
        due_at=millis,
    )


def _millis(instant: datetime | None) -> int:
    return int(instant.timestamp() * 1000) if instant else 0


def _told(
    event: Row, article: Article, destination: Receiver, row: Row | None, now: datetime
) -> Row | None:
    put = replace(event, destination=destination.name)
    has_it = row is not None and row.may_have_it
    passes = matches(destination.filter, article)
    if row is None or row.is_kill:
        return put if passes and (has_it or _is_news(article, destination, now)) else None
    if passes or has_it:
        return put
    # It was about to get an older version, and does not want this one: it gets neither.
    overtaken = row.want_version < event.want_version
    return replace(put, want_version=row.want_version, want_op="kill") if overtaken else None


def _is_news(article: Article, destination: Receiver, now: datetime) -> bool:
    """Whether it may be posted for the first time: not expired, nor too old for this one."""
    if article.expires is not None and article.expires <= now:
        return False
    if destination.max_age_hours is None or article.date_published is None:
        return True
    return now - article.date_published <= timedelta(hours=destination.max_age_hours)
