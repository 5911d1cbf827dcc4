"""What X was paid this month, and the end of the money.

New posts stop when the month's budget would be passed. Deletes and looks go on, because they are
about what was posted already, and are counted. An amount is counted before the call, so that a
crash counts one too many and never one too few. All processes count together.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Outcome
from services.publish.social.requests import Clock

PREFIX = "spent:"
MILLS = 1_000
"""Thousandths of a dollar in a dollar."""
Kept = Mapping[str, str]


class Spending:
    """That of one destination, in thousandths of a US dollar."""

    def __init__(self, monthly_usd: float, clock: Clock) -> None:
        self._most = round(monthly_usd * MILLS)
        self._clock = clock
        self._own: dict[str, str] = {}
        self.memory: Memory | None = None

    async def reserve(self, price: int) -> None:
        """Count a new post before it is sent. Raises Unprepared when the money would not do."""

        def rule(old: Kept) -> dict[str, str]:
            spent = spent_in(old, self._month())
            if spent + price > self._most:
                raise Unprepared(Outcome("stopped", _no_money(spent, self._most), reached=False))
            return counted(old, self._month(), price)

        await self._change(rule)

    async def count(self, price: int) -> None:
        """Count what is paid in any case; a price below zero gives back."""
        await self._change(lambda old: counted(old, self._month(), price))

    async def _change(self, rule: Callable[[Kept], dict[str, str]]) -> None:
        if self.memory is None:
            self._own = rule(self._own)
        else:
            await self.memory.change(rule)

    def _month(self) -> str:
        return f"{datetime.fromtimestamp(self._clock() / 1_000, UTC):%Y-%m}"


def spent_in(kept: Kept, month: str) -> int:
    """What was spent in a month."""
    return int(kept.get(PREFIX + month, "0"))


def counted(kept: Kept, month: str, price: int) -> dict[str, str]:
    """What is kept, with a price more in that month; months that are over are forgotten."""
    others = {name: value for name, value in kept.items() if not name.startswith(PREFIX)}
    return others | {PREFIX + month: str(max(0, spent_in(kept, month) + price))}


def _no_money(spent: int, most: int) -> str:
    return (
        f"the month's budget of ${most / MILLS:.2f} is used up (${spent / MILLS:.3f} is spent): "
        "resume next month, or raise monthly_budget_usd"
    )
