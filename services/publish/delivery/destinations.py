"""Destinations: where the news goes, each with its own queue, health and ledger.

A destination is a JSON document in one Redis hash; its secrets are in it, so they are never logged
and never shown again. One that was written in the settings file is there too (`configured.py`), and
for all who read it there is no difference. Every change is made by compare-and-set: to pause what
somebody else removes does not bring it back. What a destination has been doing lately (`Health`) is
in another hash, written on failures and on the success after one, so a healthy one costs nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from redis.asyncio import Redis

from services.publish.delivery.breaker import Health
from services.publish.delivery.caps import OnUnknown
from services.publish.delivery.condition import State
from services.publish.delivery.documents import Changed, Documents
from services.publish.delivery.filter import Filter
from services.publish.delivery.memory import Memory
from shared.errors import Rejected
from shared.streams import (
    DESTINATION_HEALTH,
    DESTINATION_MEMORY,
    DESTINATION_TURNS,
    DESTINATIONS,
)

A_WEEK_HOURS, A_YEAR_HOURS = 7 * 24, 366 * 24
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Hours = Annotated[float, Field(ge=0, le=A_YEAR_HOURS)]


class Destination(BaseModel):
    """One way out. `settings` are the channel's own, secrets included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    channel: str
    settings: Mapping[str, Any]
    filter: Filter = Filter()
    created: datetime
    owner: Annotated[str, Field(max_length=100)] = ""
    """The name of the key whose holder may see and change it, besides the operators."""
    configured: bool = False
    """Whether it stands in the settings file: then it is changed there, and nowhere else."""
    state: State = "active"
    """Only `active` ones get news; kills go to all of them. What a paused or disabled one is to get
    waits for it; a retired one, that has left the settings file, gets nothing new."""
    reason: str = ""
    """Why it is not active: a person's words, or the answer that stopped it."""
    until: AwareDatetime | None = None
    """When a pause ends by itself; None = when somebody resumes it."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 4
    """Calls at once, of all processes together; as many again for kills."""
    max_age_hours: Hours | None = None
    """First posts of articles older than this are not sent; None = any age."""
    give_up_hours: Hours | None = A_WEEK_HOURS
    """First posts that have waited longer, for whatever, are old news; None = never."""
    max_per_hour: Annotated[int, Field(ge=1, le=1000)] | None = None
    """First posts in any 60 minutes; None = no limit."""
    pace_seconds: Annotated[float, Field(ge=0, le=3600)] = 0
    """Between one first post and the next."""
    on_unknown: OnUnknown = "hold"
    """What becomes of a post of which nobody can tell whether it arrived, and nobody can look."""

    @property
    def is_served(self) -> bool:
        """Whether new articles are planned for it."""
        return self.state != "retired"

    def is_pause_over(self, now: datetime) -> bool:
        """Whether it was paused until some instant, and that has come."""
        return self.state == "paused" and self.until is not None and self.until <= now


class Fixed(Rejected):
    """The destination stands in the settings file, and can only be changed there."""


Rule = Callable[[Destination], Destination | None]


class Destinations:
    """The store. Removing one cancels its work: no courier carries for it any more."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._documents = Documents(redis, DESTINATIONS, TypeAdapter(Destination))
        self._health = Documents(redis, DESTINATION_HEALTH, TypeAdapter(Health))

    async def all(self) -> dict[str, Destination]:
        """Every destination, by name, in alphabetical order."""
        return await self._documents.all()

    async def served(self) -> list[Destination]:
        """Those for whom new articles are planned."""
        return [one for one in (await self.all()).values() if one.is_served]

    async def get(self, name: str) -> Destination | None:
        """One destination, or None."""
        return await self._documents.get(name)

    async def add(self, destination: Destination) -> bool:
        """Add it; False when the name is taken."""
        changed = await self._documents.change(destination.name, lambda old: old or destination)
        return changed.before is None

    async def configure(self, name: str, rule: Callable[[Destination | None], Destination]) -> bool:
        """Let it be what the settings file says. Whether that was a change."""
        before, after = await self._documents.change(name, rule)
        return before != after

    async def retire(self, name: str) -> bool:
        """Let one go that has left the settings file. Whether that was a change."""
        update = {"state": "retired", "reason": "left the settings file", "configured": False}
        before, after = await self._change(
            name, lambda one: one.model_copy(update=update) if one.configured else one
        )
        return before != after

    async def change(self, name: str, rule: Rule) -> Destination | None:
        """Let `rule` change it. None when there is no such destination. Raises Fixed."""
        return (await self._change(name, _unless_configured(rule))).after

    async def remove(self, name: str) -> bool:
        """Forget it. Its rows stay: they say who once got what. Raises Fixed."""
        changed = await self._change(name, _unless_configured(lambda _: None))
        await self._forget(name, DESTINATION_HEALTH, DESTINATION_TURNS, DESTINATION_MEMORY)
        return changed.before is not None

    async def pause(self, name: str, reason: str) -> bool:
        """Stop sending to it, kills excepted. False when there is no such destination."""
        return await self._set(name, "paused", reason)

    async def resume(self, name: str) -> bool:
        """Send to it again, and forget how it failed. False when there is no such destination."""
        is_there = await self._set(name, "active", "")
        await self._forget(name, DESTINATION_HEALTH)
        return is_there

    async def stop(
        self,
        name: str,
        state: Literal["paused", "disabled"],
        reason: str,
        until: datetime | None = None,
    ) -> bool:
        """Stop an active one because of its answer. Whether that was a change."""

        def stopped(one: Destination) -> Destination:
            update = {"state": state, "reason": reason, "until": until}
            return one.model_copy(update=update) if one.state == "active" else one

        before, after = await self._change(name, stopped)
        return before != after

    async def end_pause(self, name: str, now: datetime) -> bool:
        """Let one go on whose pause is over by itself. Whether that was a change."""

        def ended(one: Destination) -> Destination:
            update = {"state": "active", "reason": "", "until": None}
            return one.model_copy(update=update) if one.is_pause_over(now) else one

        before, after = await self._change(name, ended)
        return before != after

    def memory(self, name: str) -> Memory:
        """What its channel keeps between starts."""
        return Memory(self._redis, name)

    async def health(self, name: str) -> Health:
        """How it has been doing."""
        return await self._health.get(name) or Health()

    async def healths(self) -> dict[str, Health]:
        """The same of all that are not well, by name."""
        return await self._health.all()

    async def note(self, name: str, rule: Callable[[Health], Health]) -> tuple[Health, Health]:
        """Let `rule` say how it is doing now. Returns its health before and after."""

        def noted(old: Health | None) -> Health | None:
            new = rule(old or Health())
            return None if new.is_well else new

        before, after = await self._health.change(name, noted)
        return before or Health(), after or Health()

    async def _set(self, name: str, state: State, reason: str) -> bool:
        update = {"state": state, "reason": reason, "until": None}
        changed = await self._change(name, lambda one: one.model_copy(update=update))
        return changed.after is not None

    async def _change(self, name: str, rule: Rule) -> Changed[Destination]:
        return await self._documents.change(name, lambda old: None if old is None else rule(old))

    async def _forget(self, name: str, *hashes: str) -> None:
        for key in hashes:
            forgotten: Any = self._redis.hdel(key, name)
            await forgotten


def _unless_configured(rule: Rule) -> Rule:
    def checked(one: Destination) -> Destination | None:
        if one.configured:
            raise Fixed(
                f"{one.name} is written in the settings file: change [destinations.{one.name}] "
                "there and start publish again; here it can be paused and resumed"
            )
        return rule(one)

    return checked
