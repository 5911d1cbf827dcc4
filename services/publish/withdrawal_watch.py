"""The clock of withdrawals: looks whether a killed story is gone, everywhere, and who is late.

Every publish process runs one. What was seen and what was told is in Redis, so each thing is told
once, whichever process is first, and a restart forgets nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog
from redis.exceptions import RedisError

from services.publish.delivery.destinations import Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.proof import (
    FEEDS,
    WEBSITE,
    Deadline,
    Removal,
    Withdrawal,
    is_over,
    overdue,
    removals,
)
from services.publish.delivery.withdrawals import Withdrawals
from services.publish.desk import Desk
from services.publish.site.outlets import Outlets
from shared.logs import Happened
from shared.metrics import WITHDRAWAL_OLDEST, WITHDRAWALS_OUTSTANDING
from shared.redis import is_outage

LOOK_SECONDS = 0.2
MOST = 1_000
AT_ONCE = 64
PAUSES_MS = ((10_000, 0), (600_000, 2_000))
"""How often one is looked at, by its age; older than all of them, every `LONGEST_PAUSE_MS`."""
LONGEST_PAUSE_MS = 15_000
log = structlog.get_logger()


class WithdrawalWatch:
    """Looks after all withdrawals that are not proven. `now` is milliseconds since 1970."""

    def __init__(
        self,
        withdrawals: Withdrawals,
        ledger: Ledger,
        destinations: Destinations,
        desk: Desk,
        outlets: Outlets,
        *,
        proof_seconds: float,
        now: Callable[[], int],
    ) -> None:
        self._withdrawals = withdrawals
        self._ledger = ledger
        self._destinations = destinations
        self._desk = desk
        self._outlets = outlets
        self._proof_ms = int(proof_seconds * 1_000)
        self._now = now
        self._start = 0
        self._next_look: dict[str, int] = {}
        self._met: set[str] = set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.round()
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(LOOK_SECONDS)

    async def round(self) -> None:
        """Look once at those whose turn it is, new ones first."""
        waiting, now = await self._some(), self._now()
        turns = {uri: self._next_look.get(uri, 0) for uri, _ in waiting}
        in_turn = sorted(waiting, key=lambda pair: (turns[pair[0]], -pair[1]))
        due = [pair for pair in in_turn[:AT_ONCE] if turns[pair[0]] <= now]
        if not due:
            return
        channels = {name: one.channel for name, one in (await self._destinations.all()).items()}
        for uri, accepted_at in due:
            self._next_look[uri] = now + _pause_ms(now - accepted_at)
            await self._look(uri, channels)

    async def _some(self) -> list[tuple[str, int]]:
        """The next of those outstanding, in turns: a thousand that are stuck hide no other."""
        found = await self._withdrawals.outstanding(self._start, MOST)
        if not self._start:
            oldest_ms = max(0, self._now() - found[0][1]) if found else 0
            WITHDRAWAL_OLDEST.set(oldest_ms / 1_000)
            WITHDRAWALS_OUTSTANDING.set(await self._withdrawals.count() if found else 0)
        self._met |= {uri for uri, _ in found}
        self._start += MOST
        if len(found) < MOST:
            self._next_look = {uri: at for uri, at in self._next_look.items() if uri in self._met}
            self._start, self._met = 0, set()
        return found

    async def _look(self, uri: str, channels: Mapping[str, str]) -> None:
        withdrawal = await self._withdrawals.read(uri)
        if withdrawal is None:
            await self._withdrawals.drop(uri)
            return
        seen = await self._seen(withdrawal)
        rows = await self._ledger.of_article(uri)
        places = removals(seen, rows, channels.keys())
        if is_over(seen, places):
            await self._close(seen, places)
            return
        for place, deadline in overdue(seen, places, channels, self._now(), self._proof_ms):
            if await self._withdrawals.tell(seen, place.place, deadline, self._now()):
                self._tell(seen, place, deadline)

    async def _seen(self, withdrawal: Withdrawal) -> Withdrawal:
        """The withdrawal with what readers get of it at our own places now."""
        if withdrawal.website_at and withdrawal.feeds_at:
            return withdrawal
        row = await self._desk.row(withdrawal.uri)
        if row is None or row.version < withdrawal.version or row.state == "live":
            return withdrawal
        at: dict[str, int] = {}
        if not withdrawal.website_at and await self._outlets.is_page_gone(row):
            at[WEBSITE] = self._now()
        if not withdrawal.feeds_at and not await self._outlets.show(row):
            at[FEEDS] = self._now()
        for outlet, instant in at.items():
            await self._withdrawals.note_gone(withdrawal.uri, outlet, instant)
        return replace(
            withdrawal,
            website_at=at.get(WEBSITE, withdrawal.website_at),
            feeds_at=at.get(FEEDS, withdrawal.feeds_at),
        )

    async def _close(self, withdrawal: Withdrawal, places: Sequence[Removal]) -> None:
        last = max(place.proven_at or place.accepted_at for place in places)
        if not await self._withdrawals.close(withdrawal, last):
            return
        counts = [place.proof for place in places]
        log.info(
            Happened.WITHDRAWAL_PROPAGATED,
            uri=withdrawal.uri,
            version=withdrawal.version,
            seconds=round((last - withdrawal.accepted_at) / 1_000, 3),
            gone=counts.count("gone"),
            accepted=counts.count("accepted"),
            impossible=counts.count("impossible"),
            acknowledged=sum(bool(place.acknowledged) for place in places),
        )

    def _tell(self, withdrawal: Withdrawal, place: Removal, deadline: Deadline) -> None:
        log.warning(
            Happened.WITHDRAWAL_OUTSTANDING,
            uri=withdrawal.uri,
            version=withdrawal.version,
            place=place.place,
            deadline=deadline,
            seconds=round((self._now() - withdrawal.accepted_at) / 1_000, 3),
            proof=place.proof,
            tries=place.tries,
            reason=place.error,
        )


def _pause_ms(age_ms: int) -> int:
    return next((pause for until, pause in PAUSES_MS if age_ms < until), LONGEST_PAUSE_MS)
