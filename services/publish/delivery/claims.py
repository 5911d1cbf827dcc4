"""What one courier may work on: the rows it has claimed, and nobody else.

A row that a dead worker had claimed comes free when its lease runs out. Where it is sure that the
worker has ended, and a repetition is recognised, it comes free at once: a worker that was killed
and started again goes on with what it did.
"""

from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex

from services.publish.delivery.call import named
from services.publish.delivery.caps import Way
from services.publish.delivery.channel import Channel
from services.publish.delivery.claim import claim, freed
from services.publish.delivery.destinations import Destination
from services.publish.delivery.ledger import Change
from services.publish.delivery.office import Office
from services.publish.delivery.pace import give_up_after, is_braked
from services.publish.delivery.row import Row
from services.publish.delivery.told import tell_parked
from shared.process_name import has_surely_ended, process_name


class Claims:
    """The claims of one courier: one destination, one lane of it."""

    def __init__(
        self,
        office: Office,
        destination: Destination,
        channel: Channel,
        way: Way,
        *,
        kills: bool,
    ) -> None:
        self._office = office
        self._destination = destination
        self._channel = channel
        self._way = way
        self._kills = kills
        self.is_braked = is_braked(destination) and not kills
        self._is_line_free = False
        self._name = f"{token_hex(8)} {process_name()}"
        self._doubtful: list[Row] = []
        self._knows_the_dead = False

    async def take(self, limit: int) -> list[Row]:
        """Lease up to `limit` rows that are due, longest due first."""
        if not self._knows_the_dead:
            await self._free_of_the_dead()
            self._knows_the_dead = True
        return await self._taken_after_all() or await self._take(limit)

    async def _free_of_the_dead(self) -> None:
        """Let those rows come free whose worker has surely ended, and repetitions are known."""
        if self._way.caps.idempotency == "none" and not self._kills:
            return
        now, ledger = self._office.now(), self._office.ledger
        leased = await ledger.leased(self._destination.name, now, kills=self._kills)
        dead = {owner for owner in {row.owner for row in leased} if _is_of_the_dead(owner)}
        pairs = [(row, freed(row, now)) for row in leased if row.owner in dead]
        await ledger.replace([Change(free, before=row) for row, free in pairs if free])

    async def _taken_after_all(self) -> list[Row]:
        """Rows of a claim whose answer was lost, where Redis has taken it all the same."""
        pairs = [(row.uri, row.destination) for row in self._doubtful]
        rows = await self._office.ledger.rows(pairs) if pairs else []
        self._doubtful = []
        return [row for row in rows if row.lease_until and row.owner == self._name]

    async def _take(self, limit: int) -> list[Row]:
        """What must not be sent any more is written down, and not returned."""
        now = self._office.now()
        due = await self._office.ledger.due(self._destination.name, now, limit, kills=self._kills)
        changes = await self._changes(due, now, limit)
        self._doubtful = [change.row for change in changes]
        done = await self._office.ledger.replace(changes)
        self._doubtful = []
        written = [change.row for change, is_ours in zip(changes, done, strict=True) if is_ours]
        ours = [replace(row, rev=row.rev + 1) for row in written]
        tell_parked(row for row in ours if not row.lease_until)
        return [row for row in ours if row.lease_until]

    async def _changes(self, due: Sequence[Row], now: int, limit: int) -> list[Change]:
        """What is due as it is to be claimed; with a brake, who stands in line comes first."""
        lines = self._office.lines
        if self.is_braked:
            admitted = await lines.admit(
                self._destination, due, lambda row: self._claimed(row, now), now, limit
            )
            return [Change(row) for row in admitted]
        if not (self._kills or self._is_line_free):
            await lines.release(self._destination, now)
            self._is_line_free = True
        pairs = [(row, self._claimed(row, now)) for row in due]
        return [Change(mine, before=row) for row, mine in pairs if mine]

    def _claimed(self, row: Row, now: int) -> Row | None:
        cut = give_up_after(row, self._destination)
        mine = claim(row, now, self._way, give_up_after=cut, owner=self._name)
        return self._named(mine, now) if mine else None

    def _named(self, row: Row, now: int) -> Row:
        """A new post has its name before it is sent, where we name it."""
        is_new = row.state == "sending" and row.sending_op == "put" and not row.remote_id
        return named(row, self._channel, now) if is_new else row


def _is_of_the_dead(owner: str) -> bool:
    return has_surely_ended(owner.partition(" ")[2])
