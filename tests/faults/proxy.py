"""A TCP proxy on loopback that breaks what passes through it, as told.

with Proxy(port) as proxy:
    proxy.port              stands in for the port behind it
    proxy.swallow()         a black hole: nothing passes, and no connection ends
    proxy.reset()           every connection is reset, and each new one as well
    proxy.heal()            new connections pass

What was swallowed never passes: a connection from the time of the black hole stays silent for ever,
as when a firewall has forgotten it.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Literal, Self

Mode = Literal["well", "hole", "reset"]
LOOPBACK = "127.0.0.1"
CHUNK = 65_536


class Proxy:
    """Runs in a thread of its own, so that it works while a test waits."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._mode: Mode = "well"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        assert self._server
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def swallow(self) -> None:
        """From now on nothing passes."""
        self._turn("hole", self._silence)

    def reset(self) -> None:
        """From now on every connection is broken off."""
        self._turn("reset", self._break)

    def heal(self) -> None:
        """New connections pass again."""
        self._turn("well", lambda: None)

    def _turn(self, mode: Mode, act: Callable[[], None]) -> None:
        done = threading.Event()

        def turn() -> None:
            self._mode = mode
            act()
            done.set()

        self._loop.call_soon_threadsafe(turn)
        assert done.wait(10)

    def _silence(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _break(self) -> None:
        for writer in self._writers:
            _reset(writer)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)

    async def _close(self) -> None:
        assert self._server
        self._server.close()
        self._silence()
        self._break()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._mode == "reset":
            _reset(writer)
        elif self._mode == "well":
            self._begin(self._serve(reader, writer))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection(LOOPBACK, self._behind)
        except OSError:
            _reset(writer)
            return
        self._writers.add(outer)
        self._begin(self._pass(reader, outer))
        self._begin(self._pass(inner, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                writer.write(data)
                await writer.drain()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset, not in order."""
    linger = struct.pack("ii", 1, 0)
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
