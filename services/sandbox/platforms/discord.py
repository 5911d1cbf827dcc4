"""Discord's webhooks: https://discord.com/developers/docs/resources/webhook

`content` has at most 2000 characters: those of Python, which are code points, counted here. Five
posts in two seconds, as webhooks are known to have; deletes are counted apart.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import route
from services.sandbox.world import Post, World

NAME = "discord"
TITLE = "Discord"
LIMIT = "2000 字元"
RENEWS = False
MOST_CHARACTERS = 2_000
BOLD = re.compile(r"\*\*((?:\\.|[^\\*])+)\*\*|((?:\\.|[^\\*]|\*(?!\*))+)", re.DOTALL)
"""Bold words, or others; a backslash takes its meaning from the sign behind it."""
WEBHOOK, TOKEN = "1310000000000000001", "sandbox-webhook-token"
FIRST_ID = 1_310_000_000_000_100_000
POSTS = DELETES = (5, 2_000)


def settings(address: str) -> Mapping[str, str]:
    """The webhook of the only channel."""
    return {"url": f"{address}/{NAME}/api/webhooks/{WEBHOOK}/{TOKEN}"}


def open_platform(world: World) -> "Discord":
    """One server with one channel with one webhook."""
    return Discord(world)


class Discord:
    """One webhook."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts = world.budget(*POSTS)
        self._deletes = world.budget(*DELETES)
        base = "/api/webhooks/{webhook}/{token}"
        message = base + "/messages/{message}"
        self.routes = [
            route(
                self, world, NAME, base, [("GET", "look", self._me), ("POST", "post", self._post)]
            ),
            route(
                self,
                world,
                NAME,
                message,
                [
                    ("GET", "look", self._show),
                    ("PATCH", "edit", self._edit),
                    ("DELETE", "delete", self._delete),
                ],
            ),
        ]

    def refused(self) -> Response:
        """A body that Discord does not take."""
        return _error(400, 50_035, "Invalid Form Body")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        told = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
        return JSONResponse(told, 429, {"retry-after": str(max(1, round(seconds)))})

    async def _me(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        return JSONResponse({"id": WEBHOOK, "type": 1, "name": "sandbox", "channel_id": "1"})

    async def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        now = self._world.now()
        if wait := self._posts.wait_ms(now):
            return self.limited(wait / 1_000)
        sent = await request.json()
        if fault_of(sent):
            return self.refused()
        self._posts.take(now)
        post_id = str(FIRST_ID + self._world.number(NAME))
        post = Post(NAME, "#news", post_id, "", now)
        self._write(post, sent)
        if request.query_params.get("wait") != "true":
            return Response(status_code=204)
        return self._shown(post, self._posts.headers("x-ratelimit-", now))

    async def _edit(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        post = self._world.standing(NAME, request.path_params["message"])
        if post is None:
            return _error(404, 10_008, "Unknown Message")
        sent = await request.json()
        if fault_of(sent):
            return self.refused()
        post.edited_at = self._world.now()
        self._write(post, sent)
        return self._shown(post)

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        now = self._world.now()
        if wait := self._deletes.wait_ms(now):
            return self.limited(wait / 1_000)
        post = self._world.standing(NAME, request.path_params["message"])
        if post is None:
            return _error(404, 10_008, "Unknown Message")
        self._deletes.take(now)
        post.deleted_at = now
        return Response(status_code=204, headers=self._deletes.headers("x-ratelimit-", now))

    async def _show(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        post = self._world.standing(NAME, request.path_params["message"])
        return self._shown(post) if post else _error(404, 10_008, "Unknown Message")

    def _refusal(self, request: Request) -> Response | None:
        if self._world.suffers(NAME, "expired") or request.path_params["webhook"] != WEBHOOK:
            return _error(404, 10_015, "Unknown Webhook")
        if request.path_params["token"] != TOKEN:
            return _error(401, 50_027, "Invalid Webhook Token")
        return None

    def _write(self, post: Post, sent: dict[str, str]) -> None:
        post.text, post.raw, post.marked = sent["content"], sent, shown(sent["content"])
        post.length = f"{len(post.text)} / {MOST_CHARACTERS}"
        self._world.put(post)

    def _shown(self, post: Post, headers: Mapping[str, str] | None = None) -> Response:
        told = {"id": post.id, "channel_id": "1", "webhook_id": WEBHOOK, "content": post.text}
        return JSONResponse(told, headers=dict(headers or {}))


def shown(content: str) -> tuple[tuple[bool, str], ...]:
    """Bold and plain words, without the backslashes before signs that mean nothing."""
    found = []
    for bold, plain in BOLD.findall(content):
        words = re.sub(r"\\(.)", r"\1", bold or plain)
        found.append((bool(bold), words))
    return tuple(found)


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a message, or ""."""
    content = sent.get("content")
    if not isinstance(content, str) or not content:
        return "content: this field is required"
    return "content: too long" if len(content) > MOST_CHARACTERS else ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text; Discord makes the card by itself."""
    return sent["content"], ""


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"message": message, "code": code}, status)
