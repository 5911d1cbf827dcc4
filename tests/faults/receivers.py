"""Receivers of webhooks in a process of their own: each path is one, and behaves as it is told.

    python -m tests.faults.receivers FILE    listens; FILE gets the port, then a line a call

A line is JSON: path, type and uri of the notice, when it came on the machine's steady clock, and
how many calls of this path were then without a whole answer. Orders come on standard input, two
words a line: a path, and one of BEHAVIOURS. An order breaks off what is under way on the path.
"""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Self

from tests.installation import ROOT

BEHAVIOURS = ("well", "hang", "fail", "drip", "reset")
WELL = b"HTTP/1.1 204 No Content\r\n\r\n"
FAIL = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
DRIPS = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"
DRIP_SECONDS = 1.0
TELL_SECONDS = 0.05
SECONDS_TO_START = 20.0


@dataclass(frozen=True)
class Call:
    """One call as its receiver saw it; `at` is `time.monotonic()` of this machine."""

    path: str
    type: str
    uri: str
    at: float
    unanswered: int


class Server:
    """All receivers."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._behaviours: dict[str, str] = {}
        self._unanswered: Counter[str] = Counter()
        self._open: dict[asyncio.StreamWriter, str] = {}
        self._lines: list[str] = []

    async def serve(self) -> None:
        """Listen, answer, and write down, until the process is ended."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._obey)
        self._lines.append(str(server.sockets[0].getsockname()[1]))
        while True:
            if self._lines:
                lines, self._lines = self._lines, []
                with self._file.open("a") as file:
                    file.write("\n".join([*lines, ""]))
            await asyncio.sleep(TELL_SECONDS)

    def _obey(self) -> None:
        for line in os.read(sys.stdin.fileno(), 65_536).decode().splitlines():
            path, behaviour = line.split()
            self._behaviours[path] = behaviour
            for writer in [one for one, its in self._open.items() if its == path]:
                writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                path = self._open[writer] = await self._read(reader)
                self._unanswered[path] += 1
                try:
                    await _answer(self._behaviours.get(path, "well"), reader, writer)
                finally:
                    self._unanswered[path] -= 1
        self._open.pop(writer, None)
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> str:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        [size] = [line.partition(":")[2] for line in head if line.startswith("content-length:")]
        notice = json.loads(await reader.readexactly(int(size)))
        path, uri = head[0].split(" ")[1], notice["data"].get("uri", "")
        call = Call(path, notice["type"], uri, monotonic(), self._unanswered[path] + 1)
        self._lines.append(json.dumps(vars(call)))
        return path


async def _answer(
    behaviour: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if behaviour == "reset":
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    elif behaviour == "hang":
        await reader.read()  # until the caller has had enough
    elif behaviour == "drip":
        writer.write(DRIPS)
        while not await _has_gone(reader, DRIP_SECONDS):
            writer.write(b".")
            await writer.drain()
    else:
        writer.write(WELL if behaviour == "well" else FAIL)
        await writer.drain()


async def _has_gone(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether the caller has had enough, at once or within so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await reader.read(1) == b""
    return False


class Receivers:
    """The process, from outside. Use as a context manager."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_bytes = 0
        self._calls: list[Call] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __name__, str(self._file)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True)
        give_up = monotonic() + SECONDS_TO_START
        while not self._file.exists() and monotonic() < give_up:
            sleep(TELL_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    @property
    def url(self) -> str:
        """Where they listen, without a path."""
        return f"http://127.0.0.1:{self._file.read_text().split()[0]}"

    def tell(self, path: str, behaviour: str) -> None:
        """Let the receiver of a path behave so from now on."""
        assert self._process.stdin
        self._process.stdin.write(f"{path} {behaviour}\n")
        self._process.stdin.flush()

    def calls(self) -> list[Call]:
        """All calls so far, oldest first."""
        with self._file.open("rb") as file:
            file.seek(self._read_bytes)
            whole, end, _ = file.read().rpartition(b"\n")
        is_first = not self._read_bytes
        self._read_bytes += len(whole + end)
        lines = whole.splitlines()[1:] if is_first else whole.splitlines()
        self._calls += [Call(**json.loads(line)) for line in lines]
        return self._calls


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(Server(Path(sys.argv[1])).serve())
