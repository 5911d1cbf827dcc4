"""The line before a destination with a brake: which first posts may go now, and who waits.

    wiredesk:destination-turns      when the first posts of the last hour went out, by destination
    wiredesk:line:<destination>     uris that wait for a turn, longest wanted first

All processes share both, and `pace.py` decides. The line is an index: a row that waits in it is due
an hour later in any case, so no crash between the two loses one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter
from redis.asyncio import Redis

from services.publish.delivery.destinations import Destination
from services.publish.delivery.documents import Documents
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.pace import (
    is_in_line,
    leave_line,
    needs_turn,
    opens_at,
    take,
    wait_in_line,
)
from services.publish.delivery.row import Row
from shared.streams import DESTINATION_TURNS, line

RELEASED_AT_ONCE = 100
Claim = Callable[[Row], Row | None]
"""The row as a worker writes it to call, or to give it up; None when it is not to be touched."""


class Lines:
    """The lines of all destinations."""

    def __init__(self, redis: Redis, ledger: Ledger) -> None:
        self._redis = redis
        self._ledger = ledger
        self._turns = Documents(redis, DESTINATION_TURNS, TypeAdapter(dict[str, int]))

    async def admit(
        self, destination: Destination, due: Sequence[Row], claim: Claim, now: int, limit: int
    ) -> list[Row]:
        """The rows to write, of what is due and of who waits in line: claimed, or told to wait.

        At most `limit` are claimed for a call. What is due goes behind those that wait already.
        """
        line_up = await self._first_in_line(destination.name, now, limit)
        known = {row.uri for row in line_up}
        fresh = [row for row in due if row.uri not in known]
        done, calls = _sorted(claim, [*line_up, *fresh])
        firsts = {uri: row for uri, row in calls.items() if needs_turn(row)}
        free = [row for uri, row in calls.items() if uri not in firsts][:limit]
        may_go = [uri for uri in firsts if uri in known or len(known) < limit]
        turns = await self._take(destination, may_go[: limit - len(free)], now)
        going = [row for uri, row in firsts.items() if uri in turns]
        staying = [row for row in due if row.uri in firsts.keys() - turns]
        await self._line_up(destination.name, staying)
        return [*done, *free, *going, *(wait_in_line(row, destination, now) for row in staying)]

    async def release(self, destination: Destination, now: int) -> None:
        """Let all go who waited for a brake that is gone."""
        key = line(destination.name)
        while uris := await self._members(key, RELEASED_AT_ONCE):
            rows = await self._ledger.rows([(uri, destination.name) for uri in uris])
            free = [leave_line(row, now) for row in rows if is_in_line(row, now)]
            await self._ledger.replace([Change(row) for row in free])
            await self._redis.zrem(key, *uris)  # who was changed meanwhile is due within an hour

    async def lengths(self, names: Sequence[str]) -> list[int]:
        """How many wait for a turn, at each destination."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zcard(line(name))
            counts: list[int] = await pipe.execute()
        return counts

    async def opens_at(self, destination: Destination, now: int) -> int:
        """When the next one may go; not later than `now` = at once."""
        return opens_at(await self._turns.get(destination.name) or {}, destination, now)

    async def _first_in_line(self, name: str, now: int, count: int) -> list[Row]:
        """Who waits longest. Those who were sent or corrected meanwhile leave the line."""
        key = line(name)
        while uris := await self._members(key, count):
            found = await self._ledger.rows([(uri, name) for uri in uris])
            rows = {row.uri: leave_line(row, now) for row in found if is_in_line(row, now)}
            if len(rows) == len(uris):
                return [rows[uri] for uri in uris]
            await self._redis.zrem(key, *(uri for uri in uris if uri not in rows))
        return []

    async def _take(self, destination: Destination, uris: Sequence[str], now: int) -> set[str]:
        """The uris among these that may go now."""
        if not uris:
            return set()
        changed = await self._turns.change(
            destination.name, lambda turns: take(turns or {}, uris, destination, now)
        )
        return {uri for uri in uris if (changed.after or {}).get(uri) == now}

    async def _line_up(self, name: str, rows: Sequence[Row]) -> None:
        if rows:
            places = {row.uri: row.wanted_at for row in rows}
            await self._redis.zadd(line(name), places, nx=True)  # who waits already keeps its place

    async def _members(self, key: str, count: int) -> list[str]:
        found: Any = await self._redis.zrange(key, 0, count - 1)
        return [uri.decode() for uri in found]


def _sorted(claim: Claim, rows: Sequence[Row]) -> tuple[list[Row], dict[str, Row]]:
    """What is not to be sent any more, and the calls that could be made, by uri."""
    claimed = [row for row in map(claim, rows) if row]
    calls = {row.uri: row for row in claimed if row.state == "sending"}
    return [row for row in claimed if row.uri not in calls], calls
