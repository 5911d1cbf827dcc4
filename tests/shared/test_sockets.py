"""Sockets under httpcore: plain and secret, whole and broken off."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

import httpcore
import pytest
import trustme

from shared.sockets import MOST_UNREAD, Sockets

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nwell"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port; whatever is left open at the end is broken off."""
    writers: list[asyncio.StreamWriter] = []
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        tasks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for task in tasks:
        task.cancel()
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0.02)


async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request once it is whole."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        fields = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:-2])
        await reader.readexactly(int(fields[b"content-length"]))
        writer.write(ANSWER)
        await writer.drain()


async def speak_first(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(ANSWER)
    await writer.drain()


async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def hang(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def authority() -> tuple[trustme.CA, ssl.SSLContext]:
    """Somebody who signs certificates, and a server with one for daily.test."""
    ca = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("daily.test").configure_cert(server)
    return ca, server


class Everywhere(httpcore.AsyncNetworkBackend):
    """All names are this machine."""

    async def connect_tcp(self, host: str, *more: object, **others: object) -> object:  # type: ignore[override]  # noqa: ARG002
        return await Sockets().connect_tcp("127.0.0.1", *more, **others)


async def test_a_secret_connection_carries_calls_one_after_the_other() -> None:
    ca, server = authority()
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)
    async with (
        listening(reply, server) as port,
        httpcore.AsyncConnectionPool(ssl_context=trusting, network_backend=Everywhere()) as pool,
    ):
        for size in (0, 10, 300_000):
            answer = await pool.request("POST", f"https://daily.test:{port}/", content=b"x" * size)
            assert (answer.status, answer.content) == (200, b"well")
        assert len(pool.connections) == 1


@pytest.mark.parametrize("name", ["other.test", "daily.test"])
async def test_a_certificate_of_another_name_or_of_nobody_we_trust_is_refused(name: str) -> None:
    ca, server = authority()
    judging = ssl.create_default_context()
    if name == "other.test":
        ca.configure_trust(judging)
    async with (
        listening(reply, server) as port,
        httpcore.AsyncConnectionPool(ssl_context=judging, network_backend=Everywhere()) as pool,
    ):
        with pytest.raises(httpcore.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await pool.request("POST", f"https://{name}:{port}/", content=b"x")


async def test_words_before_the_handshake_are_never_taken_for_an_answer() -> None:
    async with listening(speak_first) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        while not stream.get_extra_info("is_readable"):
            await asyncio.sleep(0.01)
        with pytest.raises(httpcore.ConnectError, match="before"):
            await stream.start_tls(ssl.create_default_context(), "daily.test", 1.0)


async def test_a_flood_waits_at_the_door_of_the_system() -> None:
    async with listening(flood) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        await asyncio.sleep(0.3)
        assert len(await stream.read(2**30, 5.0)) <= MOST_UNREAD + 2**18
        seen = 0
        while seen < 10_000_000:
            seen += len(await stream.read(65_536, 5.0))
        await stream.aclose()


async def test_what_nobody_answers_ends_in_time() -> None:
    async with listening(hang) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, 0.1)
        await stream.aclose()


async def test_a_port_that_nobody_listens_on_is_a_connect_error() -> None:
    async with listening(hang) as port:
        pass
    with pytest.raises(httpcore.ConnectError):
        await Sockets().connect_tcp("127.0.0.1", port, 1.0)
