"""The append-only file of an embedded Redis: check it, keep a copy, cut off what cannot be read.

Redis 6.2 keeps one file, `appendonly.aof`; from 7.0 on a folder, `appendonlydir/`, whose manifest
names a base and what was written after it. A power cut or a bad disk can leave a torn or foreign
end. `redis-check-aof` cuts the file before the first byte that makes no sense, so everything behind
that byte goes too: hence the copy, which is never deleted here.
https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.errors import Misconfigured

SINGLE_FILE = "appendonly.aof"
PARTS_FOLDER = "appendonlydir"


@dataclass(frozen=True)
class Cut:
    """What a repair took from the end of `file`. `backup` is the copy of how it was before."""

    file: Path
    offset: int
    bytes_cut: int
    backup: Path


def has_parts(folder: Path) -> bool:
    """Whether Redis 7.0 or newer wrote the data in `folder`. Redis 6.2 would not see it."""
    return (folder / PARTS_FOLDER).is_dir()


def repair(folder: Path, server: Path, now: datetime) -> Cut | None:
    """Make the append-only file in `folder` loadable by `server`. Returns None if it was already.

    Raises Misconfigured when the damage is not at the end of what was written last: cutting would
    then mend nothing, and a person has to choose a backup.
    """
    entry = _entry(folder)
    if entry is None or _check(server, entry).returncode == 0:
        return None
    original = folder / PARTS_FOLDER if has_parts(folder) else entry
    backup = original.with_name(f"{original.name}.damaged-{now:%Y%m%dT%H%M%SZ}")
    before = {file: file.stat().st_size for file in _files(original)}
    try:
        _copy(original, backup)
        said = _check(server, entry, "--fix").stdout
    finally:
        cut = _difference(before, backup)
        if (
            cut is None
        ):  # nothing was touched; a start that is tried for ever must not pile up copies
            _remove(backup)
    if cut is None or _check(server, entry).returncode != 0:
        raise Misconfigured(
            f"{original} is damaged and cannot be repaired; restore a backup of it, or move it "
            f"away to start empty. redis-check-aof says: {said.strip()[-400:]}"
        )
    return cut


def _entry(folder: Path) -> Path | None:
    """The file that `redis-check-aof` wants to be given, or None if there is nothing to check.

    An empty single file is what Redis 6.2 makes before its first write; the tool calls it an error.
    """
    entry = folder / SINGLE_FILE
    if has_parts(folder):
        entry = folder / PARTS_FOLDER / f"{SINGLE_FILE}.manifest"
    return entry if entry.is_file() and entry.stat().st_size else None


def _check(server: Path, entry: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the server's own binary as its check tool: it goes by the name it is called with."""
    name = server.name.replace("server", "check-aof")
    return subprocess.run(  # noqa: S603
        [name, *options, str(entry)],
        executable=server,
        input="y\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _copy(original: Path, backup: Path) -> None:
    if original.is_dir():
        shutil.copytree(original, backup)
    else:
        shutil.copy2(original, backup)


def _remove(backup: Path) -> None:
    if backup.is_dir():
        shutil.rmtree(backup)
    else:
        backup.unlink(missing_ok=True)


def _files(original: Path) -> Iterator[Path]:
    return original.iterdir() if original.is_dir() else iter((original,))


def _difference(before: dict[Path, int], backup: Path) -> Cut | None:
    """The one file that is shorter now: the tool cuts only the file that was written last."""
    for file, was in before.items():
        size = file.stat().st_size
        if size < was:
            return Cut(file, offset=size, bytes_cut=was - size, backup=backup)
    return None
