"""The containers of posts that were made ready at Threads, and perhaps published.

Each is kept, by the address its post leads to, before it is published: so one can ask for its state
when the answer to that is lost. It ends after a day by itself.
"""

from collections.abc import Mapping
from hashlib import sha256

from services.publish.delivery.memory import Memory

LASTS_MS = 86_400_000
PREFIX = "container:"


class Containers:
    """Those of one account."""

    def __init__(self) -> None:
        self.memory: Memory | None = None

    async def keep(self, url: str, container: str, now: int) -> None:
        """Remember the newest of an address, and forget those that have ended."""

        def rule(old: Mapping[str, str]) -> dict[str, str]:
            return {**_lasting(old, now), _name(url): f"{now} {container}"}

        if self.memory is not None:
            await self.memory.change(rule)

    async def of(self, url: str, now: int) -> str:
        """The container of that address, or ""."""
        kept = await self.memory.recall() if self.memory is not None else {}
        return _lasting(kept, now).get(_name(url), "").partition(" ")[2]

    async def forget(self, url: str) -> None:
        """It is known what became of it."""
        name = _name(url)
        if self.memory is not None:
            await self.memory.change(lambda old: {k: v for k, v in old.items() if k != name})


def _name(url: str) -> str:
    return PREFIX + sha256(url.encode()).hexdigest()[:16]


def _lasting(kept: Mapping[str, str], now: int) -> dict[str, str]:
    """What is kept, without containers that have ended."""
    return {
        name: value
        for name, value in kept.items()
        if not name.startswith(PREFIX) or int(value.partition(" ")[0]) + LASTS_MS > now
    }
