"""A website in memory for the rules of the desk: pages, one list, cards, and marks to build by."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.publish.desk_changes import LIST, PAGE, changes, links_of
from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row
from services.publish.desk_rule import decide
from shared.article import Article
from shared.streams import Keys

TAIPEI = ZoneInfo("Asia/Taipei")


@dataclass
class Site:
    """What readers get, built from the desk by its marks."""

    rows: dict[str, Row] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    """The state that each article's page shows."""
    listed: set[str] = field(default_factory=set)
    """Articles that the front page and the feeds show."""
    cards: dict[str, set[str]] = field(default_factory=dict)
    """Articles that each page shows as related."""
    linked_by: dict[str, set[str]] = field(default_factory=dict)

    def tell(self, article: Article, now: datetime) -> Article | None:
        """Let an event take effect; what is to be announced, or None."""
        old = self.rows.get(article.uri)
        decision = decide(old, article, now=now, zone=TAIPEI)
        if decision.outcome in ("stale", "waits"):
            return None
        self.rows[article.uri] = decision.row
        for uri in links_of(decision.row):
            self.linked_by.setdefault(uri, set()).add(article.uri)
        todo = changes(DeskKeys(Keys()), old, decision.row)
        self.marks |= set(todo.marks)
        if todo.linkers:
            self.marks |= {PAGE + uri for uri in self.linked_by.get(article.uri, ())}
        self._page(article.uri)  # before the announcement
        return decision.row.article or article

    def is_current(self, article: Article) -> bool:
        """Whether the desk still has this version."""
        return self.rows[article.uri].version <= article.version

    def build(self, pick: int) -> None:
        """Build one of the things that are marked."""
        if not self.marks:
            return
        mark = sorted(self.marks)[pick % len(self.marks)]
        self.marks.discard(mark)
        if mark.startswith(PAGE):
            self._page(mark.removeprefix(PAGE))
        else:
            assert mark.startswith(LIST)
            self.listed = {uri for uri, row in self.rows.items() if row.live}

    def shows(self, uri: str) -> bool:
        """Whether any reader of a page, a list or a card can see it."""
        on_cards = any(uri in cards for cards in self.cards.values())
        return self.pages.get(uri) == "live" or uri in self.listed or on_cards

    def _page(self, uri: str) -> None:
        row = self.rows[uri]
        self.pages[uri] = row.state
        live = {other for other in links_of(row) if other in self.rows and self.rows[other].live}
        self.cards[uri] = live if row.live else set()
