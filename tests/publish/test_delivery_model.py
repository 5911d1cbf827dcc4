"""Any mixture of events, failures, crashes and clock jumps: every destination ends up right."""

from random import Random

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.publish.delivery.retry import HOUR, wait_after
from services.publish.delivery.row import (
    LEASE_MS,
    Op,
    Outcome,
    Row,
    claim,
    hand_back,
    replay,
    settle,
    want,
)
from tests.publish.delivery_world import KINDS, Destination, Ledger, Worker, outcome_of

ARTICLES = ("tag:example.tw,2026:a", "tag:example.tw,2026:b")
FAILURES = ("connect", "busy", "refused", "stopped", "timeout")
FATES = (*FAILURES, "crash", "crash", "slow", "slow")
FURTHEST_AHEAD = 30 * HOUR  # the longest wait with its jitter, and the longest Retry-After
MOST_ATTEMPTS = 12 + 2  # the schedule, and two crashes after its last failure

articles = st.sampled_from(ARTICLES)
names = st.sampled_from(sorted(KINDS))
picks = st.integers(0, 99)


class DeliveryModel(RuleBasedStateMachine):
    """The newsroom, the desk's announcements in any order, workers, destinations."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.latest = 1_795_000_000_000
        self.random = Random(0)
        self.ledger = Ledger()
        self.destinations = {name: Destination(kind) for name, kind in KINDS.items()}
        self.history: dict[str, list[tuple[int, Op]]] = {uri: [] for uri in ARTICLES}
        self.workers: list[Worker] = []
        self.zombies: list[Worker] = []

    # The newsroom

    @initialize()
    def first_article(self) -> None:
        self.publish(ARTICLES[0])

    @rule(uri=articles)
    def publish(self, uri: str) -> None:
        """A new article, an update, or a reinstatement: always a version above."""
        self._event(uri, (self._last(uri)[0] + 1, "put"))

    @rule(uri=articles, same_version=st.booleans())
    def kill(self, uri: str, *, same_version: bool) -> None:
        version, op = self._last(uri)
        same = same_version and op == "put" and version > 0
        self._event(uri, (version if same else version + 1, "kill"))

    @rule(uri=articles, pick=picks, name=names)
    def late_or_double_event(self, uri: str, pick: int, name: str) -> None:
        if history := self.history[uri]:
            self._want(uri, name, *history[pick % len(history)])

    def _last(self, uri: str) -> tuple[int, Op]:
        return self.history[uri][-1] if self.history[uri] else (0, "put")

    def _event(self, uri: str, event: tuple[int, Op]) -> None:
        """It happened; who hears of it in time is up to `late_or_double_event`, but mostly all."""
        self.history[uri].append(event)
        deaf = self.random.choice([None, *KINDS])
        for name in KINDS:
            if name != deaf:
                self._want(uri, name, *event)

    def _want(self, uri: str, name: str, version: int, op: Op) -> None:
        before = self.ledger.rows.get((uri, name))
        wanted = Row(uri, name, version, op, wanted_at=self.now, due_at=self.now)
        row = want(before, wanted)
        if row is None:
            assert before
            assert before.wants >= wanted.wants
            return
        assert self.ledger.put(row)
        if op == "kill" and before and before.state != "sending":
            assert row.state == "cancelled" or row.due_at == self.now

    # Workers

    @rule(calls=st.lists(st.tuples(picks, st.sampled_from(FATES), st.booleans()), max_size=8))
    def rows_are_sent(self, calls: list[tuple[int, str, bool]]) -> None:
        """As soon as each is due; the fates are those of send_ok, send_fail and the crashes."""
        for pick, fate, lands in calls:
            rows = [row for row in self._rows() if row.state in ("waiting", "sending")]
            if rows:
                self._send(rows[pick % len(rows)], fate, lands=lands)

    def _send(self, row: Row, fate: str, *, lands: bool) -> None:
        self._pass(max(0, row.due_at - self.now))
        worker = self._claim(row, lands=lands)
        if worker is None or fate == "slow":
            return
        self.workers.remove(worker)
        if fate == "crash":
            self.zombies.append(worker)
        else:
            self._end(worker, fate)

    def _rows(self) -> list[Row]:
        return [self.ledger.rows[pair] for pair in sorted(self.ledger.rows)]

    def _claim(self, row: Row, *, lands: bool) -> Worker | None:
        destination = self.destinations[row.destination]
        claimed = claim(row, self.now, repeatable=destination.kind != "none")
        if claimed is None:
            return None
        assert self.ledger.put(claimed)
        pair = row.uri, row.destination
        self.zombies += [one for one in self.workers if one.pair == pair]
        self.workers = [one for one in self.workers if one.pair != pair]
        if claimed.state != "sending":
            return None
        worker = Worker(self.ledger.rows[pair], landed=lands)
        if lands:
            destination.receive(row.uri, *worker.call)
        self.workers.append(worker)
        return worker

    def _settle(self, worker: Worker, outcome: Outcome) -> None:
        row = self.ledger.rows[worker.pair]
        assert row.epoch == worker.claimed.epoch
        wait = wait_after(row, outcome, self.now, self.random.random)
        assert self.ledger.put(settle(row, outcome, self.now, wait))

    def _end(self, worker: Worker, failure: str) -> None:
        """It went well when the call landed and the answer came; else one of the failures."""
        kind = self.destinations[worker.claimed.destination].kind
        ok = worker.landed and failure != "timeout"
        done = Outcome("done", remote_id=f"p{worker.call[0]}")
        self._settle(worker, done if ok else outcome_of(worker, kind, failure))

    @precondition(lambda self: self.workers)
    @rule(pick=picks, failure=st.sampled_from(FAILURES))
    def slow_call_ends(self, pick: int, failure: str) -> None:
        """Perhaps after something else became wanted, or after its lease by the clock."""
        self._end(self.workers.pop(pick % len(self.workers)), failure)

    @precondition(lambda self: any(not worker.landed for worker in self.workers))
    @rule(pick=picks)
    def claim_is_handed_back(self, pick: int) -> None:
        """A row that was claimed ahead of its call, and was not called in time."""
        idle = [worker for worker in self.workers if not worker.landed]
        worker = idle[pick % len(idle)]
        self.workers.remove(worker)
        assert self.ledger.put(hand_back(self.ledger.rows[worker.pair], self.now))

    @precondition(lambda self: self.zombies)
    @rule(pick=picks)
    def stale_worker_comes_back(self, pick: int) -> None:
        """By its old rev it can write nothing; by the row as it is, only under its own claim."""
        worker = self.zombies.pop(pick % len(self.zombies))
        row = self.ledger.rows[worker.pair]
        if row.rev != worker.claimed.rev:
            late = settle(worker.claimed, Outcome("done"), self.now, None)
            assert not self.ledger.put(late)
        if row.epoch == worker.claimed.epoch:
            self._end(worker, "timeout" if not worker.landed else "busy")

    # Time and people

    @rule(by=st.sampled_from([1_000, LEASE_MS, HOUR, 30 * HOUR]))
    def time_passes(self, by: int) -> None:
        self._pass(by)

    @rule(hours=st.sampled_from([-1, 1]))
    def clock_jumps(self, hours: int) -> None:
        self._pass(hours * HOUR)

    def _pass(self, millis: int) -> None:
        self.now += millis
        self.latest = max(self.latest, self.now)

    @rule(pick=picks)
    def replay(self, pick: int) -> None:
        """An operator replays anything but what may be there and would be shown twice."""
        row = self._rows()[pick % len(self.ledger.rows)]
        blind = self.destinations[row.destination].kind == "none"
        if row.state == "unknown" or (blind and row.state == "dead" and not row.is_kill):
            return
        if again := replay(row, self.now, repeatable=not blind):
            assert self.ledger.put(again)

    @rule(pick=picks)
    def person_looks_after_unknown_rows(self, pick: int) -> None:
        unknown = [row for row in self._rows() if row.state == "unknown"]
        if unknown:
            self._look(unknown[pick % len(unknown)])

    def _look(self, row: Row) -> None:
        call = row.uri, row.sending_version, row.sending_op
        there = call in self.destinations[row.destination].arrived
        missing = Outcome("retry", "not there", reached=False)
        found = Outcome("done", remote_id=f"p{row.sending_version}")
        settled = settle(row, found, self.now, None) if there else settle(row, missing, self.now, 0)
        assert self.ledger.put(settled)

    # What holds at every moment

    @invariant()
    def versions_arrive_in_order_and_no_put_follows_its_kill(self) -> None:
        for destination in self.destinations.values():
            for uri in ARTICLES:
                order = [
                    (version, op == "kill")
                    for one, version, op in destination.arrived
                    if one == uri
                ]
                assert order == sorted(order)

    @invariant()
    def no_version_is_shown_twice(self) -> None:
        for destination in self.destinations.values():
            assert max(destination.shown.values(), default=0) <= 1

    @invariant()
    def nothing_is_sent_that_is_not_wanted_any_more_when_it_is_claimed(self) -> None:
        for worker in self.workers:
            assert worker.call == (worker.claimed.want_version, worker.claimed.want_op)

    @invariant()
    def one_pair_has_one_live_lease_at_most(self) -> None:
        pairs = [one.pair for one in self.workers]
        assert len(pairs) == len(set(pairs))
        for worker in self.workers:
            row = self.ledger.rows[worker.pair]
            assert (row.state, row.epoch) == ("sending", worker.claimed.epoch)

    @invariant()
    def tries_and_waits_are_bounded(self) -> None:
        for row in self.ledger.rows.values():
            assert row.is_kill or 0 <= row.attempt <= MOST_ATTEMPTS
            assert row.due_at <= self.latest + FURTHEST_AHEAD
            assert (row.due_at > 0) == (row.state in ("waiting", "sending"))

    @invariant()
    def whoever_may_see_the_article_is_known_to_have_it(self) -> None:
        for (uri, name), row in self.ledger.rows.items():
            assert row.may_have_it or uri not in self.destinations[name].visible

    @invariant()
    def a_kill_is_never_parked_and_every_parked_row_says_why(self) -> None:
        for row in self.ledger.rows.values():
            if row.state in ("dead", "unknown"):
                assert not row.is_kill
                assert row.error

    # The end

    def teardown(self) -> None:
        """A drain without faults: all events are heard, all that waits is sent."""
        for uri, history in self.history.items():
            for name in KINDS:
                for event in self.random.sample(history, len(history)):
                    self._want(uri, name, *event)
        self._pass(2 * LEASE_MS)
        while idle := self._unresolved():
            self._pass(max(0, min(row.due_at for row in idle) - self.now))
            self._drain(idle)
        for (uri, name), row in self.ledger.rows.items():
            self._check(uri, name, row)

    def _unresolved(self) -> list[Row]:
        return [row for row in self._rows() if row.state in ("waiting", "sending", "unknown")]

    def _drain(self, rows: list[Row]) -> None:
        for row in rows:
            if row.state == "unknown":
                self._look(row)
            elif worker := self._claim(row, lands=True):
                self.workers.remove(worker)
                self._end(worker, "busy")

    def _check(self, uri: str, name: str, row: Row) -> None:
        version, op = self._last(uri)
        assert (row.want_version, row.want_op) == (version, op)
        seen = self.destinations[name].visible.get(uri)
        if op == "kill":
            assert row.state in ("delivered", "cancelled")
            assert seen is None
        elif row.state == "delivered":
            assert seen == version
        else:
            assert row.state == "dead"
        self.versions_arrive_in_order_and_no_put_follows_its_kill()
        self.no_version_is_shown_twice()


DeliveryModel.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestDeliveryModel = DeliveryModel.TestCase
