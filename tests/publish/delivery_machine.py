"""The rules of the machine: a newsroom, a stream, a planner, couriers, platforms, trouble, people.

What must hold while they go on in any order stands in `test_delivery_model.py`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.publish.delivery.breaker import after_failure, after_success
from services.publish.delivery.claim import claim, hand_back
from services.publish.delivery.plan import plan
from services.publish.delivery.retry import wait_after
from services.publish.delivery.row import Outcome, Row, want
from services.publish.delivery.settle import settle
from shared.article import Article, RelatedLink
from tests.publish.delivery_site import Site
from tests.publish.delivery_world import WAYS, Ledger, Pair, Platform, Worker, called, key_of

ARTICLES = ("tag:example.tw,2026:a", "tag:example.tw,2026:b")
FATES = (
    *("ok",) * 6,
    *("connect", "busy", "refused", "stopped", "timeout", "timeout", "bug"),
    *("crash", "crash", "slow", "slow"),
)
FAILURES = tuple(dict.fromkeys(fate for fate in FATES if fate not in ("crash", "slow")))
OURS = ("broken", "impossible", "there", "missing")

articles = st.sampled_from(ARTICLES)
names = st.sampled_from(sorted(WAYS))
picks = st.integers(0, 99)
calls = st.lists(st.tuples(picks, st.sampled_from(FATES), st.booleans()), max_size=10)


@dataclass
class Entry:
    """One entry of `article.published`."""

    article: Article
    is_pending: bool = False
    is_done: bool = False


class Machine(RuleBasedStateMachine):
    """Everything that can happen. Instants are milliseconds; `true` is the world's own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.latest = self.true = 1_795_000_000_000
        self.random = Random(0)
        self.ledger = Ledger()
        self.platforms = {name: Platform(name, way) for name, way in WAYS.items()}
        self.removed: dict[str, Platform] = {}
        self.history: dict[str, list[Article]] = {uri: [] for uri in ARTICLES}
        self.stream: list[Entry] = []
        self.site = Site()
        self.workers: list[Worker] = []
        self.zombies: list[Worker] = []
        self.syncs_always = True
        self.damaged: set[Pair] = set()
        """Rows of which Redis lost a write that it had acknowledged."""
        self.excused: set[Pair] = set()
        """Rows whose key may be trusted for too long, because our clock was set back."""
        self.keys: dict[str, tuple[str, int, str, str, int]] = {}
        self.withdrawn: dict[Pair, int] = {}
        """The version of the last kill that a platform has acknowledged."""

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
        """For a moment: what is due is sent and taken."""
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

    @rule(pick=picks)
    def site_is_built(self, pick: int) -> None:
        self.site.build(pick)

    # Couriers

    @rule(calls=calls)
    def rows_are_sent(self, calls: list[tuple[int, str, bool]]) -> None:
        """As soon as each is due: claim, send_ok, send_fail, send_ok_but_crash, crash_worker."""
        for pick, fate, lands in calls:
            rows = [row for row in self.rows() if row.due_at]
            if rows:
                self.send(rows[pick % len(rows)], fate, lands=lands)

    @rule(calls=calls)
    def kills_are_sent(self, calls: list[tuple[int, str, bool]]) -> None:
        for pick, fate, lands in calls:
            rows = [row for row in self.rows() if row.due_at and row.is_kill]
            if rows:
                self.send(rows[pick % len(rows)], fate, lands=lands)

    def rows(self) -> list[Row]:
        return [self.ledger.rows[pair] for pair in sorted(self.ledger.rows)]

    def send(self, row: Row, fate: str, *, lands: bool) -> None:
        self.pass_time(max(0, row.due_at - self.now))
        before = dict(self.ledger.rows)
        worker = self.claim(row, lands=lands)
        if worker is None or fate == "slow":
            return
        if fate == "crash":
            self.are_gone([worker])
        else:
            self.workers.remove(worker)
            self.end(worker, fate)
        changed = {pair for pair, one in self.ledger.rows.items() if before.get(pair) != one}
        assert changed <= {worker.pair}  # 9: what one destination does touches no other

    def claim(self, row: Row, *, lands: bool) -> Worker | None:
        platform = self.platforms.get(row.destination)
        if platform is None or not (row.is_kill or self.may_send(platform)):
            return None
        now, way = self.now, platform.way
        claimed = self.ledger.change(
            (row.uri, row.destination), lambda row: claim(row, now, way) if row else None
        )
        if claimed is None:
            return None
        pair = row.uri, row.destination
        self.are_gone([one for one in self.workers if one.pair == pair])
        if not claimed.lease_until:
            return None
        worker = called(self._named(claimed), platform, landed=lands, true_now=self.true)
        self._remember_key(worker.claimed)
        self.workers.append(worker)
        return worker

    def may_send(self, platform: Platform) -> bool:
        under_way = sum(one.claimed.destination == platform.name for one in self.workers)
        allowed = platform.health.may_try(self.now)
        return not platform.is_paused and (allowed < 0 or under_way < allowed)

    def _named(self, row: Row) -> Row:
        """A new post has its name before it is sent, where we name it."""
        is_ours = self.platforms[row.destination].way.caps.idempotency == "name"
        is_new = row.state == "sending" and row.sending_op == "put" and not row.remote_id
        if not (is_ours and is_new):
            return row
        name = f"n{row.epoch}-{row.uri[-1]}"
        named = self.ledger.put(
            replace(row, remote_id=name), lambda row: row and replace(row, remote_id=name)
        )
        assert named
        return named

    def _remember_key(self, row: Row) -> None:
        told = (row.uri, row.sending_version, row.sending_op, row.destination, row.copy)
        assert self.keys.setdefault(key_of(row), told) == told  # 10: another message, another name

    def end(self, worker: Worker, fate: str) -> None:
        """What came of a call is written down, as a courier does it."""
        platform = self.platforms.get(worker.claimed.destination)
        if platform is None:
            return  # its courier is dismissed
        outcome = worker.outcome(fate, platform)
        if outcome.verdict == "unknown":
            self._count_lost(worker)
        row = self.ledger.rows.get(worker.pair)
        if row is None or row.epoch != worker.claimed.epoch or not row.lease_until:
            return
        wait = wait_after(row, outcome, self.now, self.random.random)
        now, way = self.now, platform.way
        settled = self.ledger.change(
            worker.pair, lambda row: settle(row, outcome, now, wait, way) if row else None
        )
        assert settled
        self._note(platform, outcome)
        if outcome.verdict == "done" and row.sending_op == "kill":
            self.withdrawn[worker.pair] = row.sending_version

    def are_gone(self, workers: list[Worker]) -> None:
        """Nobody waits for these workers any more; what they know is lost, but they may be back."""
        for worker in workers:
            self._count_lost(worker)
        self.zombies += workers
        self.workers = [one for one in self.workers if one not in workers]

    def _count_lost(self, worker: Worker) -> None:
        platform = self.platforms.get(worker.claimed.destination)
        if platform and worker.landed and worker.is_lost:
            platform.lost[worker.claimed.uri] += 1

    def _note(self, platform: Platform, outcome: Outcome) -> None:
        if outcome.verdict in ("done", "there", "missing"):
            platform.health = after_success(platform.health)
        elif outcome.verdict == "stopped":
            platform.is_paused = True
        elif outcome.verdict not in OURS:
            platform.health = after_failure(platform.health, outcome.error, self.now)

    @precondition(lambda self: self.workers)
    @rule(pick=picks, fate=st.sampled_from(FAILURES))
    def slow_call_ends(self, pick: int, fate: str) -> None:
        """Perhaps after something else became wanted, or after its lease by the clock."""
        self.end(self.workers.pop(pick % len(self.workers)), fate)

    @precondition(lambda self: any(not worker.landed for worker in self.workers))
    @rule(pick=picks)
    def claim_is_handed_back(self, pick: int) -> None:
        """A row that was claimed ahead of its call, and was not called in time."""
        idle = [worker for worker in self.workers if not worker.landed]
        worker = idle[pick % len(idle)]
        self.workers.remove(worker)
        now = self.now
        assert self.ledger.change(worker.pair, lambda row: hand_back(row, now) if row else None)

    @precondition(lambda self: self.zombies)
    @rule(pick=picks, fate=st.sampled_from(FAILURES))
    def stale_worker_comes_back(self, pick: int, fate: str) -> None:
        """By its old rev it can write nothing; by the row as it is, only under its own claim."""
        worker = self.zombies.pop(pick % len(self.zombies))
        row = self.ledger.rows.get(worker.pair)
        if row and row.rev != worker.claimed.rev and worker.pair not in self.damaged:
            late = replace(worker.claimed, state="delivered")
            assert self.ledger.put(late, lambda _: late) is None
        self.end(worker, fate)

    def pass_time(self, millis: int) -> None:
        self.now += millis
        self.true += millis
        self.latest = max(self.latest, self.now)
