"""A login at a server of the AT Protocol, kept between starts: servers let one in 300 times a day.

https://docs.bsky.app/docs/advanced-guides/api-directory, com.atproto.server.*

The access token lasts for minutes, the refresh token for months. A call that meets an expired one
was not done: it is made again with a new one. All processes share what is kept.
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

import httpx

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Outcome
from services.publish.social.requests import (
    Clock,
    as_json,
    ask,
    call,
    json_request,
    preparing,
    read_reply,
    told,
)
from shared import logs
from shared.http import PublicClient, new_request

EXPIRED = frozenset({"ExpiredToken", "InvalidToken"})
REFUSED = "the login is not accepted: check identifier and app password"


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are there, and the two tokens."""

    did: str
    access: str
    refresh: str


class Session:
    """The login of one account."""

    def __init__(
        self, http: PublicClient, service: str, identifier: str, password: str, clock: Clock
    ) -> None:
        self._http = http
        self._service = service.rstrip("/")
        self._identifier = identifier
        self._password = password
        self._clock = clock
        self._account = sha256(f"{service}\n{identifier}\n{password}".encode()).hexdigest()
        self._login: Login | None = None
        self._lock = asyncio.Lock()
        self.memory: Memory | None = None

    async def login(self) -> Login:
        """The login that is known, else a new one. Raises Unprepared."""
        async with self._lock:
            self._login = self._login or await self._recalled() or await self._new()
            return self._login

    async def get(self, method: str, **query: str) -> httpx.Response:
        """A call that changes nothing. Raises Unprepared, and what `shared.http` lists."""
        return await self._call(f"{method}?{urlencode(query)}" if query else method, None)

    async def post(self, method: str, body: object) -> httpx.Response:
        """A call with a JSON body. Raises the same."""
        return await self._call(method, as_json(body))

    async def upload(self, media_type: str, content: bytes) -> httpx.Response:
        """A blob. Raises the same."""
        return await self._call("com.atproto.repo.uploadBlob", content, media_type)

    async def _call(
        self, method: str, body: bytes | None, media_type: str = "application/json"
    ) -> httpx.Response:
        login = await self.login()
        answer = await self._once(method, body, media_type, login)
        if not is_expired(answer):
            return answer
        return await self._once(method, body, media_type, await self._renewed(login))

    async def _once(
        self, method: str, body: bytes | None, media_type: str, login: Login
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {login.access}"}
        if body is not None:
            headers["content-type"] = media_type
        verb = "GET" if body is None else "POST"
        request = new_request(verb, self._url(method), headers=headers, content=body)
        return await call(self._http, request)

    async def _renewed(self, old: Login) -> Login:
        """A login in the place of one that has expired, unless somebody was quicker."""
        async with self._lock:
            known = self._login if self._login != old else await self._recalled()
            is_newer = known is not None and known.access != old.access
            self._login = known if known and is_newer else await self._refreshed(old)
            return self._login

    async def _refreshed(self, old: Login) -> Login:
        url = self._url("com.atproto.server.refreshSession")
        try:
            return await self._asked(json_request("POST", url, token=old.refresh))
        except Unprepared as error:
            if error.outcome.verdict != "stopped":
                raise
            return await self._new()

    async def _new(self) -> Login:
        body = as_json({"identifier": self._identifier, "password": self._password})
        url = self._url("com.atproto.server.createSession")
        return await self._asked(json_request("POST", url, body))

    async def _asked(self, request: httpx.Request) -> Login:
        async with preparing():
            said = told(await ask(self._http, request, self._read))
        login = Login(*(str(said.get(name, "")) for name in ("did", "accessJwt", "refreshJwt")))
        if not (login.did and login.access):
            raise Unprepared(Outcome("retry", "the login has no tokens", reached=False))
        self._hide(login)
        if self.memory is not None:
            kept = {"did": login.did, "access": login.access, "refresh": login.refresh}
            await self.memory.keep({**kept, "account": self._account})
        return login

    def _read(self, answer: httpx.Response) -> Outcome:
        outcome = read_reply(answer, "put", self._clock())
        if is_expired(answer) or outcome.verdict == "stopped":
            return Outcome("stopped", f"{REFUSED} ({outcome.error})", reached=False)
        return outcome

    async def _recalled(self) -> Login | None:
        kept = await self.memory.recall() if self.memory is not None else {}
        if kept.get("account") != self._account:
            return None
        login = Login(kept.get("did", ""), kept.get("access", ""), kept.get("refresh", ""))
        self._hide(login)
        return login

    def _hide(self, login: Login) -> None:
        logs.hide(login.access)
        logs.hide(login.refresh)

    def _url(self, method: str) -> str:
        return f"{self._service}/xrpc/{method}"


def is_expired(answer: object) -> bool:
    """Whether a token does not count any more; servers say so with 400, or 401."""
    return told(answer).get("error") in EXPIRED
