"""A stage: a destination's own channel posts to a sandbox in this process, and nobody else sees it.

What a preview shows is what the channel renders and what the sandbox, which judges and counts by
itself, makes of it. Only pictures, and the limits that a server tells itself, are fetched outside.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time_ns
from types import ModuleType
from typing import Any

import httpx

from services.publish import channels
from services.publish.delivery.channel import (
    Announcement,
    Channel,
    Naming,
    Preparing,
    Rendered,
    Unprepared,
    Unsaid,
)
from services.publish.delivery.enrol import channel_settings
from services.publish.social.pictures import FETCH_SECONDS, MOST_BYTES
from services.sandbox.app import PLUGS as PLATFORMS, sandbox_app
from services.sandbox.world import Post, World
from shared.errors import Rejected
from shared.http import PublicClient
from shared.plugs import find_plugs

CHANNELS = find_plugs(channels)
ADDRESS = "http://sandbox.invalid"
LOST = (httpx.HTTPError, httpx.InvalidURL, OSError)


@dataclass(frozen=True)
class Staged:
    """What came of it. `post` is as the sandbox keeps it, None where no platform is known."""

    channel: Channel
    settings: Any
    body: str = ""
    """What is sent, but for what only the platform can name."""
    post: Post | None = None
    wants_picture: bool = False
    faults: tuple[str, ...] = ()
    is_refused: bool = False
    """Whether it would never be taken."""


@dataclass
class Stage:
    """One sandbox. `outside` is for what does not lead there."""

    outside: PublicClient
    world: World = field(default_factory=lambda: World(_now, ADDRESS))

    def __post_init__(self) -> None:
        self._http = PublicClient(_Fork(httpx.ASGITransport(sandbox_app(self.world)), self.outside))

    async def show(
        self, kind: str, settings: Mapping[str, Any], announcement: Announcement
    ) -> Staged:
        """What readers there would see. `settings` empty = an account of the sandbox.

        Raises Rejected where there is no such channel, or it does not take the settings.
        """
        if kind not in CHANNELS:
            raise Rejected(f"no channel {kind}; there are {', '.join(CHANNELS)}")
        plug, platform = CHANNELS[kind], PLATFORMS.get(kind)
        there = platform.settings(ADDRESS) if platform else {}
        checked = channel_settings(plug, settings or there)
        channel: Channel = plug.open_channel(checked, self._http)
        faults = await _prepared(channel)
        try:
            post = channel.render(announcement)
        except Unsaid:
            told = "nothing: it cannot be changed there, and is no correction of what was wrong"
            return Staged(channel, checked, faults=(*faults, told), is_refused=True)
        except Rejected as error:
            return Staged(channel, checked, faults=(*faults, str(error)), is_refused=True)
        body, has_picture = post.body.decode(), post.picture is not None
        if platform is None:
            return Staged(channel, checked, body, None, has_picture, faults)
        actor: Channel = plug.open_channel(
            channel_settings(plug, {**settings, **there}), self._http
        )
        shown, fault = await self._posted(kind, platform, actor, post, announcement)
        return Staged(
            channel, checked, body, shown, has_picture, (*faults, *fault), is_refused=bool(fault)
        )

    async def _posted(
        self,
        kind: str,
        platform: ModuleType,
        actor: Channel,
        post: Rendered,
        announcement: Announcement,
    ) -> tuple[Post, tuple[str, ...]]:
        """The post that stands there now; else what can be told of it, and why it was refused."""
        uri, now = announcement.article.uri, _now()
        name = actor.name(uri, now) if isinstance(actor, Naming) else ""
        before = self.world.of(kind)
        try:
            outcome = actor.classify(await actor.deliver(post, "preview", name), "put")
            reason = "" if outcome.verdict == "done" else outcome.error or outcome.verdict
        except Unprepared as error:
            reason = error.outcome.error
        except LOST as error:
            reason = f"{type(error).__name__}: {error}"
        made = self.world.of(kind)[len(before) :]
        if made:
            return made[-1], ()
        text, link = platform.said(json.loads(post.body))
        told = f"the sandbox would not take it: {reason}"
        return Post(kind, "", "", text, now, link=link), (told,)


async def _prepared(channel: Channel) -> tuple[str, ...]:
    """What a server says of its limits; without an answer they are those of its kind."""
    if not isinstance(channel, Preparing):
        return ()
    try:
        await channel.prepare()
    except Unprepared as error:
        return (f"the server's own limits are not known: {error.outcome.error}",)
    return ()


class _Fork(httpx.AsyncBaseTransport):
    """Calls of the sandbox stay in this process, the others go out."""

    def __init__(self, inside: httpx.AsyncBaseTransport, outside: PublicClient) -> None:
        self._inside = inside
        self._outside = outside

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(f"{ADDRESS}/"):
            return await self._inside.handle_async_request(request)
        most = MOST_BYTES + 1
        found = await self._outside.call(request, deadline_s=FETCH_SECONDS, max_answer=most)
        stream = httpx.ByteStream(found.content)
        return httpx.Response(found.status_code, headers=found.headers, stream=stream)


def _now() -> int:
    return time_ns() // 1_000_000
