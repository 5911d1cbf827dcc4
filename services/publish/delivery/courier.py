"""The courier of one destination: claims what is due, calls, and writes down what came of it.

The claim is on disk before the call and the outcome after it, so a crash in between leaves a row
that says so. Every destination has a courier of its own, and kills have another: nothing waits
behind a sick neighbour, and a kill waits behind nothing.
"""

import asyncio
from collections.abc import Callable, Iterator
from random import random

import structlog
from redis.exceptions import RedisError

from services.publish.delivery.ahead import PATIENCE_MS, may_call, next_claim
from services.publish.delivery.breaker import Health
from services.publish.delivery.call import broken, carry_out
from services.publish.delivery.calls import Calls
from services.publish.delivery.caps import Way
from services.publish.delivery.channel import Channel
from services.publish.delivery.claim import hand_back
from services.publish.delivery.claims import Claims
from services.publish.delivery.destinations import Destination
from services.publish.delivery.lately import Lately
from services.publish.delivery.ledger import Change
from services.publish.delivery.office import Office
from services.publish.delivery.pace import give_up_after
from services.publish.delivery.retry import wait_after
from services.publish.delivery.row import LEASE_MS, Outcome, Row
from services.publish.delivery.settle import settle
from services.publish.delivery.told import (
    SEEN,
    attempt_line,
    tell_settled,
    verdict_of,
)
from services.publish.delivery.watch import note
from shared.metrics import DELIVERIES
from shared.redis import is_outage

REST_SECONDS = 5.0
"""The postroom wakes a courier that has something to do; this is for a call that was missed."""
LINE_SECONDS = 0.5
"""How often a courier with a brake looks whether the next one in line may go."""
HEALTH_MS = 1_000
"""How long a healthy destination counts as healthy without being asked for again."""
HALT_MS = 2_000
"""An answer that stops the destination stops us at once, until the postroom has seen it too."""
REWRITE_SECONDS = 0.2
KILL_PATIENCE_SECONDS = 1.0
"""So long a kill waits for those before it; its first call is due within five seconds."""
SUPERSEDED = "superseded"
"""Why no call was made for a row of which the desk has something newer."""
OURS = ("broken", "impossible")
"""Verdicts that say nothing about how a destination does."""
log = structlog.get_logger()


