"""A Mastodon server: https://docs.joinmastodon.org/methods/statuses/

500 graphemes, every address counts 23: addresses are found by a pattern of its own, graphemes by
the library `regex`. Per account 300 calls in 5 minutes, 30 uploads and 30 deletes in 30 minutes
(https://docs.joinmastodon.org/api/rate-limits/). A key is remembered for an hour.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.forms import parts
from services.sandbox.world import Post, World

NAME = "mastodon"
TITLE = "Mastodon"
LIMIT = "500 字，網址算 23"
RENEWS = False
TOKEN = "sandbox-mastodon-token"  # noqa: S105
ACCOUNT = "109"
MOST_CHARACTERS, ADDRESS_COUNTS = 500, 23
CALLS, UPLOADS, DELETES = (300, 300_000), (30, 1_800_000), (30, 1_800_000)
KEY_LASTS_MS = 3_600_000
FIRST_ID = 113_000_000_000_000_000
ADDRESS = regex.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
SCOPES = ["read", "write:statuses", "write:media"]


def settings(address: str) -> Mapping[str, str]:
    """The only account."""
    return {"server": f"{address}/{NAME}", "token": TOKEN}


def open_platform(world: World) -> "Mastodon":
    """A server with one account."""
    return Mastodon(world)


def length(text: str) -> int:
    """Graphemes, addresses as 23 of them."""
    return len(regex.findall(r"\X", ADDRESS.sub("x" * ADDRESS_COUNTS, text)))


class Mastodon:
    """One server, one account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets = {
            "post": world.budget(*CALLS),
            "media": world.budget(*UPLOADS),
            "delete": world.budget(*DELETES),
        }
        self._keys: dict[str, tuple[int, str]] = {}
        self._processing: set[str] = set()
        handlers: dict[str, Handlers] = {
            "/api/v2/instance": [("GET", "look", self._instance)],
            "/api/v1/accounts/verify_credentials": [("GET", "look", self._me)],
            "/api/v1/apps/verify_credentials": [("GET", "look", self._app)],
            "/api/v1/accounts/{account}/statuses": [("GET", "look", self._latest)],
            "/api/v2/media": [("POST", "media", self._upload)],
            "/api/v1/media/{media}": [("GET", "look", self._media)],
            "/api/v1/statuses": [("POST", "post", self._post)],
            "/api/v1/statuses/{status}": [
                ("GET", "look", self._show),
                ("PUT", "edit", self._edit),
                ("DELETE", "delete", self._delete),
            ],
        }
        self.routes = [route(self, world, NAME, path, who) for path, who in handlers.items()]

    def refused(self) -> Response:
        """A status that it does not take."""
        return JSONResponse({"error": "Validation failed: Text is not allowed"}, 422)

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        return JSONResponse(
            {"error": "Too many requests"}, 429, {"retry-after": str(round(seconds))}
        )

    async def _instance(self, _: Request) -> Response:
        statuses = {
            "max_characters": MOST_CHARACTERS,
            "characters_reserved_per_url": ADDRESS_COUNTS,
            "max_media_attachments": 4,
        }
        return JSONResponse({"domain": "sandbox", "configuration": {"statuses": statuses}})

    async def _me(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"id": ACCOUNT, "username": "daily"})

    async def _app(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"name": "wiredesk", "scopes": SCOPES})

    async def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent("post"):
            return refusal
        now, key = self._world.now(), request.headers.get("idempotency-key", "")
        at, known = self._keys.get(key, (0, ""))
        post = self._world.standing(NAME, known)
        if post and now - at < KEY_LASTS_MS and not self._world.suffers(NAME, "forgetful"):
            return JSONResponse(_shown(post), headers=self._budget("post"))
        post = Post(NAME, "@daily@sandbox", str(FIRST_ID + self._world.number(NAME)), "", now)
        if refusal := self._write(post, await request.json()):
            return refusal
        if key:
            self._keys[key] = (now, post.id)
        return JSONResponse(_shown(post), headers=self._budget("post"))

    async def _edit(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent("post"):
            return refusal
        post = self._world.standing(NAME, request.path_params["status"])
        if post is None:
            return _not_found()
        if refusal := self._write(post, await request.json()):
            return refusal
        post.edited_at = self._world.now()
        return JSONResponse(_shown(post), headers=self._budget("post"))

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent("delete"):
            return refusal
        post = self._world.standing(NAME, request.path_params["status"])
        if post is None:
            return _not_found()
        post.deleted_at = self._world.now()
        return JSONResponse(_shown(post), headers=self._budget("delete"))

    async def _show(self, request: Request) -> Response:
        post = self._world.standing(NAME, request.path_params["status"])
        return self._refusal(request) or (JSONResponse(_shown(post)) if post else _not_found())

    async def _latest(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        limit = min(int(request.query_params.get("limit", "20")), 40)
        before = int(request.query_params.get("max_id", str(2**63)))
        older = [post for post in self._world.of(NAME)[::-1] if int(post.id) < before]
        return JSONResponse([_shown(post) for post in older[:limit]])

    async def _upload(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent("media"):
            return refusal
        fields = parts(await request.body(), request.headers["content-type"])
        media_type, content = fields.get("file", ("", b""))
        if not media_type.startswith("image/"):
            return JSONResponse({"error": "Validation failed: File type is not supported"}, 422)
        name = str(self._world.number("media"))
        self._world.pictures[name] = (media_type, content)
        self._world.alts[name] = fields.get("description", ("", b""))[1].decode()
        self._processing.add(name)
        return JSONResponse({"id": name, "type": "image", "url": None}, 202)

    async def _media(self, request: Request) -> Response:
        name = request.path_params["media"]
        if name not in self._world.pictures:
            return _not_found()
        is_ready = name not in self._processing
        self._processing.discard(name)
        return JSONResponse({"id": name, "type": "image"}, 200 if is_ready else 206)

    def _refusal(self, request: Request) -> Response | None:
        is_ours = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if is_ours and not self._world.suffers(NAME, "expired"):
            return None
        return JSONResponse({"error": "The access token is invalid"}, 401)

    def _spent(self, kind: str) -> Response | None:
        budget, now = self._budgets[kind], self._world.now()
        if wait := budget.wait_ms(now):
            return JSONResponse(
                {"error": "Too many requests"},
                429,
                dict(self._budget(kind)) | {"retry-after": str(-(-wait // 1_000))},
            )
        budget.take(now)
        return None

    def _budget(self, kind: str) -> Mapping[str, str]:
        headers = dict(self._budgets[kind].headers("x-ratelimit-", self._world.now()))
        del headers["x-ratelimit-reset-after"]
        reset = datetime.fromtimestamp(float(headers["x-ratelimit-reset"]), UTC)
        return headers | {"x-ratelimit-reset": reset.isoformat().replace("+00:00", "Z")}

    def _write(self, post: Post, sent: dict[str, Any]) -> Response | None:
        """Let the post say what was sent, or the refusal."""
        if fault := fault_of(sent):
            return JSONResponse({"error": f"Validation failed: {fault}"}, 422)
        media = sent.get("media_ids") or []
        if any(name not in self._world.pictures or name in self._processing for name in media):
            unfinished = "Cannot attach files that have not finished processing"
            return JSONResponse({"error": unfinished}, 422)
        post.text, post.warning, post.raw = sent["status"], sent.get("spoiler_text") or "", sent
        post.language = sent.get("language") or ""
        post.pictures, post.alts = tuple(media), tuple(self._world.alts[name] for name in media)
        post.length = f"{length(post.text) + length(post.warning)} / {MOST_CHARACTERS}"
        self._world.put(post)
        return None


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a status, or ""."""
    text, warning = sent.get("status") or "", sent.get("spoiler_text") or ""
    if length(text) + length(warning) > MOST_CHARACTERS:
        return f"Text character limit of {MOST_CHARACTERS} exceeded"
    return "" if text.strip() or sent.get("media_ids") else "Text can't be blank"


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text; every server makes the card by itself."""
    return sent["status"], ""


def _shown(post: Post) -> Mapping[str, object]:
    """A status as the API shows it: its text is HTML there."""

    def linked(found: regex.Match[str]) -> str:
        return f'<a href="{found.group()}">{found.group()}</a>'

    made = datetime.fromtimestamp(post.made_at / 1_000, UTC)
    return {
        "id": post.id,
        "created_at": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content": f"<p>{ADDRESS.sub(linked, escape(post.text))}</p>",
        "language": post.language,
        "spoiler_text": post.warning,
        "media_attachments": [{"id": name, "type": "image"} for name in post.pictures],
    }


def _not_found() -> Response:
    return JSONResponse({"error": "Record not found"}, 404)
