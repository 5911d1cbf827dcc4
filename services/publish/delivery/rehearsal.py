"""RULE: what a filter would have let through: it is tried on articles that are live already."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.publish.delivery.filter import Filter, matches
from services.publish.live import LiveArticle

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Match:
    """An article that passes."""

    uri: str
    version: int
    published: datetime
    section: str
    headline: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a filter did. `sections`: name, how many matched, of how many; the largest first."""

    looked_at: int
    matched: int
    busiest_hour: int
    """The most that matched within one hour of the clock: what `max_per_hour` would meet."""
    sections: tuple[tuple[str, int, int], ...]
    latest: tuple[Match, ...]


def rehearse(wishes: Filter, articles: Iterable[LiveArticle]) -> Rehearsal:
    """Try the filter on every article."""
    every: Counter[str] = Counter()
    matched: Counter[str] = Counter()
    hours: Counter[datetime] = Counter()
    found: list[Match] = []
    for live in articles:
        section = live.article.section
        every[section] += 1
        if matches(wishes, live.article):
            matched[section] += 1
            hours[live.published.replace(minute=0, second=0, microsecond=0)] += 1
            found.append(_match(live))
    found.sort(key=lambda one: one.published, reverse=True)
    return Rehearsal(
        looked_at=every.total(),
        matched=len(found),
        busiest_hour=max(hours.values(), default=0),
        sections=tuple((name, matched[name], count) for name, count in every.most_common()),
        latest=tuple(found[:SHOWN]),
    )


def _match(live: LiveArticle) -> Match:
    article = live.article
    return Match(article.uri, article.version, live.published, article.section, article.headline)
