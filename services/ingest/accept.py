"""RULE: what becomes of an article event, given what was last accepted of the same `uri`?

    known          incoming                                        outcome
    -------------  ----------------------------------------------  ------------------------------
    anything       kill, version below a reinstated one            stale
    killed         kill                                            duplicate
    anything else  kill (whatever its version)                     accepted: the story is killed
    killed         higher version with reinstate                   as if nothing were known
    killed         anything else                                   killed (= refused)
    nothing        usable or withheld                              accepted, or held until due
    any            higher version                                  accepted, or held until due
    any            same version, same content                      duplicate
    any            same version, other content                     conflict
    any            lower version                                   stale

A kill wins in whatever order it arrives, so that a story is never brought back by a late event: it
takes the version of what is known when that is higher. Sources: `docs/decisions.md`, IPTC ninjs 3.1
`pubStatus` (https://iptc.org/std/ninjs/).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.article import Article

Outcome = Literal["accepted", "duplicate", "stale", "held", "killed", "conflict"]
State = Literal["live", "held", "withheld", "killed"]


@dataclass(frozen=True, slots=True)
class Known:
    """What ingest last accepted of one article."""

    version: int
    digest: str
    state: State
    reinstated: int = 0
    """The version that last brought the story back from a kill; 0 = never."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and for an event that is taken the article as it goes on."""

    outcome: Outcome
    article: Article
    state: State
    reinstated: int = 0
    due: datetime | None = None
    """When a held article may leave."""


NOTHING = Known(version=0, digest="", state="live")


def judge(known: Known | None, article: Article, digest: str, now: datetime) -> Decision:
    """Decide by the table above. `digest` names the article's content."""
    known = known or NOTHING
    if article.is_kill:
        return _judge_kill(known, article)
    if known.state == "killed":
        if article.reinstate and article.version > known.version:
            return _take(article, article.version, now)
        return _refuse("killed", known, article)
    if article.version > known.version:
        return _take(article, known.reinstated, now)
    if article.version < known.version:
        return _refuse("stale", known, article)
    return _refuse("duplicate" if digest == known.digest else "conflict", known, article)


def _judge_kill(known: Known, article: Article) -> Decision:
    if article.version < known.reinstated:
        return _refuse("stale", known, article)
    if known.state == "killed":
        return _refuse("duplicate", known, article)
    version = max(article.version, known.version)
    return Decision(
        "accepted", article.model_copy(update={"version": version}), "killed", known.reinstated
    )


def _take(article: Article, reinstated: int, now: datetime) -> Decision:
    if article.due is not None and article.due > now:
        return Decision("held", article, "held", reinstated, article.due)
    state: State = "withheld" if article.pubstatus == "withheld" else "live"
    return Decision("accepted", article, state, reinstated)


def _refuse(outcome: Outcome, known: Known, article: Article) -> Decision:
    return Decision(outcome, article, known.state, known.reinstated)
