"""The embedded Redis: a server of our own under the state folder, for an installation without one.

Nothing that it acknowledged is lost: an append-only file with fsync at every write, checked and if
need be repaired before each start (shared/aof.py). Nobody else on the machine may use it: it
listens on loopback and on a private socket, and wants a password.
"""

import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from shared.aof import Cut, has_parts, repair
from shared.embedded_home import Home, Identity, settle
from shared.errors import Misconfigured
from shared.logs import Happened
from shared.redis_server import find_server, version_of
from shared.streams import INSTALLATION
from shared.tether import tethered

SECONDS_TO_ANSWER, SECONDS_TO_STOP, SECONDS_BETWEEN_TRIES = 20.0, 30.0, 0.02
PARTS_SINCE = (7, 0)

_log = structlog.get_logger()


@dataclass(frozen=True)
class Opening:
    """How a start found the data: what had to be cut off, and whether all of it was gone."""

    cut: Cut | None
    emptied: bool


def remembered_url(folder: Path) -> str | None:
    """Where the embedded Redis of `folder` is when it runs, or None if there never was one."""
    identity = Home(folder).recall()
    return identity.url if identity else None


class EmbeddedRedis:
    """A Redis server as a child process, with all it writes under `folder`.

    It stops when this process ends, however that ends. Start it from the main thread: it would
    also end with a shorter-lived thread that started it (shared/tether.py).
    """

    def __init__(self, folder: Path, *, port: int = 0, server: Path | None = None) -> None:
        """`port` 0 is any free one, the same at every start as long as it stays free."""
        self._home = Home(folder)
        self._wanted_port = port
        self._server = server
        self._identity = Identity(port, "")
        self._socket = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._claim: IO[str] | None = None

    @property
    def url(self) -> str:
        """The loopback URL, with the password. A restart keeps it, unless the port was taken."""
        return self._identity.url

    @property
    def socket_url(self) -> str:
        """The URL of the private socket. It holds until `stop`."""
        return f"unix://:{self._identity.secret}@{quote(str(self._socket))}?db=0"

    @property
    def pid(self) -> int | None:
        """The server's process, or None if it does not run."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def start(self) -> Opening:
        """Start the server and wait until it has loaded its data. A running one is restarted.

        Raises Misconfigured when another wiredesk uses the folder, when no server is found or it
        is older than the data, when the data cannot be repaired, when the disk is full, or when
        the server ends by itself.
        """
        try:
            self._home.make()
            self._claim = self._claim or self._claimed()
            return self._open()
        except (OSError, RedisError) as error:
            self.stop()
            raise Misconfigured(f"Redis does not start in {self._home.folder}: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and wait until it is gone. Does nothing when it does not run."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._drop_socket()
        if self._claim:
            self._claim.close()
            self._claim = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _claimed(self) -> IO[str]:
        claim = self._home.lock("launcher")
        if claim is None:
            raise Misconfigured(
                f"another wiredesk runs on {self._home.folder}: stop it, or choose another --state"
            )
        return claim

    def _open(self) -> Opening:
        now = datetime.now(UTC)
        folder = self._home.folder
        with self._alone() as lock:
            server = self._server or find_server()
            if has_parts(folder) and version_of(server) < PARTS_SINCE:
                raise Misconfigured(
                    f"the data in {folder} was written by Redis 7 or newer, which {server} cannot "
                    "read: install redis-server 7 or newer"
                )
            cut = repair(folder, server, now)
            if cut:
                _log.error(Happened.REDIS_AOF_REPAIRED, **_words(cut))
            self._spawn(server, lock)
        self._wait_until_loaded()
        return Opening(cut, emptied=self._marks_anew(now))

    def _alone(self) -> IO[str]:
        """The lock that the server itself will hold. A server left over from before is ended."""
        give_up = time.monotonic() + SECONDS_TO_ANSWER
        while (lock := self._home.lock("server")) is None:
            self._end_leftover()
            if time.monotonic() > give_up:
                raise Misconfigured(
                    f"a Redis server of an earlier run still uses {self._home.folder}: end it first"
                )
            time.sleep(SECONDS_BETWEEN_TRIES)
        return lock

    def _end_leftover(self) -> None:
        """Ask it by its own password: a process id may by now belong to something else."""
        identity = self._home.recall()
        if identity:
            with suppress(RedisError), _client(identity) as client:
                client.shutdown()

    def _spawn(self, server: Path, lock: IO[str]) -> None:
        if self._process:
            self._process.wait()  # it is gone, or its lock would not be ours
        self._identity = settle(self._home.recall(), self._wanted_port)
        self._drop_socket()
        self._socket = self._home.socket_file()
        self._home.remember(self._identity)
        self._home.configure(self._identity, self._socket)
        with self._home.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                tethered([str(server), str(self._home.config)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock.fileno(),),
                start_new_session=True,  # Ctrl-C ends the services first, and they need Redis
            )

    def _wait_until_loaded(self) -> None:
        give_up = time.monotonic() + SECONDS_TO_ANSWER
        with _client(self._identity) as client:
            while self.pid and time.monotonic() < give_up:
                try:
                    client.ping()
                except BusyLoadingError:
                    give_up = time.monotonic() + SECONDS_TO_ANSWER
                except RedisError:
                    pass
                else:
                    return
                time.sleep(SECONDS_BETWEEN_TRIES)
        raise Misconfigured(f"Redis did not start. Its log says: {self._home.last_words()}")

    def _marks_anew(self, now: datetime) -> bool:
        """Mark the data as ours. Returns True if the mark was there once and is missing."""
        with _client(self._identity) as client:
            missing = client.set(INSTALLATION, now.isoformat(timespec="seconds"), nx=True)
        emptied = bool(missing) and self._identity.filled
        if emptied:
            _log.error(Happened.REDIS_EMPTIED, folder=str(self._home.folder))
        self._identity = replace(self._identity, filled=True)
        self._home.remember(self._identity)
        return emptied

    def _drop_socket(self) -> None:
        """Remove the socket's temporary folder, if it has one."""
        if self._socket != Path() and self._socket.parent != self._home.folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)
        self._socket = Path()


def _client(identity: Identity) -> Redis:
    return Redis.from_url(identity.url, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def _words(cut: Cut) -> dict[str, str | int]:
    return {
        "file": str(cut.file),
        "offset": cut.offset,
        "bytes_cut": cut.bytes_cut,
        "backup": str(cut.backup),
    }
