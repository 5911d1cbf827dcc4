"""Destinations: where the news goes, each with its own queue, health and ledger.

A destination made at run time is a JSON document in one Redis hash; its secrets are in it, so they
are never logged and never shown again. What a destination has been doing lately (`Health`) is in
another hash, written on failures and on the success after one, so a healthy one costs nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from services.publish.delivery.breaker import Health
from services.publish.delivery.filter import Filter
from shared.streams import DESTINATION_HEALTH, DESTINATIONS

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Destination(BaseModel):
    """One configured way out. `settings` are the channel's own, secrets included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    channel: str
    settings: Mapping[str, Any]
    filter: Filter = Filter()
    created: datetime
    state: Literal["active", "paused"] = "active"
    reason: str = ""
    """Why it is paused: a person's words, or the answer that stopped it."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4
    max_age_hours: float | None = None
    """First posts of articles older than this are not sent; None = any age."""
    give_up_hours: float | None = None
    """First posts are old news after so long; None = the whole schedule of about 76 hours."""

    @property
    def give_up_after_ms(self) -> int | None:
        """`give_up_hours` in milliseconds."""
        return None if self.give_up_hours is None else int(self.give_up_hours * 3_600_000)


class Destinations:
    """The store. Removing one cancels its work: no courier carries for it any more."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._parsed: dict[bytes, Destination] = {}

    async def all(self) -> dict[str, Destination]:
        """Every destination, by name."""
        rows: Any = await self._redis.hgetall(DESTINATIONS)
        # Read for every article, changed by hand: what was parsed is kept.
        self._parsed = {row: self._parsed.get(row) or _parse(row) for row in rows.values()}
        return {one.name: one for one in sorted(self._parsed.values(), key=lambda one: one.name)}

    async def get(self, name: str) -> Destination | None:
        """One destination, or None."""
        row: Any = await self._redis.hget(DESTINATIONS, name)
        return _parse(row) if row else None

    async def put(self, destination: Destination) -> None:
        """Add it, or write it anew."""
        document = destination.model_dump_json()
        stored: Any = self._redis.hset(DESTINATIONS, destination.name, document)
        await stored

    async def add(self, destination: Destination) -> bool:
        """Add it; False when the name is taken."""
        added: Any = self._redis.hsetnx(
            DESTINATIONS, destination.name, destination.model_dump_json()
        )
        return bool(await added)

    async def remove(self, name: str) -> bool:
        """Forget it. Its rows stay: they say who once got what."""
        removed: Any = self._redis.hdel(DESTINATIONS, name)
        forgotten: Any = self._redis.hdel(DESTINATION_HEALTH, name)
        await forgotten
        return bool(await removed)

    async def pause(self, name: str, reason: str) -> bool:
        """Stop sending to it, kills excepted. False when there is no such destination."""
        return await self._change(name, {"state": "paused", "reason": reason})

    async def resume(self, name: str) -> bool:
        """Send to it again, and forget how it failed."""
        cleared: Any = self._redis.hdel(DESTINATION_HEALTH, name)
        await cleared
        return await self._change(name, {"state": "active", "reason": ""})

    async def health(self, name: str) -> Health:
        """How it has been doing."""
        row: Any = await self._redis.hget(DESTINATION_HEALTH, name)
        return Health(**HealthRow.model_validate_json(row).model_dump()) if row else Health()

    async def note(self, name: str, health: Health) -> None:
        """Keep how it is doing now."""
        noted: Any = (
            self._redis.hdel(DESTINATION_HEALTH, name)
            if health.is_well
            else self._redis.hset(
                DESTINATION_HEALTH, name, HealthRow(**asdict(health)).model_dump_json()
            )
        )
        await noted

    async def _change(self, name: str, update: Mapping[str, str]) -> bool:
        destination = await self.get(name)
        if destination is None:
            return False
        await self.put(destination.model_copy(update=update))
        return True


def _parse(row: bytes) -> Destination:
    return Destination.model_validate_json(row)


class HealthRow(BaseModel):
    """`Health` as it is stored."""

    failures: int
    failing_since: int
    cool_off: int
    open_until: int
    error: str
