"""The door of the console: signing in and out, and who may see a page.

Nobody sees a page without a session. A POST needs an Origin of this very console, and the token of
a form on a page that it has sent (https://owasp.org/www-community/attacks/csrf). The cookie is a
`__Host-` one: browsers keep it over https and on loopback, and nowhere else.
"""

from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import structlog
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from services.console.pages import page, words_of
from services.console.sessions import HOURS, TRY_SECONDS, Session, Sessions
from shared.doorkeeper import read_body
from shared.logs import Happened
from shared.redis import is_outage

COOKIE = "__Host-wiredesk"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
MOST_FIELDS = 10
RETRY_SECONDS = 2
Fields = Mapping[str, str]
Page = Callable[[Request, Session], Awaitable[Response]]
Form = Callable[[Request, Session, Fields], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]
log = structlog.get_logger()


class Door:
    """Stands before every page. `home` is where one goes who has signed in."""

    def __init__(self, sessions: Sessions, *, home: str, max_body: int) -> None:
        self._sessions = sessions
        self._home = home
        self._max_body = max_body

    def routes(self) -> list[Route]:
        """Signing in and out."""
        return [
            Route(SIGN_IN, _unless_redis_is_away(self._ask)),
            Route(SIGN_IN, _unless_redis_is_away(self._sign_in), methods=["POST"]),
            Route(SIGN_OUT, self.guarded_post(self._sign_out), methods=["POST"]),
        ]

    def guarded(self, show: Page) -> Endpoint:
        """The page, for who has signed in; all others are led to the door."""

        async def guarded(request: Request) -> Response:
            session = await self._session(request)
            if session is None:
                return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
            return await show(request, session)

        return _unless_redis_is_away(guarded)

    def guarded_post(self, take: Form) -> Endpoint:
        """What a form leads to, for who has signed in and was sent that form."""

        async def guarded(request: Request) -> Response:
            if not _is_from_here(request):
                return _refused(request, HTTPStatus.FORBIDDEN, "foreign")
            session = await self._session(request)
            if session is None:
                return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
            fields = await self._fields(request)
            if fields is None:
                return _refused(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
            if not compare_digest(fields.get("form", "").encode(), session.form.encode()):
                return _refused(request, HTTPStatus.FORBIDDEN, "foreign")
            return await take(request, session, fields)

        return _unless_redis_is_away(guarded)

    async def _ask(self, request: Request) -> Response:
        if await self._session(request):
            return RedirectResponse(self._home, HTTPStatus.SEE_OTHER)
        return page(request, "sign_in.html", reason="")

    async def _sign_in(self, request: Request) -> Response:
        if not _is_from_here(request):
            return _refused(request, HTTPStatus.FORBIDDEN, "foreign")
        address = request.client.host if request.client else ""
        if not await self._sessions.may_try(address):
            log.warning(Happened.CONSOLE_REFUSED, reason="too many tries", address=address)
            later = {"retry-after": str(TRY_SECONDS)}
            return _refused(request, HTTPStatus.TOO_MANY_REQUESTS, "too_many", later)
        fields = await self._fields(request)
        if fields is None:
            return _refused(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        session = await self._sessions.open(fields.get("key", "").strip())
        if session is None:
            log.warning(Happened.CONSOLE_REFUSED, reason="no key of an operator", address=address)
            return _refused(request, HTTPStatus.FORBIDDEN, "no_key")
        log.info(Happened.CONSOLE_SIGNED_IN, name=session.name, address=address)
        answer = RedirectResponse(self._home, HTTPStatus.SEE_OTHER)
        _remember(answer, session.token, HOURS * 3600)
        return answer

    async def _sign_out(self, _: Request, session: Session, fields: Fields) -> Response:  # noqa: ARG002
        await self._sessions.end(session.token)
        answer = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        _remember(answer, "", 0)
        return answer

    async def _session(self, request: Request) -> Session | None:
        return await self._sessions.find(request.cookies.get(COOKIE, ""))

    async def _fields(self, request: Request) -> Fields | None:
        """The fields of a form; None when there is more than is read."""
        body = await read_body(request, self._max_body)
        if body is None:
            return None
        try:
            return dict(parse_qsl(body.decode(errors="replace"), max_num_fields=MOST_FIELDS))
        except ValueError:
            return None


def _is_from_here(request: Request) -> bool:
    """Whether a page of this console has sent it."""
    origin, site = request.headers.get("origin", ""), request.headers.get("sec-fetch-site")
    host = request.headers.get("host", "")
    try:
        is_ours = bool(host) and urlsplit(origin).netloc == host
    except ValueError:
        return False
    return is_ours and site in (None, "same-origin")


def _refused(
    request: Request, status: HTTPStatus, reason: str, headers: Mapping[str, str] | None = None
) -> Response:
    told = words_of(request)[reason]
    return page(request, "sign_in.html", status=status, headers=headers, reason=told)


def _remember(answer: Response, token: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def _unless_redis_is_away(show: Endpoint) -> Endpoint:
    async def shown(request: Request) -> Response:
        try:
            return await show(request)
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            later = {"retry-after": str(RETRY_SECONDS)}
            return _refused(request, HTTPStatus.SERVICE_UNAVAILABLE, "away", later)

    return shown
