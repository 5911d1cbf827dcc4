"""The API of subscribers: their webhooks, kept by themselves over HTTP.

GET    /v1/subscriptions                      one's own; an operator's key sees all
POST   /v1/subscriptions                      a new one; its secret is in the answer, and only there
GET    /v1/subscriptions/{name}
PATCH  /v1/subscriptions/{name}               what is named changes (JSON merge patch, RFC 7396)
DELETE /v1/subscriptions/{name}
POST   /v1/subscriptions/{name}:test          a signed webhook.test, now
POST   /v1/subscriptions/{name}:rotate        a new secret; the old one stays good for a day
POST   /v1/subscriptions/{name}:pause         withdrawals go on
POST   /v1/subscriptions/{name}:resume
GET    /v1/subscriptions/{name}/deliveries    what came of the calls, newest first

A subscription belongs to the name of the key that made it. To all other keys it is not there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.publish.delivery.call_log import MOST, CallLog
from services.publish.delivery.destinations import Destination, Fixed
from services.publish.delivery.enrol import channel_settings
from services.publish.delivery.rotation import OVERLAP_HOURS, NoRoom
from services.publish.delivery.survey import Survey
from services.publish.delivery.trial import tried
from services.publish.subscriptions.fields import (
    CHANNEL,
    Body,
    New,
    Pause,
    Rotation,
    Wishes,
    read,
    refused,
)
from services.publish.subscriptions.keeping import OPERATE, Keeping, Taken, TooMany, Unknown
from services.publish.subscriptions.shown import delivery, subscription
from shared.doorkeeper import Doorkeeper, Endpoint, read_body, too_large
from shared.errors import Rejected
from shared.http import PublicClient
from shared.keyring import Sender
from shared.problem import problem

ROOT = "/v1/subscriptions"
SUBSCRIBE = "subscribe"
MAX_BODY_BYTES = 64_000
PAGE = 50
TESTS_AT_ONCE = 4
SECONDS_OF_A_TEST = 20
MAX_DIGITS = 6
NEVER_STORE = {"Cache-Control": "no-store"}
"""Of an answer with a secret in it."""
STATUSES: Mapping[type[Rejected], HTTPStatus] = {
    Unknown: HTTPStatus.NOT_FOUND,
    Taken: HTTPStatus.CONFLICT,
    Fixed: HTTPStatus.CONFLICT,
    NoRoom: HTTPStatus.CONFLICT,
    TooMany: HTTPStatus.FORBIDDEN,
}

Work = Callable[[Request, Sender, dict[str, Any]], Awaitable[Response]]
"""An endpoint with the fields of its body."""


class SubscriptionApi:
    """The endpoints. `http` makes a client for a test call."""

    def __init__(
        self, keeping: Keeping, survey: Survey, calls: CallLog, http: Callable[[], PublicClient]
    ) -> None:
        self._keeping = keeping
        self._survey = survey
        self._calls = calls
        self._http = http
        self._tests = 0

    def routes(self, doorkeeper: Doorkeeper) -> list[Route]:
        """The routes, to be mounted at the root. The longer paths come first."""
        one = ROOT + "/{name}"
        table: list[tuple[str, str, Work, type[Body] | None]] = [
            (f"{one}:test", "POST", self._test, Body),
            (f"{one}:rotate", "POST", self._rotate, Rotation),
            (f"{one}:pause", "POST", self._pause, Pause),
            (f"{one}:resume", "POST", self._resume, Body),
            (f"{one}/deliveries", "GET", self._deliveries, None),
            (one, "GET", self._get, None),
            (one, "PATCH", self._patch, Wishes),
            (one, "DELETE", self._delete, None),
            (ROOT, "GET", self._list, None),
            (ROOT, "POST", self._post, New),
        ]
        return [
            Route(
                path,
                doorkeeper.guarded(_endpoint(work, form), SUBSCRIBE, OPERATE),
                methods=[method],
            )
            for path, method, work, form in table
        ]

    async def _list(self, _: Request, sender: Sender, __: dict[str, Any]) -> Response:
        found = await self._keeping.all(sender)
        return JSONResponse({"subscriptions": await self._told(found)})

    async def _post(self, _: Request, sender: Sender, body: dict[str, Any]) -> Response:
        made, secret = await self._keeping.create(sender, body)
        [told] = await self._told([made])
        headers = {"Location": f"{ROOT}/{made.name}", **NEVER_STORE}
        return JSONResponse(told | {"secret": secret}, HTTPStatus.CREATED, headers)

    async def _get(self, request: Request, sender: Sender, _: dict[str, Any]) -> Response:
        return await self._one(await self._keeping.find(sender, _name(request)))

    async def _patch(self, request: Request, sender: Sender, body: dict[str, Any]) -> Response:
        return await self._one(await self._keeping.change(sender, _name(request), body))

    async def _delete(self, request: Request, sender: Sender, _: dict[str, Any]) -> Response:
        await self._keeping.remove(sender, _name(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _rotate(self, request: Request, sender: Sender, body: dict[str, Any]) -> Response:
        overlap = timedelta(hours=body.get("overlap_hours", OVERLAP_HOURS))
        secret, until = await self._keeping.rotate(sender, _name(request), overlap)
        told = {"secret": secret, "old_secret_until": until.isoformat() if overlap else None}
        return JSONResponse(told, headers=NEVER_STORE)

    async def _pause(self, request: Request, sender: Sender, body: dict[str, Any]) -> Response:
        name = _name(request)
        await self._keeping.pause(sender, name, body.get("reason", Pause().reason))
        return await self._one(await self._keeping.find(sender, name))

    async def _resume(self, request: Request, sender: Sender, _: dict[str, Any]) -> Response:
        name = _name(request)
        await self._keeping.resume(sender, name)
        return await self._one(await self._keeping.find(sender, name))

    async def _test(self, request: Request, sender: Sender, _: dict[str, Any]) -> Response:
        one = await self._keeping.find(sender, _name(request))
        if self._tests >= TESTS_AT_ONCE:
            wait = {"Retry-After": str(SECONDS_OF_A_TEST)}
            told = f"{TESTS_AT_ONCE} tests are under way"
            return problem(HTTPStatus.TOO_MANY_REQUESTS, told, headers=wait)
        plug = self._keeping.plugs[CHANNEL]
        settings = channel_settings(plug, one.settings)
        self._tests += 1
        try:
            async with self._http() as http:
                outcome = await tried(plug.open_channel(settings, http))
        finally:
            self._tests -= 1
        return JSONResponse(asdict(outcome) if outcome else {})

    async def _deliveries(self, request: Request, sender: Sender, _: dict[str, Any]) -> Response:
        one = await self._keeping.find(sender, _name(request))
        limit, before = _limit(request), request.query_params.get("before", "")
        page = await self._calls.page(one.name, limit, before)
        found = [delivery(call) for call in page.calls]
        return JSONResponse({"deliveries": found, "next": page.next or None})

    async def _one(self, destination: Destination) -> Response:
        [told] = await self._told([destination])
        return JSONResponse(told)

    async def _told(self, some: list[Destination]) -> list[dict[str, Any]]:
        now = self._keeping.clock()
        return [subscription(standing, now) for standing in await self._survey.of(some)]


def _endpoint(work: Work, form: type[Body] | None) -> Endpoint:
    """The work with the body read, and with what cannot be done as an answer."""

    async def endpoint(request: Request, sender: Sender) -> Response:
        body = await read_body(request, MAX_BODY_BYTES)
        if body is None:
            return too_large(MAX_BODY_BYTES)
        try:
            return await work(request, sender, read(form, body) if form else {})
        except tuple(STATUSES) as error:
            return problem(STATUSES[type(error)], str(error))

    return endpoint


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(PAGE))
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else 0
    if not 0 < number <= MOST:
        raise refused("limit", f"a number from 1 to {MOST}")
    return number
