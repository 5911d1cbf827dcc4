"""A Facebook Page: https://developers.facebook.com/docs/pages-api/posts

63,206 characters, counted here as code points. One engaged reader allows 4800 calls in 24 hours,
posts and deletes together; how much of that is used stands in a header. Words that stand there with
the same link are refused with 506: what Facebook takes for the same, it does not document.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.graph import form_of, graph_error, instant, listed, no_such_object, usage
from services.sandbox.world import Post, World

NAME = "facebook"
TITLE = "Facebook"
LIMIT = "63206 字元"
RENEWS = False
PAGE, TOKEN = "104000000000001", "sandbox-facebook-token"
VERSION = "/v26.0"
MOST_CHARACTERS = 63_206
CALLS = DELETES = (4_800, 86_400_000)
GRANTED = ("pages_manage_posts", "pages_read_engagement")


def settings(address: str) -> Mapping[str, str]:
    """The only page."""
    return {"address": f"{address}/{NAME}{VERSION}", "page": PAGE, "token": TOKEN}


def open_platform(world: World) -> "Facebook":
    """One page."""
    return Facebook(world)


class Facebook:
    """One page and its token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calls = world.budget(*CALLS)
        handlers: dict[str, Handlers] = {
            "/me": [("GET", "look", self._me)],
            "/me/permissions": [("GET", "look", self._permissions)],
            "/{page}/feed": [("POST", "post", self._post)],
            "/{page}/published_posts": [("GET", "look", self._latest)],
            "/{post}": [
                ("GET", "look", self._show),
                ("POST", "edit", self._edit),
                ("DELETE", "delete", self._delete),
            ],
        }
        self.routes = [
            route(self, world, NAME, VERSION + path, who) for path, who in handlers.items()
        ]

    def refused(self) -> Response:
        """A post that it will never take."""
        return graph_error(368, "The action attempted has been deemed abusive or is disallowed")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        return graph_error(
            32, "Page request limit reached", 403, headers=usage("pages", PAGE, 100, seconds)
        )

    async def _me(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"id": PAGE, "name": "每日新聞"})

    async def _permissions(self, request: Request) -> Response:
        granted = [{"permission": name, "status": "granted"} for name in GRANTED]
        return self._refusal(request) or JSONResponse({"data": granted})

    async def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent():
            return refusal
        sent = await form_of(request)
        if fault := fault_of(sent):
            return graph_error(100, fault)
        told = sent.get("message", ""), sent.get("link", "")
        if any((post.text, post.link) == told for post in self._world.of(NAME)):
            return graph_error(506, "Duplicate status message")
        name = f"{PAGE}_{self._world.number(NAME)}"
        post = Post(NAME, "每日新聞", name, "", self._world.now(), link=told[1])
        self._write(post, sent)
        return JSONResponse({"id": name}, headers=self._used())

    async def _edit(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent():
            return refusal
        post = self._world.standing(NAME, request.path_params["post"])
        if post is None:
            return no_such_object(request.path_params["post"])
        sent = await form_of(request)
        if sent.keys() - {"message"}:
            return graph_error(100, "Only the message of a post can be changed")
        if fault := fault_of(sent):
            return graph_error(100, fault)
        post.edited_at = self._world.now()
        self._write(post, sent)
        return JSONResponse({"success": True}, headers=self._used())

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent():
            return refusal
        post = self._world.standing(NAME, request.path_params["post"])
        if post is None:
            return no_such_object(request.path_params["post"])
        post.deleted_at = self._world.now()
        return JSONResponse({"success": True}, headers=self._used())

    async def _show(self, request: Request) -> Response:
        name = request.path_params["post"]
        post = self._world.standing(NAME, name)
        return self._refusal(request) or (
            JSONResponse({"id": post.id}) if post else no_such_object(name)
        )

    async def _latest(self, request: Request) -> Response:
        return self._refusal(request) or listed(self._world.of(NAME), request, _shown)

    def _refusal(self, request: Request) -> Response | None:
        is_ours = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if not is_ours or self._world.suffers(NAME, "expired"):
            return graph_error(190, "Error validating access token: it has expired", subcode=463)
        page = request.path_params.get("page", PAGE)
        return None if page == PAGE else no_such_object(page)

    def _spent(self) -> Response | None:
        now = self._world.now()
        if wait := self._calls.wait_ms(now):
            return self.limited(wait / 1_000)
        self._calls.take(now)
        return None

    def _used(self) -> Mapping[str, str]:
        left = int(self._calls.headers("", self._world.now())["remaining"])
        return usage("pages", PAGE, 100 - ceil(100 * left / CALLS[0]))

    def _write(self, post: Post, sent: Mapping[str, Any]) -> None:
        post.text, post.raw = sent.get("message", ""), {**post.raw, **sent}
        post.length = f"{len(post.text)} / {MOST_CHARACTERS}"
        self._world.put(post)


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a post, or ""."""
    message, link = sent.get("message", ""), sent.get("link", "")
    if not isinstance(message, str) or not (message or link):
        return "Missing message or attachment"
    if link and not str(link).startswith(("http://", "https://")):
        return "link must be a url"
    return "The message is too long" if len(message) > MOST_CHARACTERS else ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The words, and the address of the card."""
    return sent["message"], sent.get("link", "")


def _shown(post: Post) -> Mapping[str, object]:
    """A post in a list; its card has the address as it is, and wrapped."""
    card = {"unshimmed_url": post.link, "url": f"https://l.facebook.com/l.php?u={post.link}&h=AT"}
    return {
        "id": post.id,
        "created_time": instant(post.made_at),
        "message": post.text,
        "attachments": {"data": [card]},
    }
