"""Whole lives of a story: what a newsroom sends, and a world in memory in which it arrives.

The oracle knows nothing of the rule under test. It takes the events in order: by version, a kill
after a put of the same version.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from services.ingest.accept import Known, Outcome, judge, release
from shared.article import Article

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
AFTER_ALL = START + timedelta(days=1)
URI = "urn:history:1"
KINDS = ("put", "put", "correction", "withhold", "kill", "late kill", "reinstate", "embargo")

End = tuple[str, int]
"""Its state, and the version that decided it; 0 for a killed one, whose version no reader sees."""


def put(version: int, **more: object) -> Article:
    plain = {"uri": URI, "version": version, "headline": f"第{version}版"}
    return Article.model_validate(plain | more)


def kill(version: int) -> Article:
    return Article(uri=URI, version=version, pubstatus="canceled")


def told(kinds: Sequence[str], minutes: Sequence[int]) -> list[Article]:
    """The events of a newsroom that counts its versions up, in order."""
    events: list[Article] = []
    version = 0
    for kind, minute in zip(kinds, minutes, strict=True):
        if kind in ("kill", "late kill"):
            events.append(kill(max(version - (kind == "late kill"), 1)))
            version = max(version, 1)
            continue
        version += 1
        more: dict[str, dict[str, object]] = {
            "correction": {"correction": {"kind": "correction", "text": "更正"}},
            "withhold": {"pubstatus": "withheld"},
            "reinstate": {"reinstate": True},
            "embargo": {"embargoed": START + timedelta(minutes=minute)},
        }
        events.append(put(version, **more.get(kind, {})))
    return events


@st.composite
def histories(draw: st.DrawFn) -> list[Article]:
    """One newsroom's events, in order."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=8))
    some = st.integers(-60, 180)
    return told(kinds, draw(st.lists(some, min_size=len(kinds), max_size=len(kinds))))


@st.composite
def arrivals(draw: st.DrawFn, events: Sequence[Article]) -> list[tuple[Article, datetime]]:
    """The events in any order, some of them again, by a clock that jumps both ways."""
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    order = draw(st.permutations([*events, *again]))
    minutes = st.lists(st.integers(-60, 240), min_size=len(order), max_size=len(order))
    return [(e, START + timedelta(minutes=m)) for e, m in zip(order, draw(minutes), strict=True)]


def in_order(events: Sequence[Article]) -> End:
    """Where these events end when they come in order and all time has passed."""
    end: End = ("nothing", 0)
    for event in sorted(events, key=lambda one: (one.version, one.is_kill)):
        if event.is_kill:
            end = ("killed", 0)
        elif end[0] != "killed" or event.reinstate:
            end = ("live" if event.pubstatus == "usable" else "withheld", event.version)
    return end


@dataclass
class World:
    """Ingest without Redis: one row, what it holds, and what has left."""

    known: Known | None = None
    held: Article | None = None
    left: list[Article] = field(default_factory=list)
    answers: list[tuple[Outcome, Article]] = field(default_factory=list)

    def arrive(self, article: Article, now: datetime) -> None:
        decision = judge(self.known, article, f"{article.version}", now)
        self.answers.append((decision.outcome, article))
        self.known = decision.known
        if decision.outcome in ("accepted", "held"):
            self.held = decision.article if decision.outcome == "held" else None
            self._leave(decision.article, now)

    def look(self, now: datetime) -> None:
        """What the watch over held articles does."""
        if self.held and self.known:
            decision = release(self.known, self.held, now)
            self.known = decision.known
            self.held = decision.article if decision.outcome == "held" else None
            self._leave(decision.article, now)

    def live(self, events: Sequence[tuple[Article, datetime]]) -> End:
        """Let all of it happen, then all time pass."""
        for article, now in events:
            self.arrive(article, now)
            self.look(now)
        self.look(AFTER_ALL)
        assert self.known
        killed = self.known.state == "killed"
        return self.known.state, 0 if killed else self.known.version

    def taken(self) -> list[Article]:
        """The events that were not refused and not too late."""
        return [article for outcome, article in self.answers if outcome in ("accepted", "held")]

    def _leave(self, article: Article, now: datetime) -> None:
        if self.held is None:
            assert article.pubstatus != "usable" or article.due is None or article.due <= now
            self.left.append(article)
