"""The one way in: whatever the source, an article is cleaned, judged, written down and logged."""

from collections.abc import Callable
from datetime import datetime

import structlog

from services.ingest.accept import Decision
from services.ingest.clean import clean
from services.ingest.ledger import Ledger
from shared.article import Article
from shared.errors import Conflict
from shared.logs import Happened
from shared.metrics import RECEIVED

log = structlog.get_logger()

LINES = {
    "accepted": Happened.ARTICLE_RECEIVED,
    "held": Happened.ARTICLE_HELD,
    "duplicate": Happened.ARTICLE_DUPLICATE,
    "stale": Happened.ARTICLE_STALE,
    "conflict": Happened.ARTICLE_CONFLICT,
    "killed": Happened.ARTICLE_REFUSED_KILLED,
}


class Intake:
    """Takes articles in. `clock` gives the present moment, aware."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self.clock = clock

    async def take(self, article: Article, *, sender: str) -> Decision:
        """Accept one article.

        Raises InvalidArticle for content that cannot be cleaned, and Conflict for a known version
        with other content.
        """
        decision = await self.ledger.accept(clean(article), self.clock())
        self._tell(decision, sender)
        if decision.outcome == "conflict":
            raise Conflict(article.uri, article.version)
        return decision

    def _tell(self, decision: Decision, sender: str) -> None:
        RECEIVED.labels(decision.outcome).inc()
        log.info(
            LINES[decision.outcome],
            uri=decision.article.uri,
            version=decision.article.version,
            pubstatus=decision.article.pubstatus,
            lane="flash" if decision.article.is_flash else "routine",
            sender=sender,
        )
