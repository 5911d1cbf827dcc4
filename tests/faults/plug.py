"""An embedded Redis whose plug can be pulled: the disk then holds what an fsync had put there.

Of what was written after the last fsync the disk may hold any beginning, or zeros. Where there is a
C compiler, a small library in the server says when an fsync came back (last_fsync.c). Elsewhere the
length of the file at the last acknowledgement stands in for it: that trusts Redis to sync first.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import sleep

from shared.embedded import EmbeddedRedis

SOURCE = Path(__file__).with_name("last_fsync.c")
COMPILER = shutil.which("cc") if sys.platform == "linux" else None
HALF_A_COMMAND = b"*3\r\n$3\r\nSET\r\n$9\r\nhalf a co"
A_PAGE_OF_ZEROS = bytes(4096)


class Plug:
    """Starts a Redis, and cuts its power. `server` is its binary."""

    def __init__(self, folder: Path, server: Path) -> None:
        folder.mkdir()
        self._record = folder / "last_fsync"
        self._library = _compiled(folder) if COMPILER else None
        self._known = 0
        self._folder = folder / "redis"
        self.redis = EmbeddedRedis(self._folder, server=server)

    @property
    def sees_fsync(self) -> bool:
        """Whether we know when an fsync came back, and need not trust Redis."""
        return self._library is not None

    def start(self) -> None:
        """Start on what the disk holds, which is all synced now."""
        self._record.unlink(missing_ok=True)
        with self._recorded():
            self.redis.start()
        self._known = self._file.stat().st_size

    def acknowledged(self) -> None:
        """Somebody was told that all is well."""
        if not self.sees_fsync:
            self._known = self._file.stat().st_size

    def pull(self) -> None:
        """Kill the server."""
        assert self.redis.pid
        os.kill(self.redis.pid, signal.SIGKILL)
        while self.redis.pid:
            sleep(0.001)

    def forget_what_was_not_synced(self, chance: Random) -> None:
        """Leave in the file what an fsync had put on the disk, and of the rest what may be there.

        When the senders have read all their answers: the last one says what must be there.
        """
        with self._file.open("r+b") as file:
            synced = file.seek(self._last_fsync())
            unsynced = file.read() or HALF_A_COMMAND
            kept = unsynced[: chance.randint(0, len(unsynced))]
            file.truncate(file.seek(synced))
            file.write(kept + chance.choice([b"", A_PAGE_OF_ZEROS]))

    @property
    def _file(self) -> Path:
        """Where the last writes are, in the layout of 6.2 or of 7.0."""
        parts = [*self._folder.glob("appendonlydir/*.incr.aof")]
        return max([*parts, *self._folder.glob("appendonly.aof")])

    def _last_fsync(self) -> int:
        if not self._record.exists():
            return self._known
        return int.from_bytes(self._record.read_bytes(), sys.byteorder)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """The environment of a server that keeps the record."""
        if self._library is None:
            yield
            return
        ours = {"LD_PRELOAD": str(self._library), "WIREDESK_LAST_FSYNC": str(self._record)}
        os.environ |= ours
        try:
            yield
        finally:
            for name in ours:
                del os.environ[name]


def _compiled(folder: Path) -> Path:
    library = folder / "last_fsync.so"
    command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return library
