"""Slack's Web API: https://docs.slack.dev/reference/methods

One app in one channel. What is refused comes with status 200 and `ok: false`; only too many calls
are answered with 429. A message has 40,000 characters at most. One message a second is let through,
ten at once at most; 50 changes and 50 deletes a minute. Addresses are kept between < and >.
"""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.world import Post, World

NAME = "slack"
TITLE = "Slack"
LIMIT = "40000 字元"
RENEWS = False
TOKEN = "xoxb-sandbox-slack-token"  # noqa: S105
CHANNEL, BOT_ID = "C0SANDBOX", "B0SANDBOX"
SCOPES = "chat:write,channels:history"
MOST_CHARACTERS = 40_000
POSTS, EDITS, DELETES = (10, 10_000), (50, 60_000), (50, 60_000)
ADDRESS = re.compile(r"(?<![<|])https?://[!-;=?-~]+")
LINK = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")


def settings(address: str) -> Mapping[str, str]:
    """The only app, in the only channel."""
    return {"server": f"{address}/{NAME}", "token": TOKEN, "channel": CHANNEL}


def open_platform(world: World) -> "Slack":
    """One workspace with one channel and one app."""
    return Slack(world)


class Slack:
    """One app, one channel."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets = {
            "post": world.budget(*POSTS),
            "edit": world.budget(*EDITS),
            "delete": world.budget(*DELETES),
        }
        handlers: dict[str, Handlers] = {
            "auth.test": [("GET", "look", self._me)],
            "conversations.history": [("GET", "look", self._history)],
            "chat.postMessage": [("POST", "post", self._post)],
            "chat.update": [("POST", "edit", self._update)],
            "chat.delete": [("POST", "delete", self._delete)],
        }
        self.routes = [
            route(self, world, NAME, f"/api/{method}", who) for method, who in handlers.items()
        ]

    def refused(self) -> Response:
        """A message that it does not take."""
        return _no("invalid_blocks")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        wait = {"retry-after": str(max(1, round(seconds)))}
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, wait)

    async def _me(self, request: Request) -> Response:
        me = {"team": "每日新聞", "user": "daily", "bot_id": BOT_ID}
        return self._refusal(request) or _yes(me)

    async def _history(self, request: Request) -> Response:
        words = request.query_params
        if refusal := self._refusal(request) or _elsewhere(words):
            return refusal
        oldest, latest = float(words.get("oldest", "0")), float(words.get("latest", "1e12"))
        is_inclusive = words.get("inclusive") == "true"
        found = [
            _shown(post)
            for post in self._world.of(NAME)[::-1]
            if oldest < float(post.id) < latest
            or (is_inclusive and float(post.id) in (oldest, latest))
        ]
        at, limit = int(words.get("cursor") or "0"), int(words.get("limit", "100"))
        more = str(at + limit) if len(found) > at + limit else ""
        page = {"messages": found[at : at + limit], "has_more": bool(more)}
        return _yes({**page, "response_metadata": {"next_cursor": more}})

    async def _post(self, request: Request) -> Response:
        sent = await request.json()
        if refusal := self._refusal(request) or _elsewhere(sent) or self._spent("post"):
            return refusal
        if fault := fault_of(sent):
            return _no(fault)
        now = self._world.now()
        name = f"{now // 1_000}.{self._world.number(NAME):06d}"
        post = Post(NAME, "#news", name, "", now)
        self._write(post, sent)
        return _yes({"channel": CHANNEL, "ts": name, "message": _shown(post)})

    async def _update(self, request: Request) -> Response:
        sent = await request.json()
        if refusal := self._refusal(request) or _elsewhere(sent) or self._spent("edit"):
            return refusal
        post = self._world.standing(NAME, str(sent.get("ts")))
        if fault := fault_of(sent) or ("" if post else "message_not_found"):
            return _no(fault)
        if post:
            post.edited_at = self._world.now()
            self._write(post, sent)
        return _yes({"channel": CHANNEL, "ts": sent["ts"], "text": sent["text"]})

    async def _delete(self, request: Request) -> Response:
        sent = await request.json()
        if refusal := self._refusal(request) or _elsewhere(sent) or self._spent("delete"):
            return refusal
        post = self._world.standing(NAME, str(sent.get("ts")))
        if post is None:
            return _no("message_not_found")
        post.deleted_at = self._world.now()
        return _yes({"channel": CHANNEL, "ts": post.id})

    def _refusal(self, request: Request) -> Response | None:
        is_ours = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if is_ours and not self._world.suffers(NAME, "expired"):
            return None
        return _no("token_expired" if is_ours else "invalid_auth")

    def _spent(self, kind: str) -> Response | None:
        budget, now = self._budgets[kind], self._world.now()
        if wait := budget.wait_ms(now):
            return self.limited(-(-wait // 1_000))
        budget.take(now)
        return None

    def _write(self, post: Post, sent: dict[str, Any]) -> None:
        post.raw, post.text = sent, shown(sent["text"])
        post.length = f"{len(sent['text'])} / {MOST_CHARACTERS}"
        self._world.put(post)


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a message, or ""."""
    text = sent.get("text")
    if not isinstance(text, str) or not text.strip():
        return "no_text"
    return "msg_too_long" if len(text) > MOST_CHARACTERS else ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text; Slack makes the card by itself."""
    return sent["text"], ""


def shown(text: str) -> str:
    """The text as readers see it, but for what is bold."""
    text = LINK.sub(lambda found: found.group(2) or found.group(1), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(post: Post) -> Mapping[str, object]:
    """A message as the history has it: every address between < and >."""
    text = ADDRESS.sub(lambda found: f"<{found.group()}>", post.raw["text"])
    return {"type": "message", "ts": post.id, "bot_id": BOT_ID, "text": text}


def _elsewhere(words: Mapping[str, Any]) -> Response | None:
    return None if words.get("channel") == CHANNEL else _no("channel_not_found")


def _yes(told: Mapping[str, object]) -> Response:
    return JSONResponse({"ok": True, **told}, headers={"x-oauth-scopes": SCOPES})


def _no(error: str) -> Response:
    return JSONResponse({"ok": False, "error": error}, headers={"x-oauth-scopes": SCOPES})
