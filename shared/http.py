"""Outgoing HTTP: every request that wiredesk makes starts from a client made here.

`own_client` speaks to our own services only. `public_client` speaks to addresses that others gave
us: it looks a name up once, judges all answers, and connects to the very address it judged, so a
name that changes its mind between check and call gains nothing. Proxy variables of the environment
are ignored: they would carry keys to a third party.

    AddressRefused       the address may not be called; nothing was sent, a person must mend it
    httpx.ConnectError   nothing was sent (also ConnectTimeout): no such name, no connection, no TLS
    httpx.TransportError anything else: it may have been sent
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from functools import cache
from ssl import SSLContext
from typing import Self

import httpcore
import httpx
from pydantic import BaseModel, ConfigDict

from shared.addresses import Network, may_call
from shared.lookups import Lookups
from shared.sockets import SocketOptions, Sockets

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
PUBLIC_TIMEOUT = httpx.Timeout(20.0, connect=5.0, pool=None)
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=30.0)
MAX_ADDRESSES_TRIED = 3
HEADERS = {"User-Agent": "wiredesk", "Accept-Encoding": "identity"}
FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that speak of the answer as it travelled, not as we keep it."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All numeric addresses of a name, for a port. Raises OSError when there is none."""


class HttpSettings(BaseModel):
    """Settings `[http]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow_networks: tuple[Network, ...]
    """Networks that may be called although they are not public, on any port."""


class AddressRefused(httpx.ConnectError):
    """The address may not be called. Nothing was sent, and trying again changes nothing."""


def own_client(base_url: str, key: str = "") -> httpx.AsyncClient:
    """A client for one of our own services. `base_url` comes from our own state or settings."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT, trust_env=False)


class PublicClient:
    """A client for addresses of others. It follows no redirect, keeps no cookie, knows no proxy.

    httpx' own client does all that, and spends a third of a call on it.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def call(
        self, request: httpx.Request, *, deadline_s: float = 20.0, max_answer: int = 16_384
    ) -> httpx.Response:
        """Send it, and read at most `max_answer` bytes of the answer, packed if they are.

        All of it, from looking the name up to the last byte, takes at most `deadline_s` seconds:
        the timeouts of httpx begin anew with every byte of a receiver that drips. Raises what the
        head of this file lists; a missed deadline is an httpx.ReadTimeout.
        """
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._transport.handle_async_request(request)
                async with aclosing(answer):
                    content = await _beginning(answer, max_answer)
        except TimeoutError as error:
            message = f"no whole answer within {deadline_s:g} s"
            raise httpx.ReadTimeout(message, request=request) from error
        headers = [pair for pair in answer.headers.multi_items() if pair[0] not in FRAMING]
        whole = httpx.Response(
            answer.status_code, headers=headers, content=content, request=request
        )
        whole.encoding = "utf-8"  # a charset chosen by a stranger may name any codec, even zlib
        return whole


def public_client(
    settings: HttpSettings,
    *,
    resolve: Resolve | None = None,
    network: httpcore.AsyncNetworkBackend | None = None,
) -> PublicClient:
    """A client with connections of its own.

    `resolve` looks names up and `network` opens sockets to the addresses that were judged.
    """
    guard = Guard(settings.allow_networks, resolve or _lookups(), network or Sockets())
    return PublicClient(PublicTransport(guard))


def new_request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> httpx.Request:
    """A request for `PublicClient.call`. Raises AddressRefused when `url` cannot be read."""
    try:
        return httpx.Request(
            method,
            url,
            headers={**HEADERS, **(headers or {})},
            content=content,
            extensions={"timeout": PUBLIC_TIMEOUT.as_dict()},
        )
    except httpx.InvalidURL as error:
        raise AddressRefused(f"not an address: {error}") from error


async def _beginning(answer: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) >= max_bytes:
            break
    return bytes(content[:max_bytes])


@cache
def _lookups() -> Lookups:
    """One for the whole process: its threads are for the names that hang."""
    return Lookups()


@cache
def _trusted() -> SSLContext:
    """The authorities we trust, read once: every destination has a client of its own."""
    return httpx.create_ssl_context(trust_env=False)


class PublicTransport(httpx.AsyncHTTPTransport):
    """Refuses addresses that hide something; whatever connects, connects through the guard."""

    def __init__(self, guard: "Guard") -> None:
        trusted = _trusted()
        super().__init__(verify=trusted, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(  # httpx offers no other way to a backend
            ssl_context=trusted,
            max_connections=LIMITS.max_connections,
            max_keepalive_connections=LIMITS.max_keepalive_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=guard,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it. Raises AddressRefused before anything is looked up or sent."""
        if request.url.scheme not in ("http", "https"):
            raise AddressRefused("only http and https addresses are called", request=request)
        if not request.url.host:
            raise AddressRefused("an address names a host", request=request)
        if request.url.userinfo:
            raise AddressRefused("an address must not hold a user name", request=request)
        return await super().handle_async_request(request)


class Guard(httpcore.AsyncNetworkBackend):
    """Opens sockets to judged addresses only. One answer that may not be called poisons a name.

    Unix sockets stay what they are in the class above: not there.
    """

    def __init__(
        self, opened: Sequence[Network], resolve: Resolve, network: httpcore.AsyncNetworkBackend
    ) -> None:
        self._opened = opened
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first judged address that answers. `timeout` is for each step."""
        addresses = await self._judged(host, port, timeout)
        *others, last = addresses[:MAX_ADDRESSES_TRIED]
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def _judged(self, host: str, port: int, seconds: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(seconds):
                addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}: the name was not answered in time") from error
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror or error}") from error
        except ValueError as error:  # a label too long, or empty
            raise AddressRefused(f"{host}: not a name") from error
        if not addresses:
            raise httpcore.ConnectError(f"{host}: the name has no address")
        if not all(may_call(address, port, self._opened) for address in addresses):
            raise AddressRefused(f"{host}:{port} is not public; [http] allow_networks can open it")
        return addresses
