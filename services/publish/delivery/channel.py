"""What a channel is: one file in `channels/`, found by folder, on this small protocol.

    Settings                        a pydantic model of the account settings of one destination
    open_channel(settings, http)    the channel for one destination

A channel may also have `test`, a call that tells readers nothing (`Testable`).

`render` is pure: what a preview shows is what is sent. The rest makes one call each and raises
nothing of its own: `classify` reads whatever came back, an answer or an exception.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import httpx

from services.publish.delivery.row import Op, Outcome
from shared.article import Article

Idempotency = Literal["name", "key", "none"]


@dataclass(frozen=True, slots=True)
class Caps:
    """What the platform can do. `idempotency` decides how a crash in mid-call is resolved.

    `name`: writing the same thing again changes nothing. `key`: the receiver drops what it has seen
    by its key. `none`: nobody can tell; the row becomes unknown.
    """

    idempotency: Idempotency
    edits: bool
    deletes: bool
    finds: bool
    verifies: bool
    """Whether one can look up that a post is gone."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One version of one article as a destination is told of it."""

    article: Article
    op: Op
    url: str
    """The public address of its page; for a kill the page that answers 410."""
    first: bool
    """Whether this destination has never had the article."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The exact bytes of a call."""

    body: bytes
    media_type: str


class Channel(Protocol):
    """One destination's way out. `key` is the same for every try of the same thing."""

    caps: Caps

    def render(self, announcement: Announcement) -> Rendered:
        """The call's body. Pure: equal arguments, equal bytes."""
        ...

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Post it, or edit what `remote_id` names. Raises httpx errors."""
        ...

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Take it away. Raises httpx errors."""
        ...

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """What came of a call."""
        ...


@runtime_checkable
class Testable(Protocol):
    """What a channel may offer besides: a harmless call that shows whether the way is open."""

    async def test(self) -> httpx.Response:
        """Make it now, once. Raises httpx errors; `classify` reads it as a put."""
        ...
