"""How destinations stand: what waits for them, who stands in line, and how they are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.publish.delivery.breaker import Health
from services.publish.delivery.condition import Condition, condition
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.line import Lines


@dataclass(frozen=True, slots=True)
class Standing:
    """One destination as it stands. Instants are milliseconds since 1970."""

    destination: Destination
    condition: Condition
    health: Health
    waiting: int
    """Rows that are to be sent, those in line and kills among them."""
    in_line: int
    """Rows that a brake keeps back."""
    next_turn: int
    """When the first of them may go; 0 = nobody stands in line."""


class Survey:
    """Looks at destinations. `now` gives milliseconds since 1970."""

    def __init__(
        self, destinations: Destinations, ledger: Ledger, lines: Lines, now: Callable[[], int]
    ) -> None:
        self._destinations = destinations
        self._ledger = ledger
        self._lines = lines
        self._now = now

    async def of(self, some: Iterable[Destination]) -> list[Standing]:
        """How they stand, in the same order."""
        chosen = list(some)
        names = [one.name for one in chosen]
        healths = await self._destinations.healths()
        waiting = await self._ledger.waiting_for(names)
        in_line = await self._lines.lengths(names)
        return [
            await self._standing(one, healths.get(one.name, Health()), *counts)
            for one, *counts in zip(chosen, waiting, in_line, strict=True)
        ]

    async def _standing(
        self, one: Destination, health: Health, waiting: int, in_line: int
    ) -> Standing:
        now = self._now()
        opens = max(await self._lines.opens_at(one, now), now) if in_line else 0
        word = condition(one.state, health, now)
        return Standing(one, word, health, waiting, in_line, opens)
