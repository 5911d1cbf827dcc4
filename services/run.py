"""The supervisor behind `wiredesk up`: Redis and the services as child processes.

    listening sockets are opened here and handed down, so a service that dies and is started again
    refuses nobody; the log lines of all children are merged into one file and shown.

A child that dies is started again, later each time. Children end with this process, however it
ends (shared/tether.py).
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import structlog

from services.instance import State
from services.merged_log import MergedLog
from shared.embedded import EmbeddedRedis
from shared.errors import Misconfigured
from shared.logs import Happened
from shared.tether import tethered

FIRST_REST, LONGEST_REST = 0.25, 10.0
LONGEST_REST_OF_REDIS = 3.0
"""Shorter: while it is away nothing is accepted, and room on a disk comes back unannounced."""
HEALTHY_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.2
LINE_LIMIT = 1_000_000
log = structlog.get_logger()


@dataclass
class Rest:
    """How long to wait before the next start: doubles while starts fail, forgives after a while."""

    seconds: float = FIRST_REST
    started: float = 0.0
    longest: float = LONGEST_REST

    def begin(self) -> None:
        """A start has been made."""
        self.started = monotonic()

    def next(self) -> float:
        """Seconds to wait now."""
        if monotonic() - self.started > HEALTHY_SECONDS:
            self.seconds = FIRST_REST
        seconds, self.seconds = self.seconds, min(self.seconds * 2, self.longest)
        return seconds


@dataclass
class Child:
    """One service: its name, its listening socket, and its process while it has one."""

    name: str
    sock: socket.socket
    environ: Mapping[str, str]
    process: asyncio.subprocess.Process | None = None
    rest: Rest = field(default_factory=Rest)

    @property
    def address(self) -> str:
        host, port = self.sock.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process; its standard error is a pipe to us."""
        self.rest.begin()
        command = [sys.executable, "-m", "services", self.name, "--fd", str(self.sock.fileno())]
        self.process = await asyncio.create_subprocess_exec(
            *tethered(command),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            pass_fds=[self.sock.fileno()],
            env=self.environ,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
        )
        return self.process


class Supervisor:
    """Keeps an installation on one machine running until it is told to stop."""

    def __init__(
        self,
        state: State,
        *,
        environ: Mapping[str, str],
        sockets: Mapping[str, socket.socket],
        redis_url: str,
        lines: MergedLog,
    ) -> None:
        """`redis_url` empty = start the embedded one. `sockets` by service name, in start order."""
        self._state = state
        self._redis = None if redis_url else EmbeddedRedis(state.redis)
        self._redis_rest = Rest(longest=LONGEST_REST_OF_REDIS)
        self._environ = dict(environ)
        self._redis_url = redis_url
        self._lines = lines
        self._stop = asyncio.Event()
        self.children = {name: Child(name, sock, {}) for name, sock in sockets.items()}

    async def run(self) -> None:
        """Start everything, and keep it up until `stop` or a signal."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self.start_redis()
        keepers = [asyncio.create_task(self._keep(child)) for child in self.children.values()]
        if self._redis:
            keepers.append(asyncio.create_task(self._keep_redis(self._redis)))
        for keeper in keepers:
            keeper.add_done_callback(self._keeper_ended)
        self._write_endpoints()
        try:
            await self._stop.wait()
        finally:
            await self._end(keepers)

    def stop(self) -> None:
        """Let `run` end."""
        self._stop.set()

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Without its keeper a child would never come back: end everything, with the reason."""
        if not keeper.cancelled():
            self._stop.set()

    async def ended(self) -> None:
        """Wait until somebody wants it to end."""
        await self._stop.wait()

    @property
    def log(self) -> Path:
        """Where the merged log is."""
        return self._state.log

    @property
    def rests(self) -> list[Rest]:
        """How long Redis and each service are let alone before they are started again."""
        return [self._redis_rest, *(child.rest for child in self.children.values())]

    def start_redis(self) -> None:
        """Start the embedded Redis, if there is one, and tell the children where it is."""
        if self._redis:
            self._redis.start()
            self._redis_rest.begin()
            self._redis_url = self._redis.url
        for child in self.children.values():
            child.environ = self._environ | {"WIREDESK_REDIS__URL": self._redis_url}

    async def _keep_redis(self, redis: EmbeddedRedis) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if redis.pid is None:
                log.error(Happened.SERVICE_DIED, name="redis")
                await asyncio.sleep(self._redis_rest.next())
                before = self._redis_url
                self._redis_rest.begin()
                try:
                    self.start_redis()
                except Misconfigured as error:  # e.g. the disk is full: try again, later each time
                    log.error(Happened.SERVICE_DIED, name="redis", reason=str(error))  # noqa: TRY400
                if self._redis_url != before:
                    self._restart_services()

    def _restart_services(self) -> None:
        """Redis had to move to another port: what is ended comes back with the new address."""
        for child in self.children.values():
            if child.process and child.process.returncode is None:
                child.process.terminate()

    async def _keep(self, child: Child) -> None:
        while True:
            try:
                process = await child.start()
            except OSError as error:  # no memory or no processes left: that may pass
                log.error(Happened.SERVICE_DIED, name=child.name, reason=str(error))  # noqa: TRY400
            else:
                await self._take_lines(process)
                log.error(Happened.SERVICE_DIED, name=child.name, code=await process.wait())
            await asyncio.sleep(child.rest.next())

    async def _take_lines(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101  # it was asked for
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:  # the reader has dropped it, and goes on with the next one
                line = b"a line of more than %d bytes was left out\n" % LINE_LIMIT
            if not line:
                return
            self._lines.add(line)

    def _write_endpoints(self) -> None:
        """The last step of a start: whoever finds the file finds the addresses open."""
        addresses = {_public_name(name): child.address for name, child in self.children.items()}
        temporary = self._state.endpoints.with_suffix(".new")
        temporary.write_text(json.dumps(addresses, indent=2) + "\n")
        temporary.replace(self._state.endpoints)

    async def _end(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        """Stop sources before what they feed, then Redis."""
        self._state.endpoints.unlink(missing_ok=True)
        for keeper in keepers:
            keeper.cancel()
        ends = await asyncio.gather(*keepers, return_exceptions=True)
        for child in reversed(self.children.values()):
            await self._end_child(child)
            child.sock.close()
        if self._redis:
            self._redis.stop()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _end_child(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                _, rest = await process.communicate()
        except TimeoutError:
            process.kill()
            _, rest = await process.communicate()
        for line in rest.splitlines(keepends=True):
            self._lines.add(line)


def _public_name(service: str) -> str:
    return "site" if service == "publish" else service


def child_environment(state: State, settings: Mapping[str, str]) -> dict[str, str]:
    """What all children inherit: our environment, the state's places, JSON logs for merging."""
    own = {
        "WIREDESK_LOGS__FORMAT": "json",
        "WIREDESK_INGEST__LOCAL_KEY_FILE": str(state.key),
        "WIREDESK_PUBLISH__LOCAL_KEY_FILE": str(state.key),
        "WIREDESK_CONSOLE__LOCAL_KEY_FILE": str(state.key),
        "PYTHONUNBUFFERED": "1",
    }
    return dict(os.environ) | own | dict(settings)
