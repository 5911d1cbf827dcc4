"""X: https://docs.x.com/x-api/posts/create-post

280 weights: after NFC an address 23, an emoji 2, code points of four ranges 1, all others 2
(https://docs.x.com/fundamentals/counting-characters). 100 posts and 50 deletes in 15 minutes
(https://docs.x.com/x-api/fundamentals/rate-limits). The same words a second time are refused. A
refresh token counts once; an access token for two hours.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize
from urllib.parse import parse_qsl

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.budgets import Budget
from services.sandbox.door import Handlers, route
from services.sandbox.world import Post, World

NAME = "x"
TITLE = "X"
LIMIT = "280，漢字算 2，網址算 23"
RENEWS = True
USER = "1700000000000000001"
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-x-client-secret"
REFRESH = "sandbox-x-refresh-token"
SCOPE = "tweet.read tweet.write users.read offline.access"
MOST_WEIGHT, ADDRESS_WEIGHS, EMOJI_WEIGHS = 280, 23, 2
WINDOW_MS = 900_000
POSTS, DELETES = (100, WINDOW_MS), (50, WINDOW_MS)
TOKEN_LASTS_S = 7_200
FIRST_ID = 1_990_000_000_000_000_000
LEAST_LISTED, MOST_LISTED = 5, 100
PART = regex.compile(
    r"(?P<address>(?<![A-Za-z0-9@＠$#＃\u202a-\u202e])https?://[!-~]+)"
    r"|(?P<emoji>\p{RI}{2}|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[©®])\p{EMod}?\uFE0F?"
    r"(?:\u200D\p{Extended_Pictographic}\p{EMod}?\uFE0F?)*)"
    r"|(?P<light>[\0-\u10FF\u2000-\u200D\u2010-\u201F\u2032-\u2037])"
    r"|(?P<heavy>(?s:.))"
)
WEIGHTS = {"address": ADDRESS_WEIGHS, "emoji": EMOJI_WEIGHS, "light": 1, "heavy": 2}
PROBLEM = "https://api.twitter.com/2/problems/resource-not-found"


def settings(address: str) -> Mapping[str, str]:
    """The only account, and money enough."""
    return {
        "address": f"{address}/{NAME}",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
        "monthly_budget_usd": "1000",
    }


def open_platform(world: World) -> "X":
    """One account."""
    return X(world)


class X:
    """One account, its login and its posts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts, self._deletes = world.budget(*POSTS), world.budget(*DELETES)
        self._refresh = REFRESH
        self._tokens: dict[str, int] = {}
        self._fresh: set[str] = set()
        handlers: dict[str, Handlers] = {
            "/2/oauth2/token": [("POST", "login", self._give)],
            "/2/users/me": [("GET", "look", self._me)],
            f"/2/users/{USER}/tweets": [("GET", "look", self._latest)],
            "/2/tweets": [("POST", "post", self._post)],
            "/2/tweets/{post}": [
                ("GET", "look", self._show),
                ("DELETE", "delete", self._delete),
            ],
        }
        self.routes = [route(self, world, NAME, path, who) for path, who in handlers.items()]

    def refused(self) -> Response:
        """A post that it will never take."""
        return _problem(403, "Forbidden", "You are not permitted to perform this action.")

    def limited(self, seconds: float) -> Response:
        """One call too many."""
        reset = str(int(self._world.now() / 1_000 + seconds + 0.999))
        headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
        return _problem(429, "Too Many Requests", "Too Many Requests", headers)

    async def _give(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        pair = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            told = {"error": "unauthorized_client", "error_description": "Missing valid header"}
            return JSONResponse(told, 401)
        asked = form.get("grant_type"), form.get("refresh_token")
        if asked != ("refresh_token", self._refresh):
            invalid = "Value passed for the token was invalid."
            return JSONResponse({"error": "invalid_request", "error_description": invalid}, 400)
        number = self._world.number("x login")
        access, self._refresh = f"x-access-token-{number}", f"{REFRESH}-{number}"
        self._tokens[access] = self._world.now() + TOKEN_LASTS_S * 1_000
        if not self._world.suffers(NAME, "expired"):
            self._fresh.clear()
        self._fresh.add(access)
        return JSONResponse(
            {
                "token_type": "bearer",
                "expires_in": TOKEN_LASTS_S,
                "access_token": access,
                "refresh_token": self._refresh,
                "scope": SCOPE,
            }
        )

    async def _me(self, request: Request) -> Response:
        me = {"id": USER, "name": "每日新聞", "username": "daily"}
        return self._refusal(request) or JSONResponse({"data": me})

    async def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        now, sent = self._world.now(), await request.json()
        if wait := self._posts.wait_ms(now):
            return self.limited(wait / 1_000)
        if fault := fault_of(sent):
            return _problem(400, "Invalid Request", fault)
        if any(post.text == sent["text"] for post in self._world.of(NAME)):
            same = "You are not allowed to create a Tweet with duplicate content."
            return _problem(403, "Forbidden", same)
        self._posts.take(now)
        name = str(FIRST_ID + self._world.number(NAME))
        post = Post(NAME, "@daily", name, sent["text"], now, raw=sent)
        post.length = f"{length(post.text)} / {MOST_WEIGHT}"
        self._world.put(post)
        data = {"id": name, "text": post.text, "edit_history_tweet_ids": [name]}
        return JSONResponse({"data": data}, 201, self._left(self._posts))

    async def _show(self, request: Request) -> Response:
        name = request.path_params["post"]
        post = self._world.standing(NAME, name)
        if refusal := self._refusal(request):
            return refusal
        if post:
            return JSONResponse({"data": _shown(post)})
        error = {"title": "Not Found Error", "type": PROBLEM, "resource_type": "tweet"}
        return JSONResponse({"errors": [{**error, "value": name, "detail": "Could not find it"}]})

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        now = self._world.now()
        if wait := self._deletes.wait_ms(now):
            return self.limited(wait / 1_000)
        self._deletes.take(now)
        post = self._world.standing(NAME, request.path_params["post"])
        if post:
            post.deleted_at = now
        return JSONResponse({"data": {"deleted": True}}, headers=self._left(self._deletes))

    async def _latest(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        query = request.query_params
        start = datetime.fromisoformat(query["start_time"]).timestamp() * 1_000
        most, begin = int(query["max_results"]), int(query.get("pagination_token", "0"))
        if not LEAST_LISTED <= most <= MOST_LISTED:
            return _problem(400, "Invalid Request", "max_results is not between 5 and 100")
        found = [post for post in self._world.of(NAME)[::-1] if post.made_at >= start]
        page = found[begin : begin + most]
        more = {"next_token": str(begin + most)} if begin + most < len(found) else {}
        data = {"data": [_shown(post) for post in page]} if page else {}
        return JSONResponse({**data, "meta": {"result_count": len(page), **more}})

    def _refusal(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_stale = self._world.suffers(NAME, "expired") and token not in self._fresh
        if self._tokens.get(token, 0) > self._world.now() and not is_stale:
            return None
        return _problem(401, "Unauthorized", "Unauthorized")

    def _left(self, budget: Budget) -> Mapping[str, str]:
        headers = dict(budget.headers("x-rate-limit-", self._world.now()))
        del headers["x-rate-limit-reset-after"]
        reset = int(float(headers["x-rate-limit-reset"]) + 0.999)
        return headers | {"x-rate-limit-reset": str(reset)}


def length(text: str) -> int:
    """The weight of a text."""
    return sum(WEIGHTS[part.lastgroup] for part in PART.finditer(normalize("NFC", text)))


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a post, or ""."""
    text = sent.get("text")
    if not isinstance(text, str) or not text.strip() or sent.keys() - {"text"}:
        return "One or more parameters to your request was invalid."
    return "Your Tweet text is too long." if length(text) > MOST_WEIGHT else ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text; X makes the card by itself."""
    return sent["text"], ""


def _shown(post: Post) -> Mapping[str, object]:
    """A post as the API shows it: addresses are in its entities."""
    addresses = [
        {"url": "https://t.co/sandbox", "expanded_url": part.group()}
        for part in PART.finditer(post.text)
        if part.lastgroup == "address"
    ]
    made = datetime.fromtimestamp(post.made_at / 1_000, UTC)
    return {
        "id": post.id,
        "text": post.text,
        "created_at": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "entities": {"urls": addresses},
    }


def _problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    told = {"title": title, "detail": detail, "type": "about:blank", "status": status}
    return JSONResponse(told, status, headers)
