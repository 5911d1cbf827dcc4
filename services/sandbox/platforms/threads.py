"""Threads: https://developers.facebook.com/docs/threads

500 characters, of an emoji its UTF-8 bytes; 5 addresses with the attached one; a topic of 50
characters without `.` and `&`. 250 posts and 100 deletes in 24 hours
(https://developers.facebook.com/docs/threads/overview#rate-limiting). Nothing can be changed. A
container can be published once, within a day.
"""

from collections.abc import Mapping
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.graph import form_of, graph_error, instant, listed, no_such_object, usage
from services.sandbox.world import Post, World

NAME = "threads"
TITLE = "Threads"
LIMIT = "500 字，表情符號算位元組"
RENEWS = False
USER, TOKEN = "2700000000000001", "sandbox-threads-token"
MOST_CHARACTERS, MOST_LINKS, MOST_TOPIC = 500, 5, 50
DAY_MS = 86_400_000
POSTS, DELETES = (250, DAY_MS), (100, DAY_MS)
TOKEN_LASTS_S = 60 * 86_400
ADDRESS = regex.compile(r"https?://[!-~]+")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Regional_Indicator}|\uFE0F|\u20E3")


def settings(address: str) -> Mapping[str, str]:
    """The only account."""
    return {"address": f"{address}/{NAME}", "token": TOKEN}


def open_platform(world: World) -> "Threads":
    """One account."""
    return Threads(world)


class Threads:
    """One account, its tokens and its containers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens = {TOKEN}
        self._containers: dict[str, tuple[int, Mapping[str, str]]] = {}
        self._published: set[str] = set()
        self._posts, self._deletes = world.budget(*POSTS), world.budget(*DELETES)
        handlers: dict[str, Handlers] = {
            "/refresh_access_token": [("GET", "login", self._refresh)],
            "/v1.0/me": [("GET", "look", self._me)],
            "/v1.0/me/threads": [("GET", "look", self._latest), ("POST", "media", self._make)],
            "/v1.0/me/threads_publish": [("POST", "post", self._publish)],
            "/v1.0/me/threads_publishing_limit": [("GET", "look", self._limit)],
            "/v1.0/{thing}": [("GET", "look", self._show), ("DELETE", "delete", self._delete)],
        }
        self.routes = [route(self, world, NAME, path, who) for path, who in handlers.items()]

    def refused(self) -> Response:
        """A post that it will never take."""
        return graph_error(368, "The action attempted has been deemed abusive or is disallowed")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        headers = usage("threads", USER, 100, seconds)
        return graph_error(4, "Application request limit reached", 403, headers=headers)

    async def _refresh(self, request: Request) -> Response:
        query = request.query_params
        if query.get("grant_type") != "th_refresh_token":
            return graph_error(100, "Invalid grant_type")
        if refusal := self._refusal(f"Bearer {query.get('access_token')}"):
            return refusal
        token = f"{TOKEN}-{self._world.number('threads token')}"
        self._tokens.add(token)
        told = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_LASTS_S}
        return JSONResponse(told)

    async def _me(self, request: Request) -> Response:
        return self._asked(request) or JSONResponse({"id": USER, "username": "daily"})

    async def _make(self, request: Request) -> Response:
        if refusal := self._asked(request):
            return refusal
        sent = await form_of(request)
        if fault := fault_of(sent):
            return graph_error(100, fault)
        container = f"178{self._world.number('container'):014}"
        self._containers[container] = (self._world.now(), sent)
        return JSONResponse({"id": container})

    async def _publish(self, request: Request) -> Response:
        if refusal := self._asked(request):
            return refusal
        now, container = self._world.now(), (await form_of(request)).get("creation_id", "")
        if self._state(container) != "FINISHED":
            message = "The requested resource does not exist"
            return graph_error(24, message, subcode=4_279_009)
        if wait := self._posts.wait_ms(now):
            return self.limited(wait / 1_000)
        self._posts.take(now)
        self._published.add(container)
        sent = self._containers[container][1]
        name = f"180{self._world.number(NAME):014}"
        post = Post(NAME, "@daily", name, sent["text"], now, link=sent.get("link_attachment", ""))
        post.raw, post.length = dict(sent), f"{length(post.text)} / {MOST_CHARACTERS}"
        self._world.put(post)
        return JSONResponse({"id": name})

    async def _limit(self, request: Request) -> Response:
        now = self._world.now()
        told: dict[str, Any] = {}
        for prefix, budget in (("", self._posts), ("delete_", self._deletes)):
            budget.wait_ms(now)
            used = budget.most - int(budget.headers("", now)["remaining"])
            config = {"quota_total": budget.most, "quota_duration": 86_400}
            told |= {f"{prefix}quota_usage": used, f"{prefix}config": config}
        fields = request.query_params["fields"].split(",")
        return self._asked(request) or JSONResponse(
            {"data": [{name: told[name] for name in fields}]}
        )

    async def _show(self, request: Request) -> Response:
        name = request.path_params["thing"]
        if refusal := self._asked(request):
            return refusal
        if name in self._containers:
            return JSONResponse({"id": name, "status": self._state(name)})
        post = self._world.standing(NAME, name)
        return JSONResponse({"id": name}) if post else no_such_object(name)

    async def _latest(self, request: Request) -> Response:
        return self._asked(request) or listed(self._world.of(NAME), request, _shown)

    async def _delete(self, request: Request) -> Response:
        if refusal := self._asked(request):
            return refusal
        now, name = self._world.now(), request.path_params["thing"]
        if wait := self._deletes.wait_ms(now):
            return self.limited(wait / 1_000)
        post = self._world.standing(NAME, name)
        if post is None:
            return no_such_object(name)
        self._deletes.take(now)
        post.deleted_at = now
        return JSONResponse({"success": True, "deleted_id": name})

    def _state(self, container: str) -> str:
        if container in self._published:
            return "PUBLISHED"
        made_at, _ = self._containers.get(container, (0, {}))
        return "FINISHED" if self._world.now() - made_at < DAY_MS else "EXPIRED"

    def _asked(self, request: Request) -> Response | None:
        return self._refusal(request.headers.get("authorization", ""))

    def _refusal(self, given: str) -> Response | None:
        is_ours = given.removeprefix("Bearer ") in self._tokens
        if is_ours and not self._world.suffers(NAME, "expired"):
            return None
        return graph_error(190, "Error validating access token: it has expired", 401, subcode=463)


def length(text: str) -> int:
    """Characters, of an emoji its UTF-8 bytes."""
    return sum(
        len(one.encode()) if EMOJI.search(one) else len(one) for one in regex.findall(r"\X", text)
    )


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a container, or ""."""
    text, link, topic = (str(sent.get(n, "")) for n in ("text", "link_attachment", "topic_tag"))
    if sent.get("media_type") != "TEXT" or not text:
        return "text is required"
    if length(text) > MOST_CHARACTERS:
        return f"Param text must be at most {MOST_CHARACTERS} characters long"
    if len({*ADDRESS.findall(text), *filter(None, [link])}) > MOST_LINKS:
        return f"At most {MOST_LINKS} links"
    if link and not link.startswith(("http://", "https://")):
        return "link_attachment must be a url"
    is_topic = len(topic) <= MOST_TOPIC and not set(topic) & set(".&")
    return "" if is_topic else "topic_tag is not a topic"


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text, and the address of the card."""
    return sent["text"], sent.get("link_attachment", "")


def _shown(post: Post) -> Mapping[str, object]:
    return {
        "id": post.id,
        "timestamp": instant(post.made_at),
        "text": post.text,
        "link_attachment_url": post.link,
    }
