"""What all couriers of a process share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.publish.delivery.channel import Announcement
from services.publish.delivery.destinations import Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.row import Row
from shared.article import Article

Announce = Callable[[Row], Awaitable[Announcement | None]]
"""What a row is to be told, from the desk's present state; None when the desk knows nothing."""


@dataclass(frozen=True, slots=True)
class Office:
    """The stores, the desk's voice, and the clock."""

    ledger: Ledger
    destinations: Destinations
    lines: Lines
    announce: Announce
    is_current: Callable[[Article], Awaitable[bool]]
    """Whether the desk still has this version, so that planning it makes sense."""
    now: Callable[[], int]
    """Milliseconds since 1970."""
