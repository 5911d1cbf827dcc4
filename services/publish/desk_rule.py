"""RULE: does an article that came change what readers see, and into what?

    order of two events about one article: version first, then usable < withheld < canceled

So a later version always wins, and a kill wins over a put of the same version. A killed story
comes back only by `reinstate` with a higher version; ingest says so with every version after a
reinstatement. Lanes overtake each other: of a version that comes too late to be shown, its
correction is still told, and a kill still takes the notes from before it.

    what changes          by a version that
    --------------------  ----------------------------------------------------------------------
    `date_published`      nothing: it is when readers could first see the story, embargo over
    `date_modified`       is any but refile or repeat; and, unless it is a correction, whose own
                          `date_modified` does not say that there is no news in it
    notes for readers     corrects or updates (`notes.py`); a kill takes them with the text
    the lists it is in    changes section, tags or authors; none while it is expired
    related links         any; and no version at all: they are made anew (`relinked`)
"""

from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from zoneinfo import ZoneInfo

from services.publish.desk_row import Row, State
from services.publish.lists import lists_of
from services.publish.notes import is_quiet, noted
from shared.article import Article, PubStatus
from shared.remade import Remade

Outcome = Literal["applied", "again", "noted", "stale"]
"""`again`: known already, make sure it is on disk. `noted`: too late to be shown, but not to
change what readers are told of earlier versions."""

STATES: dict[PubStatus, State] = {"usable": "live", "withheld": "withheld", "canceled": "gone"}
ORDER: tuple[State, ...] = ("live", "withheld", "gone")
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
        return _once_more(row, article, now)
    if came < have:
        return _too_late(row, article, now)
    if row.state == "gone" and state != "gone" and not article.reinstate:
        return Decision("stale", row)
    return Decision("applied", _next(row, article, now=now, zone=zone))


def aged(row: Row, now: datetime) -> Row:
    """The row as it must be at this moment: whether its story has expired."""
    return replace(row, expired=_is_expired(row.article, now))


def relinked(row: Row | None, remade: Remade) -> Row | None:
    """The row with related links that were made anew; itself when they come too late.

    None when they are of a version that is not on the desk yet. No date moves, for no word changed.
    """
    if row is None or row.version < remade.version:
        return None
    is_late = row.version > remade.version or row.remade >= remade.number
    if is_late or row.article is None:
        return row
    article = row.article.model_copy(update={"related": remade.links})
    return replace(row, article=article, remade=remade.number)


def mint_path(uri: str, published: datetime, zone: ZoneInfo) -> str:
    """The site path of an article, from what never changes: its uri and first publication."""
    name = b32encode(sha256(uri.encode()).digest()).decode().lower()[:NAME_CHARS]
    return f"/news/{published.astimezone(zone):%Y%m%d}/{name}"


def _order(version: int, state: State) -> tuple[int, int]:
    return version, ORDER.index(state)


def _blank(uri: str, now: datetime) -> Row:
    return Row(uri=uri, version=0, state="withheld", since=now)


def _once_more(row: Row, article: Article, now: datetime) -> Decision:
    """The version we have: only enrichment can have changed, so no date moves."""
    if row.state != "live":
        return Decision("again", row)
    same = _dated(article, row.published, row.modified)
    if row.remade and row.article:
        same = same.model_copy(update={"related": row.article.related})
    if same.model_dump_json() == (row.article and row.article.model_dump_json()):
        return Decision("again", row)
    return Decision("applied", _shown(row, same, now))


def _too_late(row: Row, article: Article, now: datetime) -> Decision:
    """An event that was overtaken. One from before a kill tells nothing."""
    if article.is_kill:
        killed = max(row.killed, article.version)
        notes = tuple(note for note in row.notes if note.version > killed)
        told = replace(row, killed=killed, notes=notes)
    elif article.pubstatus == "usable" and article.version > row.killed:
        told = replace(row, notes=noted(row.notes, article, now))
    else:
        told = row
    return Decision("stale" if told == row else "noted", told)


def _next(row: Row, article: Article, *, now: datetime, zone: ZoneInfo) -> Row:
    state = STATES[article.pubstatus]
    since = row.since if state == row.state and row.version else now
    changed = replace(row, version=article.version, state=state, since=since, remade=0)
    if state != "live":
        away = replace(changed, article=None, lists=(), expired=False)
        return replace(away, notes=(), killed=article.version) if state == "gone" else away
    published = row.published or _first_seen(article, now)
    modified = _modified(row, article, published, now)
    path = row.path or mint_path(row.uri, published, zone)
    notes = noted(row.notes, article, modified)
    dated = _dated(article, published, modified)
    seen = replace(changed, path=path, published=published, modified=modified, notes=notes)
    return _shown(seen, dated, now)


def _first_seen(article: Article, now: datetime) -> datetime:
    """The newsroom's own instant where it is believable: not ahead, nor before its embargo."""
    if article.date_published is None:
        return now.astimezone(UTC)
    given = max(article.date_published, article.embargoed or article.date_published)
    return min(given, now).astimezone(UTC)


def _modified(row: Row, article: Article, published: datetime, now: datetime) -> datetime:
    """The newsroom's own instant where it is believable, else now."""
    given = article.date_modified.astimezone(UTC) if article.date_modified else None
    before = row.modified
    if before is None:
        return given if given and published <= given <= now else published
    corrects = article.correction is not None and article.correction.kind == "correction"
    is_no_news = is_quiet(article) or (given is not None and given <= before and not corrects)
    if row.state == "live" and is_no_news:
        return before
    return given if given and before < given <= now else max(now, before)


def _dated(article: Article, published: datetime | None, modified: datetime | None) -> Article:
    return article.model_copy(update={"date_published": published, "date_modified": modified})


def _shown(row: Row, article: Article, now: datetime) -> Row:
    lists = lists_of(article)
    stood_in = tuple(dict.fromkeys((*row.stood_in, *lists)))
    expired = _is_expired(article, now)
    return replace(row, article=article, lists=lists, expired=expired, stood_in=stood_in)


def _is_expired(article: Article | None, now: datetime) -> bool:
    return article is not None and article.expires is not None and article.expires <= now
