"""What befalls the machine of deliveries: time, crashes, sick destinations, and people."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from services.publish.delivery.breaker import Health, after_failure
from services.publish.delivery.by_hand import acknowledge, replay
from services.publish.delivery.retry import HOUR
from services.publish.delivery.row import LEASE_MS, Row
from tests.publish.delivery_couriers import picks
from tests.publish.delivery_machine import Machine, names
from tests.publish.delivery_world import WAYS


class TroubledMachine(Machine):
    """The machine with all that can go wrong."""

    # Trouble

    @rule(by=st.sampled_from([1_000, LEASE_MS, HOUR, 30 * HOUR]))
    def lease_expires_or_retry_is_due(self, by: int) -> None:
        self.pass_time(by)

    @rule(hours=st.sampled_from([-1, 1]))
    def clock_jumps(self, hours: int) -> None:
        self.now += hours * HOUR
        self.latest = max(self.latest, self.now)
        if hours < 0:
            self.excused |= {pair for pair, row in self.ledger.rows.items() if self._trusts(row)}

    def _trusts(self, row: Row) -> bool:
        is_put_under_way = row.state == "sending" and row.sending_op == "put"
        way = WAYS[row.destination]
        return way.caps.key_lasts_ms is not None and (row.lost_version > 0 or is_put_under_way)

    @rule(pick=picks)
    def redis_crashes(self, pick: int) -> None:
        """All that is in memory is gone; with everysec also the last writes."""
        count = 0 if self.syncs_always else pick % (len(self.ledger.unsynced) + 1)
        self.damaged |= self.ledger.lose(count)
        self.are_gone(self.workers)

    @rule()
    def redis_syncs(self) -> None:
        self.ledger.unsynced.clear()

    # People

    @rule(name=names, failures=st.integers(1, 14))
    def breaker_trips(self, name: str, failures: int) -> None:
        if platform := self.platforms.get(name):
            for _ in range(failures):
                platform.health = after_failure(platform.health, "503", self.now)

    @rule(name=names, is_paused=st.booleans())
    def disable_or_enable(self, name: str, *, is_paused: bool) -> None:
        """One is disabled, or all are enabled."""
        for platform in self.platforms.values():
            if not is_paused:
                platform.is_paused, platform.health = False, Health()
            elif platform.name == name:
                platform.is_paused = True

    @rule(name=names)
    def remove_or_add_destination(self, name: str) -> None:
        if self.removed:
            self.platforms |= self.removed
            self.removed = {}
        else:
            self.removed[name] = self.platforms.pop(name)

    @rule(pick=picks, force=st.booleans())
    def replay(self, pick: int, *, force: bool) -> None:
        rows = [row for row in self.rows() if row.destination in self.platforms]
        if not rows:
            return
        row = rows[pick % len(rows)]
        platform, now = self.platforms[row.destination], self.now
        again = self.ledger.change(
            (row.uri, row.destination),
            lambda row: replay(row, now, platform.way, force=force) if row else None,
        )
        assert again is None or force or row.state != "delivered"  # 11: no effect at all
        # Who has it sent again without knowing takes the risk, and so does who forces it.
        is_blind = again is not None and again.state == "waiting" and not again.lost_version
        if is_blind and (force or row.lost_version):
            platform.forced[row.uri] += 1

    @rule(pick=picks)
    def person_acknowledges(self, pick: int) -> None:
        """Who finds a post there says so; a kill that cannot be proven is ended."""
        stuck = [row for row in self.rows() if self._needs_a_person(row)]
        if stuck:
            self.look_after(stuck[pick % len(stuck)])

    def _needs_a_person(self, row: Row) -> bool:
        return (row.state == "unknown" and not row.due_at) or row.proof == "impossible"

    def look_after(self, row: Row) -> None:
        platform = self.platforms.get(row.destination) or self.removed[row.destination]
        now = self.now
        names = {name for name, post in platform.posts.items() if post.uri == row.uri}
        new = min(names - set(row.remote_id.split(" ")), default="")
        if row.is_kill:
            for name in names:  # by hand, over there
                del platform.posts[name]
        elif not new:
            self.ledger.change(
                (row.uri, row.destination),
                lambda row: replay(row, now, platform.way) if row else None,
            )
            return
        self.ledger.change(
            (row.uri, row.destination),
            lambda row: acknowledge(row, "seen", now, new) if row else None,
        )
