"""A whole social platform in memory, and channels to it of every class (`caps.py`).

    platform = Platform()
    platform.plan("lost", "ok")      one for each call that writes; the last one stays
    channel = Social(platform, SEARCHED)
    ... platform.posts ...

Fates: `ok`, `lost` (done, no answer in time), `dropped` (not done, no answer in time), `stuck` and
`stalled` (the same, and never an answer), `unsent` (no connection), or a status that is answered
without doing anything.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from services.publish.delivery.answers import read_answer
from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered
from services.publish.delivery.row import Op, Outcome

WINDOW = 50 * 60_000
NAMED = Caps(idempotency="name", edits=True, deletes=True, finds=True, verifies=True)
KEYED = replace(NAMED, idempotency="key", key_lasts_ms=WINDOW)
SEARCHED = replace(NAMED, idempotency="none")
BLIND = replace(SEARCHED, finds=False, verifies=False)
BY_CLASS = {"A": NAMED, "B": KEYED, "C": SEARCHED, "D": BLIND}


class Hangs(Exception):
    """The platform has taken the call, or not, and never answers."""


@dataclass
class Post:
    """What followers see."""

    url: str
    text: str
    made_at: int


@dataclass
class Platform:
    """The posts that stand there, by id. `now` is its own clock, in milliseconds."""

    now: Callable[[], int]
    posts: dict[str, Post] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """What was asked, and of which id."""
    seen_after_delete: int = 0
    """So many looks still see what was deleted: its answers come from a cache."""
    refuses_deletes: bool = False
    _fates: deque[str] = field(default_factory=lambda: deque(["ok"]))
    _keys: dict[str, tuple[str, int]] = field(default_factory=dict)
    _made: int = 0
    _ghosts: dict[str, int] = field(default_factory=dict)

    def plan(self, *fates: str) -> None:
        """What becomes of the next calls that write; the last fate stays."""
        self._fates = deque(fates)

    def create(self, post: Post, key: str, name: str, caps: Caps) -> httpx.Response:
        def made() -> str:
            known = self._remembered(key) if caps.idempotency == "key" else ""
            self._made += 1
            post_id = known or name or f"p{self._made}"
            self.posts[post_id] = post
            self._keys.setdefault(key, (post_id, self.now()))
            return post_id

        return self._answer("create", name, made)

    def edit(self, post: Post, post_id: str) -> httpx.Response:
        def edited() -> str:
            self.posts[post_id] = post
            return post_id

        if post_id not in self.posts:
            return httpx.Response(404)
        return self._answer("edit", post_id, edited)

    def delete(self, post_id: str) -> httpx.Response:
        def deleted() -> str:
            self.posts.pop(post_id, None)
            self._ghosts[post_id] = self.seen_after_delete
            return post_id

        if self.refuses_deletes:
            self.calls.append(("delete", post_id))
            return httpx.Response(400, json={"error": "too old"})
        if post_id not in self.posts:
            self.calls.append(("delete", post_id))
            return httpx.Response(404)
        return self._answer("delete", post_id, deleted)

    def latest(self, since: int) -> dict[str, Post]:
        """Our own posts made since then."""
        self._look("latest", "")
        return {name: post for name, post in self.posts.items() if post.made_at >= since}

    def holds(self, post_id: str) -> bool:
        self._look("show", post_id)
        if post_id not in self.posts and self._ghosts.get(post_id, 0) > 0:
            self._ghosts[post_id] -= 1
            return True
        return post_id in self.posts

    def written(self) -> list[str]:
        """The kinds of calls that write, in order."""
        return [kind for kind, _ in self.calls if kind not in ("latest", "show")]

    def _look(self, kind: str, post_id: str) -> None:
        self.calls.append((kind, post_id))

    def _remembered(self, key: str) -> str:
        post_id, at = self._keys.get(key, ("", 0))
        return post_id if post_id and self.now() - at < WINDOW else ""

    def _answer(self, kind: str, post_id: str, act: Callable[[], str]) -> httpx.Response:
        self.calls.append((kind, post_id))
        fate = self._fates.popleft() if len(self._fates) > 1 else self._fates[0]
        if fate.isdigit():
            return httpx.Response(int(fate))
        if fate == "unsent":
            raise httpx.ConnectError("no route")
        done = act() if fate in ("ok", "lost", "stuck") else ""
        if fate in ("stuck", "stalled"):
            raise Hangs
        if fate != "ok":
            raise httpx.ReadTimeout("no whole answer in time")
        return httpx.Response(200, json={"id": done})


class Social:
    """One account. `broken` makes its own code fail: in `render` or in `classify`."""

    def __init__(self, platform: Platform, caps: Caps) -> None:
        self.caps = caps
        self.platform = platform
        self.broken: dict[str, Exception] = {}

    def render(self, announcement: Announcement) -> Rendered:
        if error := self.broken.get("render"):
            raise error
        text = "（已撤下）" if announcement.op == "kill" else announcement.article.headline
        told = {"url": announcement.url, "text": text}
        return Rendered(json.dumps(told).encode(), "application/json")

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        return await patient(
            lambda: self.platform.create(self._post(post), key, remote_id, self.caps)
        )

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        return await patient(lambda: self.platform.edit(self._post(post), remote_id))

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        return await patient(lambda: self.platform.delete(remote_id))

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        if remote_id:
            return Outcome("there" if self.platform.holds(remote_id) else "missing")
        found = [name for name, one in self.platform.latest(since).items() if one.url == url]
        return Outcome("there", remote_id=" ".join(found)) if found else Outcome("missing")

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        if error := self.broken.get("classify"):
            raise error
        if isinstance(answer, httpx.Response) and b"too old" in answer.content:
            return Outcome("impossible", "the platform deletes no old posts")
        outcome = read_answer(answer, op, self.platform.now())
        is_new = outcome.verdict == "done" and isinstance(answer, httpx.Response)
        made: dict[str, Any] = answer.json() if is_new and answer.content else {}
        return replace(outcome, remote_id=made.get("id", ""), is_proof=False)

    def _post(self, post: Rendered) -> Post:
        told = json.loads(post.body)
        return Post(told["url"], told["text"], self.platform.now())


async def patient(call: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer, or none for ever."""
    try:
        return call()
    except Hangs:
        await asyncio.Event().wait()
        raise


class Naming(Social):
    """An account whose posts we name ourselves."""

    def name(self, uri: str, now: int) -> str:
        if error := self.broken.get("name"):
            raise error
        return f"{now}-{uri.rpartition(':')[2]}"


class Settings(BaseModel):
    """No settings: the platform is in this process."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def social(platform: Platform, caps: Caps) -> Social:
    """A channel of that class."""
    return (Naming if caps.idempotency == "name" else Social)(platform, caps)


def plug(channel: Social) -> Any:  # noqa: ANN401  # a module, as the folder of channels holds them
    """The channel as a file of `channels/` would offer it."""
    return SimpleNamespace(Settings=Settings, open_channel=lambda settings, http: channel)  # noqa: ARG005
