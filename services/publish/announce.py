"""The handler of publish: put the article on the desk, its page on disk, then announce it.

`article.published` is emitted after the page is on disk, so nothing that follows ever links to a
page that is not there. Lists and feeds follow at once, by the marks the desk has made.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from services.publish.desk import Desk
from services.publish.desk_row import Row
from services.publish.site.build import Builder
from shared.commit import Write
from shared.events import Event
from shared.hop import Entry
from shared.logs import Happened
from shared.metrics import EVENT_TO_PUBLISH
from shared.streams import PUBLISHED, Keys
from shared.timeline import timeline

GROUP = "publish"
log = structlog.get_logger()


class Announce:
    """Works on one `article.enriched` entry at a time. `wake` rouses the builder of lists."""

    def __init__(
        self,
        desk: Desk,
        builder: Builder,
        keys: Keys,
        *,
        wake: asyncio.Event,
        clock: Callable[[], datetime],
    ) -> None:
        self._desk = desk
        self._builder = builder
        self._keys = keys
        self._wake = wake
        self._clock = clock

    async def __call__(self, entry: Entry) -> Sequence[Write]:
        """Bring one event to the readers. Raises InvalidArticle for what is no event of ours."""
        event = Event.parse(entry.fields)
        decision = await self._desk.put(event.article, self._clock())
        if decision.outcome == "noted":
            self._wake.set()
        if decision.outcome in ("stale", "noted"):
            return timeline(self._keys, event, f"publish.{decision.outcome}")
        await self._builder.build_page(event.article.uri)
        self._wake.set()
        self._tell(event, decision.row)
        return self._onward(event, decision.row)

    def _onward(self, event: Event, row: Row) -> list[Write]:
        article = row.article or event.article
        onward = event.onward(PUBLISHED, article)
        partition = self._keys.partition(article.uri)
        stream = self._keys.stream(PUBLISHED, onward.lane, partition)
        step = timeline(self._keys, onward, f"publish.{row.state}", path=row.path)
        return [Write.add(stream, onward.fields()), *step]

    def _tell(self, event: Event, row: Row) -> None:
        seconds = (self._clock() - event.accepted).total_seconds()
        EVENT_TO_PUBLISH.labels(event.lane).observe(seconds)
        live = row.state == "live"
        log.info(
            Happened.ARTICLE_PUBLISHED if live else Happened.ARTICLE_WITHDRAWN,
            uri=event.article.uri,
            version=event.article.version,
            lane=event.lane,
            path=row.path,
            trace_id=event.trace_id,
            lag_ms=round(seconds * 1000),
        )
