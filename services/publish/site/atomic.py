"""Files inside one open folder: written whole or not at all, with their packed forms.

A file is made beside its name, so what a crash left half written is replaced by the next write of
it, and goes with its removal: nothing of a killed story may lie about. Whoever writes a name is
alone with it (`files.py`). What a rename or a removal did is on the disk when these functions
return, so a power cut cannot bring back what a reader must not see again.
"""

import gzip
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress

import brotli

BROTLI, GZIP = ".br", ".gz"
BROTLI_QUALITY, GZIP_LEVEL = 5, 6
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Pack = Callable[[bytes], bytes]


def write(folder: int, name: str, body: bytes) -> bool:
    """Make `name` hold `body`, with its packed forms. Returns whether anything had to change."""
    packers = _packers(name)
    if read(folder, name) == body and all(_exists(folder, name + form) for form in packers):
        return False
    _replace(folder, name, {"": body, **{form: pack(body) for form, pack in packers.items()}})
    return True


def read(folder: int, name: str) -> bytes | None:
    """What a file holds, or None when there is none."""
    try:
        opened = os.open(name, READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(opened, "rb") as file:
        return file.read()


def remove(folder: int, names: Iterable[str]) -> bool:
    """Remove files with their packed forms. Returns whether there were any."""
    whole = [name + form for name in names for form in (BROTLI, GZIP, "")]
    gone = [_unlink(folder, name) for name in (*whole, *map(_beside, whole))]
    if any(gone):
        os.fsync(folder)
    return any(gone)


def _packers(name: str) -> dict[str, Pack]:
    """Gzip for everybody; brotli for pages, which browsers read and feed readers do not."""
    return {BROTLI: _brotli, GZIP: _gzip} if name.endswith(".html") else {GZIP: _gzip}


def _brotli(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    return packed


def _gzip(body: bytes) -> bytes:
    # Without a clock in it, equal pages stay equal files.
    return gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0)


def _replace(folder: int, name: str, forms: Mapping[str, bytes]) -> None:
    beside = {form: _beside(name + form) for form in forms}
    with ExitStack() as left_over:
        for form, content in forms.items():
            _unlink(folder, beside[form])
            left_over.callback(_unlink, folder, beside[form])
            _create(folder, beside[form], content)
        # The old packed forms go first: a page without them is larger, a page with them is old.
        for form in filter(None, forms):
            _unlink(folder, name + form)
        for form in forms:
            os.rename(beside[form], name + form, src_dir_fd=folder, dst_dir_fd=folder)
        left_over.pop_all()
    os.fsync(folder)


def _beside(name: str) -> str:
    """Where a file is written before it gets its name; no address leads there."""
    return f".{name}.new"


def _create(folder: int, name: str, content: bytes) -> None:
    with os.fdopen(os.open(name, CREATE, 0o644, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exists(folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def _unlink(folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
        return True
    return False