class Courier:
    """Carries for one destination, one lane of it."""

    def __init__(
        self, office: Office, destination: Destination, channel: Channel, *, kills: bool
    ) -> None:
        self._office = office
        self._destination = destination
        self._channel = channel
        self._way = Way(channel.caps, destination.on_unknown)
        self._kills = kills
        self._claims = Claims(office, destination, channel, self._way, kills=kills)
        self.wake = asyncio.Event()
        self._is_ending = False
        self._health = Health()
        self._lately = Lately()
        self._asked_at = self._quiet_until = 0
        self._rows_at_once = destination.concurrency
        self._calls = Calls()

    def end(self) -> None:
        """Let `run` end once the calls under way are settled."""
        self._is_ending = True
        self.wake.set()

    async def run(self) -> None:
        """Carry until `end`."""
        try:
            while not self._is_ending:
                self.wake.clear()
                if not await self._round_or_outage():
                    await self._rest()
            await self._calls.ended()
        finally:
            await self._calls.cancel()

    async def _round_or_outage(self) -> int:
        try:
            return await self.round()
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            return 0

    async def round(self) -> int:
        """Claim what is due, call, settle. Returns how many rows that were.

        A call that hangs goes on beside the next rounds.
        """
        calls = await self._limit() - self._calls.hanging
        if calls <= 0:
            return 0
        at_once = self._rows_at_once if self._may_claim_ahead(calls) else calls
        began = self._office.now()
        rows = await self._claims.take(at_once)
        queue = iter(rows)
        patience = KILL_PATIENCE_SECONDS if self._kills else PATIENCE_MS / 1_000
        await self._calls.make((self._carry_on(queue) for _ in rows[:calls]), patience)
        for row in queue:  # all calls hang: nothing may be kept behind them
            await self._hand_back(row)
        took, used = self._office.now() - began, len(rows) >= at_once
        self._rows_at_once = next_claim(at_once, took, all_used=used, calls=calls)
        return len(rows)

    async def _limit(self) -> int:
        """How many calls may be under way now."""
        most = self._destination.concurrency
        await self._ask_for_health()
        if self._office.now() < self._quiet_until:
            return 0
        if self._kills:
            return most  # a kill goes to paused, broken and disabled destinations too
        if self._destination.state != "active":
            return 0
        allowed = self._health.may_try(self._office.now())
        return most if allowed < 0 else allowed

    async def _ask_for_health(self) -> None:
        now = self._office.now()
        if not self._health.is_well or now - self._asked_at > HEALTH_MS:
            self._health = await self._office.destinations.health(self._destination.name)
            self._asked_at = now

    def _may_claim_ahead(self, calls: int) -> bool:
        """Whether rows may be claimed that wait for a call: a probe goes alone.

        Where nobody can tell a repetition, a crash makes every claimed row unknown.
        """
        is_probe = calls < self._destination.concurrency
        return not is_probe and self._channel.caps.idempotency != "none"

    async def _carry_on(self, queue: Iterator[Row]) -> None:
        """One call after the other, as long as there are rows and calls may be made."""
        for row in queue:
            if self._may_call(row):
                await self._carry(row)
            else:
                await self._hand_back(row)

    def _may_call(self, row: Row) -> bool:
        now = self._office.now()
        is_late = not may_call(row.lease_until - LEASE_MS, now)
        if self._is_ending or is_late or now < self._quiet_until:
            return False
        return self._kills or self._health.may_try(now) != 0

    async def _hand_back(self, row: Row) -> None:
        await self._write(row, lambda row: Change(hand_back(row, self._office.now()), before=row))

    async def _carry(self, row: Row) -> None:
        try:
            outcome = await self._call(row)
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            await self._hand_back(row)
            return
        is_halt = outcome.verdict == "stopped" and not self._kills
        wait = max(outcome.rest_ms, HALT_MS if is_halt else 0)
        self._quiet_until = max(self._quiet_until, self._office.now() + wait)
        settled = await self._settle(row, outcome)
        if settled is not None:
            await self._tell(row, settled, outcome)

    async def _call(self, row: Row) -> Outcome:
        try:
            announcement = await self._office.announce(row)
        except Exception as error:
            if is_outage(error):
                raise
            return broken(row, error, reached=False)
        if announcement is None:
            # The desk has moved on; what it moved on to is about to be wanted here as well.
            return Outcome("retry", SUPERSEDED, reached=False)
        return await carry_out(row, self._channel, announcement)

    async def _settle(self, row: Row, outcome: Outcome) -> Row | None:
        """Write what came of the call; None when it is no longer ours to write."""

        def settled(row: Row) -> Change:
            now, cut = self._office.now(), give_up_after(row, self._destination)
            wait = wait_after(row, outcome, now, random, give_up_after=cut)
            settled = settle(row, outcome, now, wait, self._way)
            return Change(settled, attempt_line(row, settled, outcome), before=row)

        return await self._write(row, settled)

    async def _write(self, row: Row, change: Callable[[Row], Change]) -> Row | None:
        """Write the changed row; None when the lease ran out and somebody else has it.

        Something newer may have become wanted meanwhile: then the row is read again and changed as
        it stands now, as long as it is still our claim. When Redis is away, what is known of a
        call is kept until it is back.
        """
        while True:
            changed = change(row)
            try:
                [is_written] = await self._office.ledger.replace([changed])
                if is_written:
                    return changed.row
                [fresh] = await self._office.ledger.rows([(row.uri, row.destination)])
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
                await asyncio.sleep(REWRITE_SECONDS)
                continue
            if fresh.epoch != row.epoch:
                return None
            if not fresh.lease_until:
                return fresh  # written already: only the answer was lost
            row = fresh

    async def _tell(self, row: Row, settled: Row, outcome: Outcome) -> None:
        """Health, metrics, one log line."""
        DELIVERIES.labels(self._destination.channel, verdict_of(settled, outcome)).inc()
        if not (outcome.verdict in OURS or outcome.is_pause or outcome.error == SUPERSEDED):
            await self._note(outcome)
        tell_settled(row, settled, outcome)

    async def _note(self, outcome: Outcome) -> None:
        now, is_well = self._office.now(), outcome.verdict in ("done", *SEEN)
        is_erratic = self._lately.note(now, failed=not is_well)
        if not (is_well and self._health.is_well):
            name, stores = self._destination.name, self._office.destinations
            self._health = await note(stores, name, outcome, now, is_erratic=is_erratic)

    async def _rest(self) -> None:
        if self._is_ending:
            return
        try:
            async with asyncio.timeout(LINE_SECONDS if self._claims.is_braked else REST_SECONDS):
                await self.wake.wait()
        except TimeoutError:
            return
