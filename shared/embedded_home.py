"""The folder of an embedded Redis: who may run a server in it, and how to reach that server."""

import fcntl
import json
import secrets
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from shared.errors import Misconfigured

LOOPBACK = "127.0.0.1"
SECRET_BYTES = 24
LONGEST_SOCKET_PATH = 103
"""Bytes that every system allows (Linux 107, macOS 103)."""

CONFIG = """\
bind {host}
port {port}
protected-mode yes
requirepass {secret}
unixsocket {socket}
unixsocketperm 700
daemonize no
dir {folder}
# What was acknowledged stays, also through a power cut. Nothing is cut off unseen:
# wiredesk repairs the file before the start and says what it cut.
appendonly yes
appendfsync always
aof-load-truncated no
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Identity:
    """What a folder remembers of its server from start to start.

    `filled` says that the server has held data, so that an empty one is a loss.
    """

    port: int
    secret: str
    filled: bool = False

    @property
    def url(self) -> str:
        """Where the server is when it runs."""
        return f"redis://:{self.secret}@{LOOPBACK}:{self.port}/0"


class Home:
    """The files beside the data. All of it is readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "redis.log"
        self.config = self.folder / "redis.conf"
        self._identity = self.folder / "identity.json"

    def make(self) -> None:
        """Make the folder private."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def lock(self, who: str) -> IO[str] | None:
        """Take the lock of `who`, or None if another process has it.

        It is kept until the file is closed by all processes that have it open, also by a child that
        inherited it, and however they end.
        """
        file = (self.folder / f"{who}.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def recall(self) -> Identity | None:
        """The identity of the server that ran here, or None if none did."""
        try:
            return Identity(**json.loads(self._identity.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def remember(self, identity: Identity) -> None:
        """Keep it for `recall`."""
        self._write(self._identity, json.dumps(asdict(identity)))

    def configure(self, identity: Identity, socket_file: Path) -> None:
        """Write the configuration file."""
        text = CONFIG.format(
            host=LOOPBACK,
            port=identity.port,
            secret=identity.secret,
            socket=_quoted(socket_file),
            folder=_quoted(self.folder),
        )
        self._write(self.config, text)

    def socket_file(self) -> Path:
        """Where the private socket goes: here, or in a short temporary folder of its own."""
        usual = self.folder / "redis.sock"
        if len(str(usual).encode()) <= LONGEST_SOCKET_PATH:
            return usual
        return Path(mkdtemp(prefix="wiredesk-")) / usual.name

    def last_words(self) -> str:
        """The end of the server's log."""
        with suppress(OSError):
            return self.log.read_text(errors="replace").strip()[-600:]
        return ""

    def _write(self, file: Path, text: str) -> None:
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(text)
        new.replace(file)


def settle(known: Identity | None, wanted_port: int) -> Identity:
    """The identity to start with: the port as it was as long as it is free, and the same secret.

    Raises Misconfigured when `wanted_port` is not 0 and taken by another program.
    """
    identity = known or Identity(port=0, secret=secrets.token_hex(SECRET_BYTES))
    port = _free(wanted_port or identity.port)
    if port is None and wanted_port:
        raise Misconfigured(f"port {wanted_port} is taken by another program; choose another one")
    return replace(identity, port=port or _free(0) or 0)


def _free(port: int) -> int | None:
    """`port` if it can be listened on, any free one for 0, None if it is taken."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return None
        return int(trial.getsockname()[1])


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
