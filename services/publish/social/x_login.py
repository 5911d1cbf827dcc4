"""A login at X: OAuth 2.0 with PKCE, whose refresh token counts once and is replaced by each use.

https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token

    POST /2/oauth2/token    an access token for two hours, and the next refresh token

Whoever loses the next refresh token has to log in again. So it is kept before anything is done with
it, a renewal that was begun is carried to its end though its caller be gone, and of all processes
one alone renews at a time.
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from secrets import token_hex
from urllib.parse import urlencode

import httpx

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Outcome
from services.publish.social.requests import Clock, read_reply, told, unseen
from shared import logs
from shared.http import PublicClient, new_request

RENEW_SECONDS = 8.0
WAIT_SECONDS = 0.25
ERRAND_MS = 15_000
"""So long one process renews before another may try: longer than a renewal takes."""
EARLY_MS = 60_000
"""A token is renewed so long before its end."""
RENEWING = "renewing"
"""Under this name who renews, and until when."""
FORM = "application/x-www-form-urlencoded"
ENDED = "the login has ended: log in again and set refresh_token"
REFUSED = frozenset({400, 401, 403})
SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Login:
    """What X gave last."""

    access: str
    refresh: str
    ends_at: int
    """When the access token ends, in milliseconds since 1970."""
    scope: str

    def counts(self, now: int) -> bool:
        """Whether it can be used for a while."""
        return bool(self.access) and self.ends_at - now > EARLY_MS


class XLogin:
    """The login of one account. `client` is the app's id and its secret, which may be empty."""

    def __init__(
        self, http: PublicClient, address: str, client: tuple[str, str], given: str, clock: Clock
    ) -> None:
        self._http = http
        self._url = f"{address}/2/oauth2/token"
        self._client_id, self._client_secret = client
        self._given = given
        self._clock = clock
        self._account = sha256(f"{address}\n{self._client_id}\n{given}".encode()).hexdigest()
        self._login: Login | None = None
        self._renewal: asyncio.Task[Login] | None = None
        self.memory: Memory | None = None

    async def login(self, refused: str = "") -> Login:
        """The login that counts now; not the one whose access token was `refused`.

        Raises Unprepared.
        """
        login = self._login
        if login is None or not login.counts(self._clock()) or login.access == refused:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._kept_or_new(refused))
            login = self._login = await asyncio.shield(self._renewal)
        return login

    async def _kept_or_new(self, refused: str) -> Login:
        """The one that is kept, unless it is over; else a new one, made by one process alone."""
        errand = token_hex(8)
        try:
            async with asyncio.timeout(RENEW_SECONDS):
                while not await self._begins(errand):
                    await asyncio.sleep(WAIT_SECONDS)
        except TimeoutError:
            raise Unprepared(
                Outcome("retry", "the login is being renewed", reached=False)
            ) from None
        try:
            kept = await self._kept()
            if kept and kept.counts(self._clock()) and kept.access != refused:
                return kept
            return await self._new(kept.refresh if kept else self._given)
        finally:
            await self._end(errand)

    async def _new(self, refresh: str) -> Login:
        said = told(await self._asked(refresh))
        try:
            ends_at = self._clock() + int(said["expires_in"]) * SECOND_MS
            access, another = str(said["access_token"]), str(said["refresh_token"])
        except (KeyError, TypeError, ValueError):
            raise Unprepared(Outcome("stopped", ENDED, reached=False)) from None
        login = Login(access, another, ends_at, str(said.get("scope", "")))
        _hide(login)
        if self.memory is not None:
            words = {name: str(value) for name, value in asdict(login).items()}
            await self.memory.keep({**words, "account": self._account})
        return login

    async def _asked(self, refresh: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        headers = {"content-type": FORM}
        if self._client_secret:
            pair = f"{self._client_id}:{self._client_secret}".encode()
            headers["authorization"] = f"Basic {b64encode(pair).decode()}"
        body = urlencode({**form, "client_id": self._client_id}).encode()
        request = new_request("POST", self._url, headers=headers, content=body)
        try:
            answer: httpx.Response | Exception = await self._http.call(
                request, deadline_s=RENEW_SECONDS
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            answer = error
        outcome = read_reply(answer, "put", self._clock())
        if isinstance(answer, httpx.Response) and answer.is_success:
            return answer
        is_over = isinstance(answer, httpx.Response) and answer.status_code in REFUSED
        reason = f"{ENDED} ({outcome.error})"
        raise Unprepared(Outcome("stopped", reason, reached=False) if is_over else unseen(outcome))

    async def _kept(self) -> Login | None:
        kept = await self.memory.recall() if self.memory is not None else {}
        if kept.get("account") != self._account:
            return self._login
        login = Login(kept["access"], kept["refresh"], int(kept["ends_at"]), kept["scope"])
        _hide(login)
        return login

    async def _begins(self, errand: str) -> bool:
        """Whether renewing is for this one to do: nobody else is at it, or is long."""
        if self.memory is None:
            return True
        now = self._clock()

        def rule(old: Mapping[str, str]) -> dict[str, str]:
            until, _, _ = old.get(RENEWING, "").partition(" ")
            is_taken = bool(until) and int(until) > now
            return dict(old) if is_taken else {**old, RENEWING: f"{now + ERRAND_MS} {errand}"}

        return (await self.memory.change(rule))[RENEWING].endswith(errand)

    async def _end(self, errand: str) -> None:
        def rule(old: Mapping[str, str]) -> dict[str, str]:
            is_ours = old.get(RENEWING, "").endswith(errand)
            return {**old, RENEWING: ""} if is_ours else dict(old)

        if self.memory is not None:
            with suppress(Unprepared):  # it ends by itself
                await self.memory.change(rule)


def _hide(login: Login) -> None:
    logs.hide(login.access)
    logs.hide(login.refresh)
