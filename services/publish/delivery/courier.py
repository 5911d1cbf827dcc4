"""The courier of one destination: claims what is due, calls, and writes down what came of it.

The claim is on disk before the call and the outcome after it, so a crash in between leaves a row
that says so. Every destination has a courier of its own, and kills have another: nothing waits
behind a sick neighbour, and a kill waits behind nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from random import random

import httpx
import structlog
from redis.exceptions import RedisError

from services.publish.delivery.breaker import after_failure, after_success
from services.publish.delivery.channel import Announcement, Channel
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.message_key import message_key
from services.publish.delivery.retry import wait_after
from services.publish.delivery.row import Outcome, Row, claim, settle
from shared.article import Article
from shared.logs import Happened
from shared.metrics import DELIVERIES
from shared.redis import is_outage

POLL_SECONDS = 0.25
log = structlog.get_logger()

Announce = Callable[[Row], Awaitable[Announcement | None]]
"""What a row is to be told, from the desk's present state; None when the desk knows nothing."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all couriers of a process share."""

    ledger: Ledger
    destinations: Destinations
    announce: Announce
    is_current: Callable[[Article], Awaitable[bool]]
    """Whether the desk still has this version, so that planning it makes sense."""
    now: Callable[[], int]
    """Milliseconds since 1970."""


class Courier:
    """Carries for one destination, one lane of it."""

    def __init__(
        self, office: Office, destination: Destination, channel: Channel, *, kills: bool
    ) -> None:
        self._office = office
        self._destination = destination
        self._channel = channel
        self._kills = kills
        self.wake = asyncio.Event()
        self._is_ending = False

    def end(self) -> None:
        """Let `run` end once the calls under way are settled."""
        self._is_ending = True
        self.wake.set()

    async def run(self) -> None:
        """Carry until `end`."""
        while not self._is_ending:
            self.wake.clear()
            try:
                carried = await self.round()
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
                carried = 0  # rows that were leased are claimed again when their lease is over
            if not carried:
                await self._rest()

    async def round(self) -> int:
        """Claim what is due, call, settle. Returns how many rows that were."""
        limit = await self._limit()
        if not limit:
            return 0
        rows = await self._claim(limit)
        await asyncio.gather(*map(self._carry, rows))
        return len(rows)

    async def _limit(self) -> int:
        """How many rows may go out now."""
        most = self._destination.concurrency
        if self._kills:
            return most  # a kill goes to paused, broken and disabled destinations too
        if self._destination.state == "paused":
            return 0
        health = await self._office.destinations.health(self._destination.name)
        allowed = health.may_try(self._office.now())
        return most if allowed < 0 else allowed

    async def _claim(self, limit: int) -> list[Row]:
        """Lease what is due. What must not be sent any more is written down, and not returned."""
        now = self._office.now()
        due = await self._office.ledger.due(self._destination.name, now, limit, kills=self._kills)
        repeatable = self._channel.caps.idempotency != "none"
        cut = self._destination.give_up_after_ms
        rows = [claim(row, now, repeatable=repeatable, give_up_after=cut) for row in due]
        claimed = [row for row in rows if row]
        done = await self._office.ledger.replace([Change(row) for row in claimed])
        ours = [
            replace(row, rev=row.rev + 1) for row, mine in zip(claimed, done, strict=True) if mine
        ]
        return [row for row in ours if row.state == "sending"]

    async def _carry(self, row: Row) -> None:
        outcome = await self._call(row)
        settled = await self._settle(row, outcome)
        if settled is not None:
            await self._tell(row, settled, outcome)

    async def _call(self, row: Row) -> Outcome:
        announcement = await self._office.announce(row)
        if announcement is None:
            # The desk has moved on; what it moved on to is about to be wanted here as well.
            return Outcome("retry", "superseded", reached=False)
        key = message_key(row.uri, row.sending_version, row.sending_op, row.destination)
        post = self._channel.render(announcement)
        act = self._channel.delete if row.sending_op == "kill" else self._channel.deliver
        try:
            answer: httpx.Response | Exception = await act(post, key, row.remote_id)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            answer = error
        return self._channel.classify(answer, row.sending_op)

    async def _settle(self, row: Row, outcome: Outcome) -> Row | None:
        """Write what came of the call; None when the lease ran out and somebody else has the row.

        Something newer may have become wanted meanwhile: then the row is read again and settled as
        it stands now, as long as it is still our claim.
        """
        while True:
            now = self._office.now()
            wait = wait_after(
                row, outcome, now, random, give_up_after=self._destination.give_up_after_ms
            )
            settled = settle(row, outcome, now, wait)
            if (await self._office.ledger.replace([Change(settled, _attempt(row, outcome))]))[0]:
                return settled
            [fresh] = await self._office.ledger.rows([(row.uri, row.destination)])
            if fresh.epoch != row.epoch:
                return None
            row = fresh

    async def _tell(self, row: Row, settled: Row, outcome: Outcome) -> None:
        """Health, metrics, one log line."""
        name = self._destination.name
        DELIVERIES.labels(self._destination.channel, outcome.verdict).inc()
        health = await self._office.destinations.health(name)
        if outcome.verdict == "done" and not health.is_well:
            await self._office.destinations.note(name, after_success(health))
        elif outcome.verdict in ("retry", "unknown", "refused") and outcome.error != "superseded":
            failing = after_failure(health, outcome.error, self._office.now())
            await self._office.destinations.note(name, failing)
        elif outcome.verdict == "stopped":
            await self._office.destinations.pause(name, outcome.error)
            log.error(Happened.DESTINATION_PAUSED, destination=name, reason=outcome.error)
        log.info(
            _happened(settled, outcome),
            destination=name,
            uri=row.uri,
            version=row.sending_version,
            op=row.sending_op,
            attempt=row.attempt,
            reason=outcome.error,
        )

    async def _rest(self) -> None:
        if self._is_ending:
            return
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self.wake.wait()
        except TimeoutError:
            return


def _attempt(row: Row, outcome: Outcome) -> tuple[str, ...]:
    """One line of the log of calls, names and values by turns."""
    told = ("uri", row.uri, "version", str(row.sending_version), "op", row.sending_op)
    return (*told, "try", str(row.attempt), "outcome", outcome.verdict, "error", outcome.error)


def _happened(settled: Row, outcome: Outcome) -> Happened:
    if outcome.verdict == "done":
        return Happened.DELIVERY_SUCCEEDED
    return Happened.DELIVERY_DEAD if settled.state == "dead" else Happened.DELIVERY_FAILED
