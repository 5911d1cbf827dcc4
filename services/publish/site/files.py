"""The website as files under one root: whole or not there at all, and never outside the root.

Folders are opened one component at a time without following links. Whoever writes holds the lock
of what is written (`alone`), reads the state to write there and then, and so never puts an older
state over a newer one, however many processes share the root.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from zlib import crc32

from services.publish.site import atomic
from services.publish.site.address import (
    ENDINGS,
    INDEX,
    WITHDRAWN,
    Place,
    Status,
    file_at,
    page_at,
)

LOCKS, LOCK_COUNT = ".locks", 64
LOCK_POLL_SECONDS = 0.005
ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FOLDER = ROOT | os.O_NOFOLLOW


class Files:
    """The files under `root`. Paths are site paths; one that is not ours raises ValueError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        (root / LOCKS).mkdir(parents=True, exist_ok=True)

    @property
    def is_empty(self) -> bool:
        """Whether there is no front page yet, so that nothing else can be relied on either."""
        return not (self._root / INDEX).exists()

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Hold the lock of a name against every task and process that shares the root."""
        number = crc32(name.encode()) % LOCK_COUNT
        lock = os.open(self._root / LOCKS / f"{number:02}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            # Polling, because threads that wait for a lock would keep its holder from a thread.
            while not _locked(lock):
                await asyncio.sleep(LOCK_POLL_SECONDS)
            yield
        finally:
            os.close(lock)

    def put(self, path: str, body: bytes) -> bool:
        """Write a list page or a named file. Returns whether anything changed."""
        place = _ours(file_at(path), path)
        with self._folder(place.folder) as folder:
            return atomic.write(folder, place.name, body)

    def put_page(self, path: str, status: Status, body: bytes) -> bool:
        """Let an article's path answer with this status and page. Returns whether it changed.

        The new page stands before the old one goes, and withdrawn wins over visible: there is no
        moment at which a killed page could be seen again. Where there is no room for the notice
        that a story was withdrawn, the story goes all the same, before the error is raised.
        """
        places = {one: _ours(page_at(path, ending), path) for one, ending in ENDINGS.items()}
        place = places.pop(status)
        others = [other.name for other in places.values()]
        with self._folder(place.folder) as folder:
            try:
                written = atomic.write(folder, place.name, body)
            except OSError:
                if status in WITHDRAWN:
                    atomic.remove(folder, others)
                raise
            return atomic.remove(folder, others) or written

    @contextmanager
    def _folder(self, parts: tuple[str, ...]) -> Iterator[int]:
        """An open folder under the root; it is made when it is missing."""
        folder = os.open(self._root, ROOT)
        try:
            for part in parts:
                _make(folder, part)
                folder = _step(folder, part)
            yield folder
        finally:
            os.close(folder)


def read_file(root: Path, place: Place, form: str = "") -> tuple[bytes, float] | None:
    """The bytes of a file, and when they were written in seconds since 1970; None if not there."""
    try:
        folder = os.open(root, ROOT)
        try:
            for part in place.folder:
                folder = _step(folder, part)
            opened = os.open(place.name + form, atomic.READ, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(opened, "rb") as file:
            return file.read(), os.fstat(opened).st_mtime
    except OSError:
        # Missing, a link, a folder, a name too long: for a reader all of it is not found.
        return None


def _ours(place: Place | None, path: str) -> Place:
    if place is None:
        raise ValueError(f"{path!r} is no path of this site")
    return place


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(parent: int, name: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=parent)
        os.fsync(parent)


def _step(parent: int, name: str) -> int:
    """Open a folder inside an open one, which is closed when that succeeds."""
    inner = os.open(name, FOLDER, dir_fd=parent)
    os.close(parent)
    return inner
