"""A token of Threads, which lasts for 60 days, renewed long before it ends.

https://developers.facebook.com/docs/threads/get-started/long-lived-tokens

    GET /refresh_access_token    another one that lasts for 60 days, from one that is a day old

The one that was given counts until there is another; when that has ended too, a person must log in.
A renewal that fails is tried again the next day: there are thirty of them. The API wants the token
in the address here; it is in no log and no error, since nothing tells the addresses of calls.
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.memory import Memory
from services.publish.social.requests import Clock, ask, json_request, preparing, read_reply, told
from shared import logs
from shared.http import PublicClient

DAY_MS = 86_400_000
RENEWED_MS = 30 * DAY_MS
"""So long before its end a token is renewed."""
SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Token:
    """One token. Instants are milliseconds since 1970."""

    value: str
    ends_at: int = 0
    """0 = nobody has said."""
    asked_at: int = 0
    """When another one was last asked for."""

    def is_due(self, now: int) -> bool:
        """Whether another one is to be asked for."""
        return now - self.asked_at >= DAY_MS and self.ends_at - now < RENEWED_MS


class LastingToken:
    """The token of one account. All processes share what is kept."""

    def __init__(self, http: PublicClient, address: str, given: str, clock: Clock) -> None:
        self._http = http
        self._address = address
        self._given = given
        self._clock = clock
        self._account = sha256(f"{address}\n{given}".encode()).hexdigest()
        self._token: Token | None = None
        self._lock = asyncio.Lock()
        self.memory: Memory | None = None

    async def value(self) -> str:
        """The token that counts now."""
        async with self._lock:
            now = self._clock()
            if self._token is None or self._token.is_due(now):
                self._token = await self._kept()
            if self._token.is_due(now):
                self._token = await self._keep(await self._renewed(self._token))
            return self._token.value

    async def _renewed(self, old: Token) -> Token:
        """Another token; the same one, asked about, when there is none to be had now."""
        now = self._clock()
        query = urlencode({"grant_type": "th_refresh_token", "access_token": old.value})
        request = json_request("GET", f"{self._address}/refresh_access_token?{query}")
        try:
            async with preparing():
                said = told(await ask(self._http, request, lambda a: read_reply(a, "put", now)))
            value, lasts = str(said["access_token"]), int(said["expires_in"])
        except (Unprepared, KeyError, TypeError, ValueError):
            return Token(old.value, old.ends_at, now)
        return Token(value, now + lasts * SECOND_MS, now)

    async def _kept(self) -> Token:
        kept = await self.memory.recall() if self.memory is not None else {}
        if kept.get("account") != self._account:
            return self._token or Token(self._given)
        logs.hide(kept["token"])
        return Token(kept["token"], int(kept["ends_at"]), int(kept["asked_at"]))

    async def _keep(self, token: Token) -> Token:
        logs.hide(token.value)
        if self.memory is not None:
            instants = {"ends_at": str(token.ends_at), "asked_at": str(token.asked_at)}
            await self.memory.keep({"account": self._account, "token": token.value, **instants})
        return token
