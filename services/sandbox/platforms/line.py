"""LINE's Messaging API: https://developers.line.biz/en/reference/messaging-api/

Five messages a call; 5000 UTF-16 units of a text and 1500 of what stands for a card in lists,
counted here. A retry key is a UUID, known for 24 hours: what comes again under it is answered with
409. 60 broadcasts an hour, and a month's messages, each counted for every follower. Nothing is ever
edited or deleted.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.world import Post, World

NAME = "line"
TITLE = "LINE"
LIMIT = "5000 個 UTF-16 單位"
RENEWS = False
SAYS_WHEN = False
"""A refusal does not say when to come back."""
TOKEN = "sandbox-line-token"  # noqa: S105
FOLLOWERS, QUOTA = 10, 2_000
MOST_MESSAGES, MOST_TEXT, MOST_ALT_TEXT, MOST_RECEIVERS = 5, 5_000, 1_500, 500
KEY_LASTS_MS = 24 * 3_600_000
CALLS = (60, 3_600_000)
DELETES = (0, 0)
TOKYO = timezone(timedelta(hours=9))


def settings(address: str) -> Mapping[str, str]:
    """The only account."""
    return {"server": f"{address}/{NAME}", "token": TOKEN}


def open_platform(world: World) -> "Line":
    """One official account with some followers."""
    return Line(world)


class Line:
    """One official account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calls = world.budget(*CALLS)
        self._keys: dict[str, tuple[int, str]] = {}
        handlers: dict[str, Handlers] = {
            "info": [("GET", "look", self._me)],
            "message/quota": [("GET", "look", self._quota)],
            "message/quota/consumption": [("GET", "look", self._consumption)],
            "message/broadcast": [("POST", "post", self._post)],
            "message/multicast": [("POST", "post", self._post)],
        }
        self.routes = [
            route(self, world, NAME, f"/v2/bot/{path}", who) for path, who in handlers.items()
        ]

    def refused(self) -> Response:
        """A body that it does not take."""
        return self._wrong("messages[0].text: may not be empty")

    def limited(self, seconds: float) -> Response:  # noqa: ARG002
        """One call too many."""
        return self._error(429, "The API rate limit has been exceeded. Try again later.")

    async def _me(self, request: Request) -> Response:
        me = {"userId": "U" + "0" * 32, "basicId": "@daily", "displayName": "每日新聞"}
        return self._refusal(request) or JSONResponse(me)

    async def _quota(self, request: Request) -> Response:
        is_limited = self._world.has_budgets
        told = {"type": "limited", "value": QUOTA} if is_limited else {"type": "none"}
        return self._refusal(request) or JSONResponse(told)

    async def _consumption(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"totalUsage": self._used()})

    async def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        now, key = self._world.now(), request.headers.get("x-line-retry-key", "")
        sent = await request.json()
        receivers = len(sent["to"]) if "to" in sent else FOLLOWERS
        refusal = self._repeated(key, now) or self._spent(receivers * len(sent["messages"]), now)
        if fault := fault_of(sent):
            refusal = self._wrong(fault)
        if refusal:
            return refusal
        self._calls.take(now)
        post = self._write(sent, receivers, now)
        if key:
            self._keys[key] = (now, post.id)
        return JSONResponse({}, headers={"x-line-request-id": post.id})

    def _refusal(self, request: Request) -> Response | None:
        is_ours = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if is_ours and not self._world.suffers(NAME, "expired"):
            return None
        return self._error(401, "Authentication failed. Confirm that the access token is valid.")

    def _repeated(self, key: str, now: int) -> Response | None:
        if key and not _is_uuid(key):
            return self._error(400, "X-Line-Retry-Key is invalid")
        at, accepted = self._keys.get(key, (0, ""))
        if not accepted or now - at >= KEY_LASTS_MS or self._world.suffers(NAME, "forgetful"):
            return None
        earlier = {"x-line-accepted-request-id": accepted}
        return self._error(409, "The retry key is already accepted", earlier)

    def _spent(self, messages: int, now: int) -> Response | None:
        if self._calls.wait_ms(now):
            return self.limited(0)
        if self._world.has_budgets and self._used() + messages > QUOTA:
            return self._error(429, "You have reached your monthly limit.")
        return None

    def _used(self) -> int:
        """Messages of this month, each counted for every receiver."""
        month = _month(self._world.now())
        ours = [post for post in self._world.of(NAME) if _month(post.made_at) == month]
        return sum(post.raw.get("receivers", FOLLOWERS) for post in ours)

    def _write(self, sent: dict[str, Any], receivers: int, now: int) -> Post:
        message = sent["messages"][0]
        is_card = message["type"] == "flex"
        text, link = said(sent)
        most = MOST_ALT_TEXT if is_card else MOST_TEXT
        words = [part["text"] for part in _parts(message) if part.get("type") == "text"]
        name = f"00000000-0000-4000-8000-{self._world.number(NAME):012d}"
        post = Post(NAME, "@daily", name, text, now, link=link)
        post.title = words[0] if is_card else ""
        post.summary = "\n".join(words[1:]) if is_card else ""
        post.length = f"{length(text)} / {most}"
        post.raw = {**sent, "receivers": receivers * len(sent["messages"])}
        self._world.put(post)
        return post

    def _wrong(self, fault: str) -> Response:
        place, _, message = fault.partition(": ")
        details = [{"message": message, "property": place}]
        told = {"message": "The request body has 1 error(s)", "details": details}
        return JSONResponse(told, 400)

    def _error(
        self, status: int, message: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        name = f"e-{self._world.number('line-error')}"
        return JSONResponse(
            {"message": message}, status, {"x-line-request-id": name, **(headers or {})}
        )


def length(text: str) -> int:
    """UTF-16 units: pairs of bytes."""
    return len(text.encode("utf-16-le")) // 2


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a call, as `place: why`, or ""."""
    messages = sent.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MOST_MESSAGES:
        return f"messages: Size must be between 1 and {MOST_MESSAGES}"
    if len(sent.get("to", [])) > MOST_RECEIVERS:
        return f"to: Size must be between 1 and {MOST_RECEIVERS}"
    faults = (_fault_of_message(message, f"messages[{at}]") for at, message in enumerate(messages))
    return next(filter(None, faults), "")


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text, or what stands for a card, and the address that the card opens."""
    message = sent["messages"][0]
    links = [part["uri"] for part in _parts(message) if part.get("type") == "uri"]
    return str(message.get("text", message.get("altText"))), next(iter(links), "")


def _fault_of_message(message: Mapping[str, Any], place: str) -> str:
    field, most = ("altText", MOST_ALT_TEXT) if message["type"] == "flex" else ("text", MOST_TEXT)
    if not 1 <= length(message.get(field) or "") <= most:
        return f"{place}.{field}: Length must be between 1 and {most}"
    for part in _parts(message):
        if part.get("type") == "text" and not part.get("text"):
            return f"{place}: a text may not be empty"
        if part.get("type") == "image" and not part["url"].startswith("https://"):
            return f"{place}: an image must be loaded by https"
    return ""


def _parts(message: object) -> Iterator[Mapping[str, Any]]:
    """Everything in a message, boxes and what is in them."""
    if isinstance(message, list):
        for one in message:
            yield from _parts(one)
    if isinstance(message, dict):
        yield message
        for one in message.values():
            yield from _parts(one)


def _is_uuid(key: str) -> bool:
    try:
        return str(UUID(key)) == key.lower()
    except ValueError:
        return False


def _month(at_ms: int) -> tuple[int, int]:
    day = datetime.fromtimestamp(at_ms / 1_000, TOKYO)
    return day.year, day.month
