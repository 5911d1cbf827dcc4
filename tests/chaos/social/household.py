"""The processes of a social chaos run: a Redis, a publisher and the sandbox; who dies comes back.

The sandbox is nobody's victim: it is the world outside, which remembers what it was told.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, sleep

from shared.embedded import EmbeddedRedis
from shared.tether import tethered
from tests.chaos.crash_points import Board
from tests.installation import ROOT
from tests.processes import QUICK_STREAMS

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
SECONDS_TO_START = 40.0
LOOK_SECONDS = 0.05
SETTINGS = {
    **QUICK_STREAMS,
    "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
    "WIREDESK_LOGS__LEVEL": "WARNING",
    "WIREDESK_SITE__BASE_URL": "https://news.example.tw",
}


class Household:
    """All of them. `speed` is that of the publisher's clock, which began at `began_ms`."""

    def __init__(self, folder: Path, began_ms: int, speed: float) -> None:
        self._folder = folder
        self._clock = (str(began_ms), str(speed))
        self.redis = EmbeddedRedis(folder / "redis")
        self.board = Board(folder / "board")
        self.sandbox = ""
        self._publisher: subprocess.Popen[bytes] | None = None

    def children(self) -> Mapping[int, str]:
        """Who can die, by process id, in the words of `tests/chaos/reaper.py`."""
        found = {}
        if self.redis.pid:
            found[self.redis.pid] = "redis-server 127.0.0.1:"
        if self._publisher and self._publisher.poll() is None:
            found[self._publisher.pid] = "services publish "
        return found

    async def keep(self) -> None:
        """Let nobody be dead for long, until cancelled."""
        while True:
            if self.redis.pid is None:
                self.redis.start()
            if self._publisher is None or self._publisher.poll() is not None:
                self._publisher = self._started()
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Household"]:
        """Start; in the end stop everybody."""
        said = self._folder / "sandbox.log"
        command = ["-m", "services", "sandbox", "--port", "0", "--no-budgets"]
        sandbox = self._run(command, said)
        try:
            with self.redis:
                self.sandbox = await asyncio.to_thread(_address, said)
                keeping = asyncio.create_task(self.keep())
                yield self
                keeping.cancel()
                self._stop(self._publisher)
        finally:
            self._stop(self._publisher)
            self._stop(sandbox)

    def _started(self) -> subprocess.Popen[bytes]:
        words = ["-m", "tests.chaos.social.publisher", str(self._folder / "board"), *self._clock]
        own = {
            "WIREDESK_REDIS__URL": self.redis.url,
            "WIREDESK_SITE__FOLDER": str(self._folder / "site"),
        }
        return self._run(words, self._folder / "publish.log", own)

    def _run(
        self, words: list[str], log: Path, own: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **SETTINGS, **(own or {})}
        with log.open("ab") as said:
            return subprocess.Popen(
                tethered([sys.executable, *words]),
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    @staticmethod
    def _stop(process: subprocess.Popen[bytes] | None) -> None:
        if process and process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(said: Path) -> str:
    give_up = monotonic() + SECONDS_TO_START
    while not (found := ADDRESS.search(said.read_text())):
        assert monotonic() < give_up, said.read_text()
        sleep(LOOK_SECONDS)
    return found.group()
