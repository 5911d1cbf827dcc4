"""What a channel is: one file in `channels/`, found by folder, on this small protocol.

    Settings                        a pydantic model of the account settings of one destination;
                                    its `DEFAULTS`, if any, are fields of a destination
    open_channel(settings, http)    the channel for one destination

A channel may also have

    test         a call that tells readers nothing (`Testable`)
    name         when its posts are named by us (`Naming`)
    prepare      when it has to know something of its platform before it can render (`Preparing`)
    remember_in  when it keeps something between starts, e.g. a login (`Remembering`)

`render` is pure: what a preview shows is what is sent. Each call makes one request that readers can
see, by `shared.http`, and raises nothing of its own about it: `classify` reads whatever came back,
an answer or an exception. Before that one it may make others, that readers cannot see: a login, a
picture. When one of those fails it raises `Unprepared`. Which call comes next is decided elsewhere
(`step.py`), by `caps`. What goes wrong in a channel's own code parks the row it was about, and
disturbs no other.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import httpx

from services.publish.delivery.caps import Caps
from services.publish.delivery.row import Op, Outcome
from shared.article import Article

if TYPE_CHECKING:  # it raises Unprepared
    from services.publish.delivery.memory import Memory


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
class Picture:
    """What is to be fetched and uploaded; a post does without it when that cannot be done."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The exact bytes of a call, but for what only its platform can name: an uploaded picture."""

    body: bytes
    media_type: str
    picture: Picture | None = None


class Unprepared(Exception):
    """A request before the one that readers see has failed: so there is nothing for them to see.

    `outcome` is retry, stopped, refused or broken; never unknown, and nothing has `reached` them.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.error)
        self.outcome = outcome


class Unsaid(Exception):
    """Of `render`: this version changes nothing that followers of the one before must be told."""


class Channel(Protocol):
    """One destination's way out. `key` is the same for every try of the same thing."""

    @property
    def caps(self) -> Caps:
        """What it can do. A call that `caps` rules out is never made."""
        ...

    def render(self, announcement: Announcement) -> Rendered:
        """The call's body; of a kill it is the notice that may have to replace the post.

        Pure: equal arguments, equal bytes. Raises Rejected when the story cannot be shown there,
        and Unsaid when a version that would be one post more is not worth it.
        """
        ...

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Make a new post, under the name `remote_id` where we name it. Raises httpx errors."""
        ...

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Change what stands there. Raises httpx errors."""
        ...

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Take it away. Raises httpx errors."""
        ...

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look: `there`, `missing`, or whatever else keeps one from knowing. Raises httpx errors.

        With `remote_id` look that post up. Without it look for ours that link to `url` among those
        made since that instant: they are there by their names, with spaces between, or missing if
        all of those were seen.
        """
        ...

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """What came of a call. Raises again what is none of the network's errors."""
        ...


@runtime_checkable
class Testable(Protocol):
    """What a channel may offer besides: a harmless call that shows whether the way is open."""

    async def test(self) -> httpx.Response:
        """Make it now, once; `classify` reads it as a put.

        Raises httpx errors, and Unprepared, with what is missing, when the way is closed although
        the platform answers well.
        """
        ...


@runtime_checkable
class Naming(Protocol):
    """What a channel offers whose posts are named by us, so that a second try is the same post."""

    def name(self, uri: str, now: int) -> str:
        """A name for a new post. It is on disk before the first call, and kept."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """What a channel offers that has to ask its platform something before it can render."""

    async def prepare(self) -> None:
        """Ask, unless it is known already. Raises Unprepared."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """What a channel offers that keeps something from one start to the next."""

    def remember_in(self, memory: "Memory") -> None:
        """Use this place; called once, before any call."""
        ...
