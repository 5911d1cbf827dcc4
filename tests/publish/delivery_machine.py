"""The machine of deliveries: a newsroom, a stream, a planner, a website, and the couriers.

What must hold while they go on in any order stands in `test_delivery_model.py`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from services.publish.delivery.plan import plan
from services.publish.delivery.row import want
from shared.article import Article, RelatedLink
from tests.publish.delivery_couriers import Couriers, picks
from tests.publish.delivery_site import Site
from tests.publish.delivery_world import WAYS

ARTICLES = ("tag:example.tw,2026:a", "tag:example.tw,2026:b")

articles = st.sampled_from(ARTICLES)
names = st.sampled_from(sorted(WAYS))


@dataclass
class Entry:
    """One entry of `article.published`."""

    article: Article
    is_pending: bool = False
    is_done: bool = False


class Machine(Couriers):
    """Everything that is meant to happen."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Article]] = {uri: [] for uri in ARTICLES}
        self.stream: list[Entry] = []
        self.site = Site()

    # The newsroom

    @initialize(syncs_always=st.booleans())
    def first_article(self, *, syncs_always: bool) -> None:
        self.syncs_always = syncs_always
        self.ingest(ARTICLES[0], related=True)

    @rule(uri=articles, related=st.booleans())
    def ingest(self, uri: str, *, related: bool) -> None:
        """A new article or an update; after a kill a reinstatement."""
        last = self.last(uri)
        cards = tuple(RelatedLink(uri=one, headline="前情") for one in ARTICLES if one != uri)
        article = Article.model_validate(
            {
                "uri": uri,
                "version": last.version + 1 if last else 1,
                "headline": "新聞",
                "reinstate": last is not None and last.is_kill,
                "related": cards if related else (),
            }
        )
        self._publish(article)

    @rule(uri=articles, same_version=st.booleans())
    def ingest_kill(self, uri: str, *, same_version: bool) -> None:
        last = self.last(uri)
        version = last.version if last else 1
        is_new = last is not None and not (same_version and not last.is_kill)
        self._publish(Article(uri=uri, version=version + is_new, pubstatus="canceled"))

    @rule(uri=articles, pick=picks)
    def ingest_late_or_double(self, uri: str, pick: int) -> None:
        if history := self.history[uri]:
            self._announce(history[pick % len(history)])

    def last(self, uri: str) -> Article | None:
        return self.history[uri][-1] if self.history[uri] else None

    def _publish(self, article: Article) -> None:
        self.history[article.uri].append(article)
        self._announce(article)
        if self.random.random() < 0.9:
            self.plan_entry(0, crashes=False)
        if self.random.random() < 0.5:
            self.all_goes_well()

    @rule()
    def all_goes_well(self) -> None:
        """For a moment: what is due is sent and taken, what is marked is built."""
        self.site_is_built(0, wholly=True)
        for row in self.rows():
            if 0 < row.due_at <= self.now:
                self.send(row, "ok", lands=True)

    def _announce(self, article: Article) -> None:
        if shown := self.site.tell(article, self._when()):
            self.stream.append(Entry(shown))

    def _when(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1000, UTC)

    # The planner, and the stream

    @rule(pick=picks, crashes=st.booleans())
    def plan_entry(self, pick: int, *, crashes: bool) -> None:
        """Write down who is to be told, then acknowledge; a crash in between does it again."""
        open_entries = [entry for entry in self.stream if not entry.is_done]
        if not open_entries:
            return
        entry = open_entries[-1 - pick % len(open_entries)]
        entry.is_pending = True
        if self.site.is_current(entry.article):
            self._plan(entry.article)
        if not crashes:
            entry.is_pending, entry.is_done = False, True

    def _plan(self, article: Article) -> None:
        rows = [row for row in self.ledger.rows.values() if row.uri == article.uri]
        for wanted in plan(article, self.platforms.values(), rows, self._when()):
            self.ledger.change(
                (wanted.uri, wanted.destination), lambda row, wanted=wanted: want(row, wanted)
            )

    @rule()
    def trim(self) -> None:
        """What every group has read leaves the stream, up to the first that is not done."""
        while self.stream and self.stream[0].is_done:
            self.stream.pop(0)

    @rule(pick=picks, wholly=st.booleans())
    def site_is_built(self, pick: int, *, wholly: bool) -> None:
        self.site.build(pick)
        while wholly and self.site.marks:
            self.site.build(0)
