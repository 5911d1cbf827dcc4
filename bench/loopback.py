"""A receiver of webhooks in a process of its own: it answers 204 at once, and counts.

    python -m bench.loopback FILE    listens on a free port of 127.0.0.1, and keeps FILE true

FILE is JSON: where it listens, how many calls came, and how many of them were different, by path
and `webhook-id`. It reads no more of HTTP than it has to, so that it costs next to nothing.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self, cast

END_OF_HEAD = b"\r\n\r\n"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
TELL_SECONDS = 0.05
SECONDS_TO_START = 20.0


class Counting(asyncio.Protocol):
    """One connection. `calls` are shared by all of them."""

    def __init__(self, calls: list[bytes]) -> None:
        self._calls = calls
        self._buffer = b""
        self._write: Callable[[bytes], object] = bytes  # until there is a connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._write = cast("asyncio.Transport", transport).write

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while (head := self._buffer.find(END_OF_HEAD)) >= 0:
            lines = self._buffer[:head].split(b"\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (one.partition(b":") for one in lines)}
            end = head + len(END_OF_HEAD) + int(headers.get(b"content-length", b"0"))
            if len(self._buffer) < end:
                return
            self._buffer = self._buffer[end:]
            self._calls.append(lines[0].split(b" ")[1] + b" " + headers.get(b"webhook-id", b""))
            self._write(ANSWER)


async def serve(file: Path) -> None:
    """Listen and count until the process is ended."""
    calls: list[bytes] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: Counting(calls), "127.0.0.1", 0, backlog=1024
    )
    distinct: set[bytes] = set()
    seen = -1
    port = server.sockets[0].getsockname()[1]
    while True:
        if len(calls) != seen:
            distinct.update(calls[max(seen, 0) :])
            seen = len(calls)
            told = {"port": port, "calls": seen, "distinct": len(distinct)}
            beside = file.with_suffix(".new")
            beside.write_text(json.dumps(told))
            beside.replace(file)
        await asyncio.sleep(TELL_SECONDS)


class Loopback:
    """The process, from outside. Use as a context manager."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, "-m", __name__, str(self._file)])
        give_up = monotonic() + SECONDS_TO_START
        while not self._file.exists() and monotonic() < give_up:
            sleep(TELL_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._told('port')}"

    def count(self) -> int:
        """Calls so far."""
        return self._told("calls")

    def distinct(self) -> int:
        """Different calls so far."""
        return self._told("distinct")

    def _told(self, name: str) -> int:
        told: dict[str, int] = json.loads(self._file.read_text())
        return told[name]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(sys.argv[1])))
