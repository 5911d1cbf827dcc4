"""What a platform is: one file in `platforms/`, found by folder; its name is that of its channel.

    TITLE                     how people call it
    LIMIT                     for the wall, e.g. "500 字，網址算 23"
    RENEWS                    whether a channel gets a new token by itself when one has expired
    DELETES                   so many in so many milliseconds
    fault_of(sent)            why the JSON of a new post is not taken, or ""
    said(sent)                its text, and the address that its card leads to, or ""
    settings(address)         settings of a destination that posts here, as words K=V
    open_platform(world)      the platform: its routes and its own ways to say no

It tells no lie about its platform: what that refuses is refused here, by a count of our own where
there is one way to count apart from the product's.
"""

from collections.abc import Sequence
from typing import Protocol

from starlette.responses import Response
from starlette.routing import Route


class Platform(Protocol):
    """One platform, open."""

    @property
    def routes(self) -> Sequence[Route]:
        """Its API, below `/<name>`."""
        ...

    def refused(self) -> Response:
        """What it says to a post that it will never take."""
        ...

    def limited(self, seconds: float) -> Response:
        """What it says to one call too many."""
        ...
