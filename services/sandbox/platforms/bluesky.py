"""A PDS of the AT Protocol, as Bluesky's behaves: https://docs.bsky.app/docs/api/com-atproto-repo-put-record

300 graphemes and 3000 bytes of UTF-8, which is counted here; graphemes by the library `regex`. 5000
points an hour: 3 for a new record, 2 for a change, 1 for a delete. 30 logins in 5 minutes.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.world import Act, Post, World

NAME = "bluesky"
TITLE = "Bluesky"
LIMIT = "300 字、3000 位元組"
RENEWS = True
DID, HANDLE, PASSWORD = "did:plc:sandbox", "daily.sandbox", "sandbox-app-password"
POST = "app.bsky.feed.post"
MOST_GRAPHEMES, MOST_BYTES, MOST_LANGS, MOST_TAGS = 300, 3_000, 3, 8
MOST_THUMB_BYTES = 1_000_000
POINTS = (5_000, 3_600_000)
DELETES = POINTS
LOGINS = (30, 300_000)
COSTS: Mapping[str, int] = {"post": 3, "edit": 2, "delete": 1}
TID = regex.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")


def settings(address: str) -> Mapping[str, str]:
    """The only account."""
    return {"service": f"{address}/{NAME}", "identifier": HANDLE, "password": PASSWORD}


def open_platform(world: World) -> "Bluesky":
    """A server with one account."""
    return Bluesky(world)


class Bluesky:
    """One server, one account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._points, self._logins = world.budget(*POINTS), world.budget(*LOGINS)
        self._fresh: set[str] = set()
        handlers: dict[str, Handlers] = {
            "server.createSession": [("POST", "login", self._create_session)],
            "server.refreshSession": [("POST", "login", self._refresh_session)],
            "server.getSession": [("GET", "look", self._session)],
            "repo.uploadBlob": [("POST", "media", self._upload)],
            "repo.putRecord": [("POST", _act, self._put)],
            "repo.getRecord": [("GET", "look", self._get)],
            "repo.deleteRecord": [("POST", "delete", self._delete)],
        }
        self.routes = [
            route(self, world, NAME, f"/xrpc/com.atproto.{method}", who)
            for method, who in handlers.items()
        ]

    def refused(self) -> Response:
        """A record that it does not take."""
        return _error("InvalidRequest", "Invalid app.bsky.feed.post record")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        again = self._world.now() / 1_000 + seconds
        headers = {"ratelimit-remaining": "0", "ratelimit-reset": f"{again:.0f}"}
        told = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        return JSONResponse(told, 429, headers)

    async def _create_session(self, request: Request) -> Response:
        if wait := self._logins.wait_ms(self._world.now()):
            return self.limited(wait / 1_000)
        self._logins.take(self._world.now())
        sent = await request.json()
        if (sent.get("identifier"), sent.get("password")) != (HANDLE, PASSWORD):
            return _error("AuthenticationRequired", "Invalid identifier or password", 401)
        return self._tokens()

    async def _refresh_session(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").startswith("Bearer refresh-"):
            return _error("InvalidToken", "Token could not be verified")
        return self._tokens()

    async def _session(self, request: Request) -> Response:
        told = {"did": DID, "handle": HANDLE, "active": True}
        return self._refusal(request) or JSONResponse(told)

    async def _upload(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        content, media_type = await request.body(), request.headers["content-type"]
        cid = _cid(content)
        self._world.pictures[cid] = (media_type, content)
        blob = {
            "$type": "blob",
            "ref": {"$link": cid},
            "mimeType": media_type,
            "size": len(content),
        }
        return JSONResponse({"blob": blob})

    async def _put(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        sent = await request.json()
        if fault := self._fault(sent):
            return _error("InvalidRequest", fault)
        record, rkey = sent["record"], sent["rkey"]
        stands, cid = self._world.standing(NAME, rkey), _cid(record)
        before = _cid(stands.raw) if stands else None
        if before == cid:
            return self._told(rkey, cid)
        if sent.get("swapRecord", before) != before:
            return _error("InvalidSwap", f"Record was at {before}")
        if refusal := self._spent("edit" if stands else "post"):
            return refusal
        self._write(rkey, record, stands)
        return self._told(rkey, cid)

    async def _get(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        post = self._world.standing(NAME, request.query_params["rkey"])
        if post is None:
            return _error("RecordNotFound", "Could not locate record")
        uri = f"at://{DID}/{POST}/{post.id}"
        return JSONResponse({"uri": uri, "cid": _cid(post.raw), "value": post.raw})

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request) or self._spent("delete"):
            return refusal
        post = self._world.standing(NAME, (await request.json())["rkey"])
        if post is None:
            return JSONResponse({})
        post.deleted_at = self._world.now()
        return JSONResponse({"commit": {"cid": _cid(post.id)}})

    def _tokens(self) -> Response:
        number = self._world.number("login")
        access, refresh = f"access-{number}", f"refresh-{number}"
        self._fresh.add(f"Bearer {access}")
        if not self._world.suffers(NAME, "expired"):
            self._fresh.clear()
        told = {"accessJwt": access, "refreshJwt": refresh, "did": DID, "handle": HANDLE}
        return JSONResponse(told)

    def _refusal(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "")
        if not given.startswith("Bearer access-"):
            return _error("InvalidToken", "Token could not be verified")
        if self._world.suffers(NAME, "expired") and given not in self._fresh:
            return _error("ExpiredToken", "Token has expired")
        return None

    def _spent(self, act: str) -> Response | None:
        now = self._world.now()
        if wait := self._points.wait_ms(now):
            return self.limited(wait / 1_000)
        for _ in range(COSTS[act]):
            self._points.take(now)
        return None

    def _told(self, rkey: str, cid: str) -> Response:
        headers = dict(self._points.headers("ratelimit-", self._world.now()))
        return JSONResponse({"uri": f"at://{DID}/{POST}/{rkey}", "cid": cid}, headers=headers)

    def _fault(self, sent: Mapping[str, Any]) -> str:
        """Why a record is not taken, or ""."""
        if sent["repo"] not in (DID, HANDLE) or sent["collection"] != POST:
            return "Could not find repo or collection"
        if not TID.fullmatch(sent["rkey"]):
            return "Invalid TID string"
        record = sent["record"]
        if not record.get("createdAt"):
            return "createdAt is required"
        thumb = record.get("embed", {}).get("external", {}).get("thumb")
        if thumb and len(self._world.pictures[thumb["ref"]["$link"]][1]) > MOST_THUMB_BYTES:
            return f"blob too big (maximum {MOST_THUMB_BYTES})"
        fault = fault_of(record)
        return f"Invalid {POST} record: {fault}" if fault else ""

    def _write(self, rkey: str, record: dict[str, Any], stands: Post | None) -> None:
        card = record.get("embed", {}).get("external", {})
        thumb = card.get("thumb", {}).get("ref", {}).get("$link")
        now = self._world.now()
        self._world.put(
            Post(
                NAME,
                f"@{HANDLE}",
                rkey,
                record["text"],
                stands.made_at if stands else now,
                link=card.get("uri", ""),
                title=card.get("title", ""),
                summary=card.get("description", ""),
                pictures=(thumb,) if thumb else (),
                alts=("",) if thumb else (),
                language=next(iter(record.get("langs", [])), ""),
                length=length(record["text"]),
                edited_at=now if stands else 0,
                raw=record,
            )
        )


def length(text: str) -> str:
    """E.g. `43 / 300, 99 / 3000 B`."""
    graphemes = len(regex.findall(r"\X", text))
    return f"{graphemes} / {MOST_GRAPHEMES}, {len(text.encode())} / {MOST_BYTES} B"


def fault_of(record: Mapping[str, Any]) -> str:
    """What is wrong with a record, as the server's lexicon has it, or ""."""
    text, card = record.get("text"), record.get("embed", {}).get("external", {})
    if not isinstance(text, str):
        return "text is required"
    if len(text.encode()) > MOST_BYTES:
        return f"string too big (maximum {MOST_BYTES}, got {len(text.encode())})"
    if (count := len(regex.findall(r"\X", text))) > MOST_GRAPHEMES:
        return f"grapheme too big (maximum {MOST_GRAPHEMES}, got {count})"
    if len(record.get("langs", [])) > MOST_LANGS or len(record.get("tags", [])) > MOST_TAGS:
        return "array too big"
    if card and not str(card.get("uri", "")).startswith(("http://", "https://")):
        return "uri must be a uri"
    return ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text, and the address in the card."""
    return sent["text"], sent.get("embed", {}).get("external", {}).get("uri", "")


async def _act(request: Request) -> Act:
    """A record that must be new is a post."""
    sent = await request.json()
    return "post" if sent.get("swapRecord", "") is None else "edit"


def _cid(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
    return "bafy" + sha256(content).hexdigest()[:40]


def _error(name: str, message: str, status: int = 400) -> Response:
    return JSONResponse({"error": name, "message": message}, status)
