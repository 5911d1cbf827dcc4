"""Looking names up, so that a sick name server delays nobody but those who need it.

The system's resolver blocks a thread for up to half a minute and cannot be interrupted. So lookups
have threads of their own, never those that write pages, and one name holds one thread at most:
whoever asks for it meanwhile waits for the same answer.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

THREADS = 32

Find = Callable[[str, int], Sequence[str]]
"""All numeric addresses of a name, for a port. Blocks. Raises OSError when there is none."""


def ask_system(host: str, port: int) -> Sequence[str]:
    """What the system's resolver answers. Raises ValueError for what is no name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Lookups:
    """Call it with host and port. Nothing is kept: how long an answer is good is the system's."""

    def __init__(self, find: Find = ask_system) -> None:
        self._find = find
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lookup")
        self._running: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """All numeric addresses. Raises what `find` does; a cancelled caller stops no lookup."""
        asked = (host, port)
        if asked not in self._running:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._threads, self._find, host, port)
            self._running[asked] = running
            running.add_done_callback(lambda _: self._running.pop(asked))
        return await asyncio.shield(self._running[asked])
