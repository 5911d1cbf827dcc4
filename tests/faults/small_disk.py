"""A small disk in memory, to be filled and to be emptied."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHUNK = bytes(65_536)


class SmallDisk:
    """A mounted folder. `fill` leaves no byte, `make_room` takes that back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            size = len(CHUNK)
            while size:
                try:
                    file.write(CHUNK[:size])
                except OSError:
                    size //= 2

    def make_room(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount one at `folder`. Skips the test where that is not allowed."""
    folder.mkdir(parents=True)
    size = f"size={megabytes}m"
    mount = ["mount", "-t", "tmpfs", "-o", size, "wiredesk-test", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        reason = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError as error:
        reason = str(error)
    if reason:
        pytest.skip(f"a small disk cannot be mounted here: {reason}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
