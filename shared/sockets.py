"""Sockets for outgoing HTTP, under httpcore: a request leaves in one piece.

httpcore's own backend sends head and body apart, and stops and starts reading around every answer;
each is a call to the system, and those were half of what a webhook costs (docs/decisions.md). Here
what is written waits until an answer is wanted.

https://www.encode.io/httpcore/network-backends/
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import cast

import httpcore

MOST_UNREAD, MOST_UNSENT = 65_536, 65_536
"""Bytes that may lie between the network and us, either way."""
REQUEST_LEAVES = "wiredesk.http.send"
"""The audit event (PEP 578) of every piece of a request that is about to be sent, with its peer."""

SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


class Sockets(httpcore.AsyncNetworkBackend):
    """Connects to numeric addresses."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> "Stream":
        """Raises httpcore.ConnectError and ConnectTimeout."""
        origin = (local_address, 0) if local_address else None
        async with _told(timeout, httpcore.ConnectTimeout, httpcore.ConnectError):
            transport, incoming = await asyncio.get_running_loop().create_connection(
                Incoming, host, port, local_addr=origin
            )
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return Stream(transport, incoming)

    async def sleep(self, seconds: float) -> None:
        """As httpcore asks for."""
        await asyncio.sleep(seconds)


class Incoming(asyncio.Protocol):
    """What has come and was not read yet. A flood is stopped at the system's door."""

    def __init__(self) -> None:
        self.unread = bytearray()
        self.has_ended = False
        self.error: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._reader: asyncio.Future[None] | None = None
        self._is_stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It can be read from now on."""
        self.read_from(cast("asyncio.Transport", transport))

    def read_from(self, transport: asyncio.Transport) -> None:
        """Take what comes from this transport: another one after a change to TLS."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep it, and wake who waits for it."""
        self.unread += data
        if len(self.unread) > MOST_UNREAD and self._transport and not self._is_stopped:
            self._is_stopped = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It was closed, by whomever."""
        self.has_ended, self.error = True, exc
        self._wake()

    async def take(self, most: int) -> bytes:
        """The next bytes, b"" at the end. Raises OSError for a connection that broke."""
        if not self.unread and not self.has_ended:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self.error is not None and not self.unread:
            raise self.error
        taken = bytes(self.unread[:most])
        del self.unread[:most]
        if self._is_stopped and self._transport and len(self.unread) <= MOST_UNREAD:
            self._is_stopped = False
            self._transport.resume_reading()
        return taken

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Stream(httpcore.AsyncNetworkStream):
    """One connection. One reader at a time, as httpcore has it."""

    def __init__(self, transport: asyncio.Transport, incoming: Incoming) -> None:
        self._transport = transport
        self._incoming = incoming
        self._unsent = bytearray()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Send what was written, and wait for the next bytes. Raises httpcore.ReadError."""
        self._send()
        async with _told(timeout, httpcore.ReadTimeout, httpcore.ReadError):
            return await self._incoming.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002
        """Keep it until `read`, or until there is much. Raises httpcore.WriteError."""
        if self._incoming.has_ended:
            raise httpcore.WriteError("the connection was closed")
        self._unsent += buffer
        if len(self._unsent) > MOST_UNSENT:
            self._send()

    async def aclose(self) -> None:
        """At once: whatever is still under way is given up."""
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> "Stream":
        """The same connection, secret from now on. Raises httpcore.ConnectError."""
        if self._incoming.unread:
            self._transport.abort()  # else somebody in between could put an answer before ours
            raise httpcore.ConnectError("bytes came before the connection was secret")
        try:
            async with _told(timeout, httpcore.ConnectTimeout, httpcore.ConnectError):
                transport = await asyncio.get_running_loop().start_tls(
                    self._transport, self._incoming, ssl_context, server_hostname=server_hostname
                )
        except BaseException:
            self._transport.abort()
            raise
        secret = cast("asyncio.Transport", transport)  # None only for a transport that is closing
        self._incoming.read_from(secret)
        return Stream(secret, self._incoming)

    def get_extra_info(self, info: str) -> object:
        """`is_readable` on an idle connection means that it is of no more use."""
        if info == "is_readable":
            return bool(self._incoming.unread) or self._incoming.has_ended
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    def _send(self) -> None:
        if self._unsent:
            sys.audit(REQUEST_LEAVES, self._transport.get_extra_info("peername"))
            self._transport.write(bytes(self._unsent))
            self._unsent.clear()


@asynccontextmanager
async def _told(
    seconds: float | None, late: type[Exception], broken: type[Exception]
) -> AsyncIterator[None]:
    """Tell httpcore in its own words what went wrong. `seconds` None = wait for ever."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
