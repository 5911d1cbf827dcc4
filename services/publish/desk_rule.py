"""RULE: does an article that came change what readers see, and into what?

    order of two events about one article: version first, then usable < withheld < canceled

So a later version always wins, and a kill wins over a put of the same version. A killed story
comes back only by `reinstate` with a higher version. Lanes overtake each other: a version that
comes after the kill but before the reinstatement it relies on waits in the row.
"""

from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from zoneinfo import ZoneInfo

from services.publish.desk_row import Row, State
from services.publish.lists import lists_of
from shared.article import Article, PubStatus

Outcome = Literal["applied", "again", "stale", "waits"]
"""`again`: known already, make sure it is on disk. `waits`: needs a reinstatement first."""

STATES: dict[PubStatus, State] = {"usable": "live", "withheld": "withheld", "canceled": "gone"}
ORDER: tuple[State, ...] = ("live", "withheld", "gone")
QUIET = {"refile", "repeat"}
"""Corrections that are no news: `date_modified` stays."""
NAME_CHARS = 13  # 65 bits: two articles of one day never meet by chance


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of the article, and the row as it must be from now on."""

    outcome: Outcome
    row: Row


def decide(row: Row | None, article: Article, *, now: datetime, zone: ZoneInfo) -> Decision:
    """Judge an article against the row the desk has. `zone` is the newspaper's: it dates paths."""
    if row is None:
        return Decision("applied", _next(_blank(article.uri, now), article, now=now, zone=zone))
    state = STATES[article.pubstatus]
    came, have = _order(article.version, state), _order(row.version, row.state)
    if came == have:
        return _once_more(row, article)
    if came < have:
        return Decision("stale", row)
    if row.state == "gone" and state != "gone":
        return _after_kill(row, article, now=now, zone=zone)
    return Decision("applied", _next(row, article, now=now, zone=zone))


def mint_path(uri: str, published: datetime, zone: ZoneInfo) -> str:
    """The site path of an article, from what never changes: its uri and first publication."""
    name = b32encode(sha256(uri.encode()).digest()).decode().lower()[:NAME_CHARS]
    return f"/news/{published.astimezone(zone):%Y%m%d}/{name}"


def _order(version: int, state: State) -> tuple[int, int]:
    return version, ORDER.index(state)


def _blank(uri: str, now: datetime) -> Row:
    return Row(uri=uri, version=0, state="withheld", since=now)


def _once_more(row: Row, article: Article) -> Decision:
    """The version we have: only enrichment can have changed, so no date moves."""
    if row.state != "live":
        return Decision("again", row)
    same = _dated(article, row.published, row.modified)
    if same.model_dump_json() == (row.article and row.article.model_dump_json()):
        return Decision("again", row)
    return Decision("applied", _shown(row, same))


def _after_kill(row: Row, article: Article, *, now: datetime, zone: ZoneInfo) -> Decision:
    waiting = row.waiting
    latest = waiting if waiting and waiting.version > article.version else article
    if not article.reinstate:
        return Decision("waits", replace(row, waiting=latest))
    return Decision("applied", _next(row, latest, now=now, zone=zone))


def _next(row: Row, article: Article, *, now: datetime, zone: ZoneInfo) -> Row:
    state = STATES[article.pubstatus]
    later = row.waiting if row.waiting and row.waiting.version > article.version else None
    changed = replace(
        row,
        version=article.version,
        state=state,
        since=row.since if state == row.state and row.version else now,
        waiting=later if state == "gone" else None,
    )
    if state != "live":
        return replace(changed, article=None, lists=())
    published = row.published or min(article.date_published or now, now).astimezone(UTC)
    modified = _modified(row, article, published, now)
    path = row.path or mint_path(row.uri, published, zone)
    dated = _dated(article, published, modified)
    return _shown(replace(changed, path=path, published=published, modified=modified), dated)


def _modified(row: Row, article: Article, published: datetime, now: datetime) -> datetime:
    """The newsroom's own instant where it is believable, else now."""
    given = article.date_modified
    before = row.modified
    if before is None:
        return given.astimezone(UTC) if given and published <= given <= now else published
    if row.state == "live" and article.correction and article.correction.kind in QUIET:
        return before
    return given.astimezone(UTC) if given and before < given <= now else max(now, before)


def _dated(article: Article, published: datetime | None, modified: datetime | None) -> Article:
    return article.model_copy(update={"date_published": published, "date_modified": modified})


def _shown(row: Row, article: Article) -> Row:
    lists = lists_of(article)
    stood_in = tuple(dict.fromkeys((*row.stood_in, *lists)))
    return replace(row, article=article, lists=lists, stood_in=stood_in)
