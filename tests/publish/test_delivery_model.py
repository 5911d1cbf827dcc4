"""Any mixture of events, failures, crashes and clock jumps: the fifteen things that always hold.

make test-model      5,000 examples of 50 steps, as at night; the suite runs some of them
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from services.publish.delivery.breaker import OPEN_AFTER
from services.publish.delivery.caps import may_repeat
from services.publish.delivery.retry import HOUR, SCHEDULE
from services.publish.delivery.row import LEASE_MS, Row
from tests.publish.delivery_machine import ARTICLES
from tests.publish.delivery_troubles import TroubledMachine
from tests.publish.delivery_world import WAYS, Platform

EXAMPLES = int(os.environ.get("WIREDESK_TEST_MODEL", "60"))
FURTHEST_AHEAD = 30 * HOUR  # the longest wait with its jitter
MOST_ATTEMPTS = len(SCHEDULE) + 1 + 2  # the schedule, and two crashes after its last failure
OPEN = ("waiting", "sending", "unknown")
HONEST = ("files", "hooks")
"""They take what is sent to them as it is, so what they show is what we believe."""


class DeliveryModel(TroubledMachine):
    """The machine, and what holds at every moment and at the end."""

    @invariant()
    def i02_who_may_see_the_article_is_known_to_have_it(self) -> None:
        for pair, row in self._sound_rows():
            platform = self._platform(row)
            assert row.may_have_it or not platform.shown(pair[0]) or row.acknowledged

    @invariant()
    def i03_versions_arrive_in_order(self) -> None:
        for platform in self._platforms():
            for uri in ARTICLES:
                if (uri, platform.name) not in self.damaged:
                    told = [(v, op == "kill") for one, v, op in platform.arrived if one == uri]
                    assert told == sorted(told)

    @invariant()
    def i04_no_version_is_shown_twice(self) -> None:
        for platform in self._platforms():
            for uri in ARTICLES:
                pair = uri, platform.name
                if pair in self.damaged | self.excused or not platform.way.caps.has_ids:
                    continue
                doubled = self._doubled(platform, uri)
                allowed = platform.lost[uri] if platform.way.on_unknown == "resend" else 0
                assert doubled <= allowed + platform.forced[uri]

    def _doubled(self, platform: Platform, uri: str) -> int:
        """Posts too many: one a story, or one a version where they cannot be edited."""
        shown = platform.shown(uri)
        made_for = {post.made_for[0] for post in shown}
        return len(shown) - min(len(shown), 1 if platform.way.caps.edits else len(made_for))

    @invariant()
    def i05_no_put_follows_an_acknowledged_kill_but_a_higher_version(self) -> None:
        for worker in self.workers:
            row = worker.claimed
            if row.sending_op == "put" and row.state == "sending" and row.uri not in self._hurt():
                assert row.sending_version > self.withdrawn.get(worker.pair, 0)

    @invariant()
    def i06_one_pair_has_one_live_lease_at_most(self) -> None:
        pairs = [one.pair for one in self.workers]
        assert len(pairs) == len(set(pairs))
        for worker in self.workers:
            row = self.ledger.rows[worker.pair]
            turned = row.epoch == worker.claimed.epoch and not row.lease_until
            assert turned or row.epoch >= worker.claimed.epoch
            if row.state == "sending":
                assert row.epoch == worker.claimed.epoch

    @invariant()
    def i07_tries_and_waits_are_bounded(self) -> None:
        for row in self.ledger.rows.values():
            assert row.is_kill or 0 <= row.attempt <= MOST_ATTEMPTS
            assert row.due_at <= self.latest + FURTHEST_AHEAD
            assert (row.lease_until > 0) <= (row.due_at > 0)
            assert row.due_at > 0 or row.state not in ("waiting", "sending")
            assert row.due_at == 0 or row.state != "dead"

    @invariant()
    def i08_what_rests_or_is_paused_gets_probes_and_kills_only(self) -> None:
        for start in self.starts:
            if start.row.is_kill:
                continue
            rests = start.health.failures >= OPEN_AFTER
            assert not start.is_paused
            assert not rests or start.now >= start.health.open_until
            assert not rests or start.puts_under_way == 0
        self.starts.clear()

    @invariant()
    def i12_every_change_is_in_the_log(self) -> None:
        for pair, row in self.ledger.rows.items():
            assert row.rev == len(self.ledger.log[pair])

    @invariant()
    def i13_what_is_acknowledged_in_the_stream_is_in_the_ledger(self) -> None:
        for entry in self.stream:
            if not entry.is_done or not self.site.is_current(entry.article):
                continue
            rows = [row for (uri, _), row in self._sound_rows() if uri == entry.article.uri]
            order = entry.article.version, int(entry.article.is_kill)
            if entry.article.is_kill:
                assert all(row.wants >= order for row in rows)

    @invariant()
    def i14_a_removed_destination_gets_no_call(self) -> None:
        assert not {one.claimed.destination for one in self.workers} - {*WAYS}
        for name, platform in self.removed.items():
            self.calls_when_removed.setdefault(name, len(platform.arrived))
            assert len(platform.arrived) == self.calls_when_removed[name]
        for name in self.platforms:
            self.calls_when_removed.pop(name, None)

    @invariant()
    def i15_a_killed_article_is_on_no_page_that_was_built_since(self) -> None:
        for uri, row in self.site.rows.items():
            assert row.state != "gone" or self.site.pages[uri] == "gone"
            assert self.site.marks or self.site.shows(uri) == (row.state == "live")

    @invariant()
    def a_kill_is_never_parked_without_a_person_and_what_is_parked_says_why(self) -> None:
        for row in self.ledger.rows.values():
            if row.state in ("dead", "unknown"):
                assert row.error or row.acknowledged
                assert not row.is_kill or row.acknowledged
            assert row.state != "cancelled" or row.proof in ("accepted", "gone", "impossible")

    @invariant()
    def nothing_that_may_stand_there_is_sent_blindly(self) -> None:
        for worker in self.workers:
            row, way = worker.claimed, WAYS[worker.claimed.destination]
            if row.state == "sending" and not row.is_kill and row.lost_version:
                since = row.lease_until - LEASE_MS
                assert way.on_unknown == "resend" or may_repeat(row, way.caps, since)

    def __init__(self) -> None:
        super().__init__()
        self.calls_when_removed: dict[str, int] = {}

    def _platforms(self) -> list[Platform]:
        return [*self.platforms.values(), *self.removed.values()]

    def _platform(self, row: Row) -> Platform:
        return self.platforms.get(row.destination) or self.removed[row.destination]

    def _sound_rows(self) -> list[tuple[tuple[str, str], Row]]:
        unsure = self.damaged | self.excused
        return [(pair, row) for pair, row in self.ledger.rows.items() if pair not in unsure]

    def _hurt(self) -> set[str]:
        return {uri for uri, _ in self.damaged}

    # The end

    def teardown(self) -> None:
        """A drain without faults: every entry is planned, all that is due is sent."""
        while self.site.marks:
            self.site.build(0)
        self.i15_a_killed_article_is_on_no_page_that_was_built_since()
        self._drain()
        for uri in ARTICLES:  # 1: everybody was told
            told = {name for one, name in self.ledger.rows if one == uri}
            assert told == (WAYS.keys() if self.history[uri] else set())
        for pair, row in self.ledger.rows.items():
            assert row == self.ledger.rebuilt(pair)  # 12
            self._check_end(pair, row)
        assert not any(entry.is_pending for entry in self.stream)  # 13

    def _drain(self) -> None:
        self.platforms |= self.removed
        self.removed = {}
        self.are_gone(self.workers)
        for uri in ARTICLES:
            for article in self.random.sample(self.history[uri], len(self.history[uri])):
                self._announce(article)
        while any(not entry.is_done for entry in self.stream):
            self.plan_entry(0, crashes=False)
        self.pass_time(2 * LEASE_MS)
        for _ in range(400):
            due = [row for row in self.rows() if row.due_at and row.proof != "impossible"]
            if not due:
                return
            self.disable_or_enable("", is_paused=False)
            first = min(due, key=lambda row: row.due_at)
            self.pass_time(max(0, first.due_at - self.now))
            self.send(first, "ok", lands=True)
        raise AssertionError(due)

    def _check_end(self, pair: tuple[str, str], row: Row) -> None:
        last = self.last(pair[0])
        assert last
        assert row.wants >= (last.version, int(last.is_kill))  # 1
        assert row.state not in ("waiting", "sending") or row.proof == "impossible"  # 1
        shown = self._platform(row).shown(pair[0])
        if pair in self.damaged | self.excused:
            return
        verifies = row.state == "delivered" and WAYS[row.destination].caps.verifies
        if row.is_kill and not row.acknowledged:
            assert not verifies or row.proof in ("gone", "impossible")  # looked up
        if row.is_kill:
            assert row.acknowledged or row.proof == "impossible" or not shown  # 2
        elif row.state == "delivered" and row.destination in HONEST:
            assert [post.version for post in shown] == [last.version]  # 2
        elif row.state == "delivered":
            assert last.version in {post.version for post in shown}  # 2


DeliveryModel.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestDeliveryModel = pytest.mark.timeout(120 + 5 * EXAMPLES)(DeliveryModel.TestCase)
