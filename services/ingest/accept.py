"""RULE: what becomes of an article event, given what was last accepted of the same `uri`?

    known          incoming                                      outcome
    -------------  --------------------------------------------  -------------------------------
    any            kill below a version that reinstated it       stale
    killed         kill, no higher version                       duplicate
    killed         kill, higher version                          accepted: killed up to there
    anything else  kill (whatever its version)                   accepted: the story is killed
    killed         higher version with reinstate                 as if nothing were known
    killed         anything else                                 killed (= refused)
    none, lower    usable, its time is ahead                     held; what is live stays live
    none, lower    usable or withheld                            accepted
    same version   same content                                  duplicate
    same version   other content                                 conflict
    higher         anything                                      stale; its `reinstate` is noted

    held           its time has come                             accepted
    held           kill, or any higher version                   as above; what was held is dropped

Its time is ahead until its embargo and its schedule are over and, while the article it evolved from
is held, until that one is due. Whatever takes a story away acts at once, embargo or not, and goes
on without text. A later version of a reinstated story says `reinstate` too, because it may overtake
the one that did.

A kill wins in whatever order it arrives, so that a story is never brought back by a late event: it
takes the version of what is known when that is higher. So in any order, and however often they
come, events end as they would in order, unless one of them was answered `killed`; and what ends
killed in order ends killed in any order. Sources: `docs/decisions.md`, IPTC ninjs 3.1 `pubStatus`
and `embargoedUntil` (https://iptc.org/std/ninjs/).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.article import Article

Outcome = Literal["accepted", "duplicate", "stale", "held", "killed", "conflict"]
State = Literal["live", "held", "withheld", "killed"]

NOTICE = {"uri", "pubstatus", "reinstate", "urgency", "language", "version_created", "ednote"}
"""All that goes on, with the version, of an article that takes its story away."""


@dataclass(frozen=True, slots=True)
class Known:
    """What ingest knows of one article: its newest version, and what came before that matters."""

    version: int
    digest: str
    state: State
    live: int = 0
    """The version that left for readers, which a held one leaves in place; 0 = none."""
    reinstated: int = 0
    """The newest version that said `reinstate`; 0 = none. Kills below it come too late."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the article as it goes on or waits, and what is known from now on."""

    outcome: Outcome
    article: Article
    known: Known
    due: datetime | None = None
    """When a held article may leave."""


NOTHING = Known(version=0, digest="", state="withheld")


def judge(
    known: Known | None,
    article: Article,
    digest: str,
    now: datetime,
    not_before: datetime | None = None,
) -> Decision:
    """Decide by the table above. `digest` names the article's content.

    `not_before` is when the article it evolved from is due, while that one is held.
    """
    known = known or NOTHING
    if article.is_kill:
        return _judge_kill(known, article, digest)
    if known.state == "killed":
        if article.reinstate and article.version > known.version:
            return _take(NOTHING, article, digest, now, not_before)
        return Decision("killed", article, known)
    if article.version > known.version:
        return _take(known, article, digest, now, not_before)
    if article.version < known.version:
        return Decision("stale", article, _noted(known, article))
    return Decision("duplicate" if digest == known.digest else "conflict", article, known)


def release(
    known: Known, article: Article, now: datetime, not_before: datetime | None = None
) -> Decision:
    """Let the held article go when its time has come; else it stays held, perhaps for longer."""
    return _put(known, article, now, not_before)


def _judge_kill(known: Known, article: Article, digest: str) -> Decision:
    if article.version < known.reinstated:
        return Decision("stale", article, known)
    if known.state == "killed" and article.version <= known.version:
        return Decision("duplicate", article, known)
    version = max(article.version, known.version)
    killed = Known(version, digest, "killed", reinstated=known.reinstated)
    return Decision("accepted", _notice(article, version), killed)


def _take(
    known: Known, article: Article, digest: str, now: datetime, not_before: datetime | None
) -> Decision:
    newer = replace(_noted(known, article), version=article.version, digest=digest)
    if newer.reinstated:
        article = article.model_copy(update={"reinstate": True})
    if article.pubstatus == "withheld":
        withheld = replace(newer, state="withheld", live=0)
        return Decision("accepted", _notice(article, article.version), withheld)
    return _put(newer, article, now, not_before)


def _put(known: Known, article: Article, now: datetime, not_before: datetime | None) -> Decision:
    due = max(filter(None, (article.due, not_before)), default=now)
    if due > now:
        return Decision("held", article, replace(known, state="held"), due)
    return Decision("accepted", article, replace(known, state="live", live=article.version))


def _noted(known: Known, article: Article) -> Known:
    said = article.version if article.reinstate else 0
    return replace(known, reinstated=max(known.reinstated, said))


def _notice(article: Article, version: int) -> Article:
    """The article without its text: streams and archives must not keep what is taken away."""
    kept = article.model_dump(include=NOTICE, exclude_defaults=True)
    return Article.model_validate(kept | {"version": version})
