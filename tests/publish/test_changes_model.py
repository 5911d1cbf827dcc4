"""Any order of desk changes, builds, crashes and readers: every reader ends on the desk's state.

Two publishers share a disk and a Redis of three partitions. Readers take pages of any size, at any
moment. No reader is told of a page that is not there, and none sees a version go back.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from services.publish.changes.change import Change
from services.publish.changes.cursor import Cursor
from services.publish.changes.log import ChangeLog
from services.publish.desk_row import Row
from services.publish.desk_rule import ORDER
from shared.embedded import EmbeddedRedis
from tests.publish.newspaper import Newspaper, story, uri_of

NAMES = ("a", "b", "c", "d")
STATES = {"usable": "live", "withheld": "withheld", "canceled": "gone"}

names = st.sampled_from(NAMES)
publishers = st.integers(0, 1)
versions = st.integers(1, 6)
fates = st.sampled_from(["usable", "usable", "withheld", "canceled", "reinstated"])
notes = st.sampled_from(["", "補充", "再補充"])


class DyingLog(ChangeLog):
    """The log of a publisher that dies when the page is on disk."""

    async def tell(self, row: Row) -> None:
        raise RedisConnectionError(row.uri)


@dataclass
class Reader:
    """Somebody who copies the newspaper by its changes."""

    at: Cursor | None = None
    has: dict[str, Change] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Refuse whatever would take the reader back."""
        before = self.has.get(change.uri)
        assert before is None or order(change) >= order(before), (before, change)
        self.has[change.uri] = change


def order(change: Change) -> tuple[int, int]:
    return change.version, ORDER.index(STATES[change.pubstatus])


class Changes(RuleBasedStateMachine):
    """The machine. `url` is set by the test."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.readers: list[Reader] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.redis = Redis.from_url(self.url)
        self.run(self.redis.flushall())
        self.papers = [Newspaper(self.redis, Path(self.folder.name)) for _ in range(2)]

    @rule(who=publishers, name=names, version=versions, fate=fates, note=notes)
    def change(self, who: int, name: str, version: int, fate: str, note: str) -> None:
        again = {"reinstate": True} if fate == "reinstated" else {"pubstatus": fate}
        self.run(self.papers[who].tell(story(name, version, description=note, **again)))

    @rule(who=publishers, name=names)
    def build(self, who: int, name: str) -> None:
        self.run(self.papers[who].builder.build_page(uri_of(name)))

    @rule(who=publishers)
    def build_all(self, who: int) -> None:
        self.run(self.papers[who].builder.rebuild_dirty())

    @rule(name=names)
    def die_when_the_page_is_on_disk(self, name: str) -> None:
        dying = Newspaper(self.redis, self.papers[0].root)
        dying.use(DyingLog(self.redis, dying.keys))
        try:
            self.run(dying.builder.build_page(uri_of(name)))
        except RedisConnectionError:
            assert self.run(dying.dirty.marks(f"page:{uri_of(name)}")) or self.is_told(name)

    @rule()
    def come_anew(self) -> None:
        self.readers.append(Reader())

    @rule(number=st.integers(0, 9), limit=st.integers(1, 5))
    def read(self, number: int, limit: int) -> None:
        if self.readers:
            self.read_page(self.readers[number % len(self.readers)], limit)

    def read_page(self, reader: Reader, limit: int) -> int:
        page = self.run(self.papers[0].changes.page(reader.at, limit))
        assert len(page.changes) <= limit
        for told in page.changes:
            reader.take(told.change)
            self.check_that_it_is_live(told.change)
        reader.at = page.next
        return len(page.changes)

    def check_that_it_is_live(self, change: Change) -> None:
        """What is on disk is what is told, or something the desk has decided since."""
        page = self.run(self.papers[0].page(change.uri.rpartition(":")[2]))
        shown, _, what = page.partition("|")
        if shown == "live":
            assert int(what.split("|")[0][1:]) >= change.version
        else:
            row = self.run(self.papers[0].desk.row(change.uri))
            assert shown in ("withheld", "gone")
            assert row.version >= change.version

    def is_told(self, name: str) -> bool:
        return self.run(self.papers[0].changes.newest(uri_of(name))) is not None

    @invariant()
    def every_story_is_told_once_at_most(self) -> None:
        if self.readers:
            page = self.run(self.papers[0].changes.page(None, 99))
            uris = [told.change.uri for told in page.changes]
            assert len(uris) == len(set(uris))

    def teardown(self) -> None:
        try:
            if hasattr(self, "papers"):
                self.all_readers_end_on_the_desk()
                self.run(self.redis.aclose())
                self.folder.cleanup()
        finally:
            self.runner.close()

    def all_readers_end_on_the_desk(self) -> None:
        self.run(self.papers[1].builder.rebuild_dirty())
        rows = self.run(self.papers[0].desk.rows(map(uri_of, NAMES)))
        seen = {uri: (row.version, row.state) for uri, row in rows.items() if row.path}
        for reader in (*self.readers, Reader()):
            while self.read_page(reader, 2):
                pass
            have = {u: (one.version, STATES[one.pubstatus]) for u, one in reader.has.items()}
            assert have == seen


def test_in_any_order_of_changes_and_crashes_every_reader_ends_on_the_desk(
    embedded_redis: EmbeddedRedis,
) -> None:
    class Machine(Changes):
        url = embedded_redis.url

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
