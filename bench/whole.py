"""A whole installation, `wiredesk up` in processes of its own, for a benchmark."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import httpx

from bench.process import resident_mb
from shared.http import own_client

SECONDS_TO_START = 60.0
PORTS = ("--port-site", "0", "--port-ingest", "0", "--port-enrich", "0")


@dataclass(frozen=True)
class Whole:
    """A running `wiredesk up`."""

    state: Path
    pid: int

    @property
    def addresses(self) -> dict[str, str]:
        """Of site, ingest and enrich."""
        told: dict[str, str] = json.loads((self.state / "endpoints.json").read_text())
        return told

    @property
    def site(self) -> Path:
        """The folder of the website."""
        return self.state / "site"

    def client(self, name: str) -> httpx.AsyncClient:
        """A client of one of the services, with the key of this machine."""
        return own_client(self.addresses[name], (self.state / "local.key").read_text())

    def memory(self) -> dict[str, float]:
        """MB that each service and Redis hold now."""
        used = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if int(parent) == self.pid:
                    name = next(
                        (one for one in ("publish", "enrich", "ingest") if one in words), ""
                    )
                    used[name or "Redis"] = resident_mb(int(folder.name))
        return used


@contextmanager
def whole(folder: Path, **settings: str) -> Iterator[Whole]:
    """Start one on free ports, wait until it is ready, and end it in order."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("WIREDESK_")}
    command = [sys.executable, "-m", "services", "up", "--state", str(folder / "state"), *PORTS]
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(command, env=environ | settings, stdout=log, stderr=log)
    try:
        here = Whole(folder / "state", process.pid)
        give_up = monotonic() + SECONDS_TO_START
        while not _is_ready(here):
            if monotonic() > give_up or process.poll() is not None:
                raise TimeoutError(f"not ready in {SECONDS_TO_START:g} s: {folder / 'up.log'}")
            sleep(0.1)
        yield here
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(here: Whole) -> bool:
    try:
        urls = here.addresses.values()
        return all(httpx.get(f"{url}/readyz", trust_env=False).is_success for url in urls)
    except (OSError, httpx.TransportError):
        return False
