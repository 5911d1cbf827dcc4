"""The couriers of the machine: they claim, call, write down what came of it, end, and come back."""

from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from services.publish.delivery.breaker import Health, after_failure, after_success
from services.publish.delivery.claim import claim, freed, hand_back
from services.publish.delivery.retry import HOUR, MINUTE, wait_after
from services.publish.delivery.row import Outcome, Row
from services.publish.delivery.settle import settle
from tests.publish.delivery_world import WAYS, Ledger, Pair, Platform, Worker, called, key_of

FATES = (
    *("ok",) * 6,
    *("connect", "busy", "refused", "stopped", "timeout", "timeout", "bug"),
    *("crash", "crash", "slow", "slow"),
)
FAILURES = tuple(dict.fromkeys(fate for fate in FATES if fate not in ("crash", "slow")))
OURS = ("broken", "impossible", "there", "missing")

picks = st.integers(0, 99)
calls = st.lists(st.tuples(picks, st.sampled_from(FATES), st.booleans()), max_size=10)


@dataclass(frozen=True)
class Start:
    """A call that was begun, and how its destination was then."""

    row: Row
    health: Health
    is_paused: bool
    puts_under_way: int
    now: int


class Couriers(RuleBasedStateMachine):
    """What couriers do. Instants are milliseconds; `true` is the world's own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.latest = self.true = 1_795_000_000_000
        self.random = Random(0)
        self.ledger = Ledger()
        self.platforms = {name: Platform(name, way) for name, way in WAYS.items()}
        self.removed: dict[str, Platform] = {}
        self.workers: list[Worker] = []
        self.zombies: list[Worker] = []
        self.syncs_always = True
        self.damaged: set[Pair] = set()
        """Rows of which Redis lost a write that it had acknowledged."""
        self.excused: set[Pair] = set()
        """Rows whose key may be trusted for too long, because our clock was set back."""
        self.keys: dict[str, tuple[str, int, str, str, int]] = {}
        self.starts: list[Start] = []
        """The calls since anybody looked."""
        self.withdrawn: dict[Pair, int] = {}
        """The version of the last kill that a platform has acknowledged."""

    @rule(calls=calls)
    def rows_are_sent(self, calls: list[tuple[int, str, bool]]) -> None:
        """Claim, send_ok, send_fail, send_ok_but_crash, crash_worker; mostly when it is due."""
        for pick, fate, lands in calls:
            rows = [row for row in self.rows() if row.due_at]
            if rows:
                row = rows[pick % len(rows)]
                self.pass_time(0 if pick % 7 == 0 else max(0, row.due_at - self.now))
                self.send(row, fate, lands=lands)

    @rule(calls=calls)
    def kills_are_sent(self, calls: list[tuple[int, str, bool]]) -> None:
        for pick, fate, lands in calls:
            rows = [row for row in self.rows() if row.due_at and row.is_kill]
            if rows:
                row = rows[pick % len(rows)]
                self.pass_time(max(0, row.due_at - self.now))
                self.send(row, fate, lands=lands)

    def rows(self) -> list[Row]:
        return [self.ledger.rows[pair] for pair in sorted(self.ledger.rows)]

    def send(self, row: Row, fate: str, *, lands: bool) -> None:
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
        now, way, pair = self.now, platform.way, (row.uri, row.destination)
        claimed = self.ledger.change(pair, lambda row: claim(row, now, way) if row else None)
        if claimed is None:
            return None
        assert row.lease_until <= now  # 6: nobody else has it
        self.are_gone([one for one in self.workers if one.pair == pair])
        if not claimed.lease_until:
            return None
        self.starts.append(self._start(claimed, platform))
        worker = called(self._named(claimed), platform, landed=lands, true_now=self.true)
        self._remember_key(worker.claimed)
        self.workers.append(worker)
        return worker

    def _start(self, row: Row, platform: Platform) -> Start:
        under_way = [one for one in self.workers if one.claimed.destination == platform.name]
        puts = sum(not one.claimed.is_kill for one in under_way)
        return Start(row, platform.health, platform.is_paused, puts, self.now)

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
        if settled.is_kill and settled.state == "waiting" and settled.proof != "impossible":
            is_early = now - (settled.failing_since or now) <= 24 * HOUR
            assert settled.due_at - now <= (MINUTE if is_early else 2 * HOUR)  # 7
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
            platform.health = after_success(platform.health, self.now)
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

    @precondition(lambda self: self.workers)
    @rule(pick=picks)
    def process_has_surely_ended(self, pick: int) -> None:
        """Its rows come free before their leases end; it cannot come back."""
        worker = self.workers.pop(pick % len(self.workers))
        self._count_lost(worker)
        row, now = self.ledger.rows.get(worker.pair), self.now
        if row and row.epoch == worker.claimed.epoch:
            self.ledger.change(worker.pair, lambda row: freed(row, now) if row else None)

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
        if row and row.epoch != worker.claimed.epoch:
            assert self.ledger.rows[worker.pair] is row  # 6: a stale epoch never writes

    def pass_time(self, millis: int) -> None:
        self.now += millis
        self.true += millis
        self.latest = max(self.latest, self.now)
