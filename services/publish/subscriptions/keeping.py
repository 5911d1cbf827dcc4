"""Subscriptions as their owners keep them: whoever holds the key that made one, and operators."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

import structlog

from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.enrol import Plugs, enrolled, with_secret
from services.publish.delivery.faults import invalid
from services.publish.delivery.rotation import rotated
from services.publish.delivery.signature import new_secret
from services.publish.subscriptions.fields import CHANNEL, as_destination, told_outside
from shared.addresses import Network, refused_at_sight
from shared.errors import BadField, Invalid, Rejected
from shared.keyring import Sender
from shared.logs import Happened

OPERATE = "operate"
MOST_OF_ONE_KEY = 50
log = structlog.get_logger()


class Unknown(Rejected):
    """There is none of that name, or it belongs to somebody else."""


class Taken(Rejected):
    """The name is somebody's already."""


class TooMany(Rejected):
    """The key has as many as one may have."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What may be done with subscriptions, by whom."""

    destinations: Destinations
    plugs: Plugs
    opened: tuple[Network, ...]
    """Networks that may be called although they are not public."""
    clock: Callable[[], datetime]

    async def all(self, sender: Sender) -> list[Destination]:
        """Those that the sender may see, in alphabetical order."""
        every = (await self.destinations.all()).values()
        return [one for one in every if _is_of(one, sender)]

    async def find(self, sender: Sender, name: str) -> Destination:
        """One of them. Raises Unknown."""
        return _checked(await self.destinations.get(name), sender, name)

    async def create(self, sender: Sender, written: dict[str, Any]) -> tuple[Destination, str]:
        """A new one, and its secret. Raises Invalid, Taken, TooMany."""
        given = written.pop("secret", None)
        written["name"] = written.get("name") or f"{CHANNEL}-{token_hex(4)}"
        start = {"secrets": [given]} if given else {}
        settings, secret = with_secret(self.plugs[CHANNEL], start)
        own = {"channel": CHANNEL, "created": self.clock(), "owner": sender.name}
        destination = self._enrolled(sender, own, written, settings)
        if not sender.may(OPERATE) and len(await self.all(sender)) >= MOST_OF_ONE_KEY:
            raise TooMany(f"this key has {MOST_OF_ONE_KEY} subscriptions, the most that one may")
        if not await self.destinations.add(destination):
            raise Taken(f"there is a destination {destination.name} already")
        log.info(Happened.DESTINATION_ADDED, destination=destination.name, by=sender.name)
        return destination, secret or str(given)

    async def change(self, sender: Sender, name: str, written: dict[str, Any]) -> Destination:
        """It with what is written; `null` = its default. Raises Unknown, Invalid, Fixed."""

        def changed(one: Destination) -> Destination:
            mine = _checked(one, sender, name)
            kept = {field: value for field, value in mine if field not in written}
            return self._enrolled(sender, kept, written, mine.settings)

        return await self._change(sender, name, changed, Happened.DESTINATION_CHANGED)

    async def rotate(self, sender: Sender, name: str, overlap: timedelta) -> tuple[str, datetime]:
        """A new secret, and until when the old one is good. Raises Unknown, Fixed, NoRoom."""
        secret, now = new_secret(), self.clock()

        def changed(one: Destination) -> Destination:
            settings = rotated(_checked(one, sender, name).settings, secret, now, overlap)
            return one.model_copy(update={"settings": settings})

        until = now + overlap
        await self._change(
            sender, name, changed, Happened.DESTINATION_ROTATED, until=until.isoformat()
        )
        return secret, until

    async def pause(self, sender: Sender, name: str, reason: str) -> None:
        """Only withdrawals go out until it is resumed. Raises Unknown."""
        await self.find(sender, name)
        await self.destinations.pause(name, reason)
        log.info(Happened.DESTINATION_PAUSED, destination=name, by=sender.name, reason=reason)

    async def resume(self, sender: Sender, name: str) -> None:
        """Everything goes out again. Raises Unknown."""
        await self.find(sender, name)
        await self.destinations.resume(name)
        log.info(Happened.DESTINATION_RESUMED, destination=name, by=sender.name)

    async def remove(self, sender: Sender, name: str) -> None:
        """Forget it, its address and its secrets. Raises Unknown, Fixed."""
        await self.find(sender, name)
        await self.destinations.remove(name)
        log.info(Happened.DESTINATION_REMOVED, destination=name, by=sender.name)

    async def _change(
        self,
        sender: Sender,
        name: str,
        rule: Callable[[Destination], Destination],
        happened: Happened,
        **more: str,
    ) -> Destination:
        changed = _checked(await self.destinations.change(name, rule), sender, name)
        log.info(happened, destination=name, by=sender.name, **more)
        return changed

    def _enrolled(
        self,
        sender: Sender,
        kept: dict[str, Any],
        written: dict[str, Any],
        settings: Any,  # noqa: ANN401  # a mapping of JSON
    ) -> Destination:
        fields = as_destination(written, settings)
        faults = list(self._not_allowed(sender, written, fields["settings"]))
        try:
            destination = enrolled(self.plugs, kept | fields)
        except Invalid as error:
            found = told_outside(error).fields
            named = {fault.field for fault in found}
            more = [fault for fault in faults if fault.field not in named]
            raise invalid([*found, *more]) from None
        if faults:
            raise invalid(faults)
        return destination

    def _not_allowed(
        self, sender: Sender, written: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[BadField]:
        """What this sender may not write, or nobody may from outside."""
        if "owner" in written and not sender.may(OPERATE):
            yield BadField("owner", "only a key with the scope operate may write it")
        if why := refused_at_sight(str(settings.get("url", "")), self.opened):
            yield BadField("url", why)


def _is_of(one: Destination, sender: Sender) -> bool:
    is_mine = one.owner == sender.name or sender.may(OPERATE)
    return one.channel == CHANNEL and is_mine


def _checked(one: Destination | None, sender: Sender, name: str) -> Destination:
    if one is None or not _is_of(one, sender):
        raise Unknown(f"there is no subscription {name}")
    return one
