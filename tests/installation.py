"""A whole installation as people run it, `wiredesk up` in a process of its own, and its command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
SECONDS_TO_START = 40.0
WIREDESK = [sys.executable, "-m", "services"]


def until(claim: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until the claim is true; fail when it is not in time."""
    give_up = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < give_up, f"not in {seconds} s"
        time.sleep(0.05)


@dataclass
class Installation:
    """A running `wiredesk up`."""

    state: Path
    process: subprocess.Popen[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings from the environment, of the services and of all commands."""

    @property
    def endpoints(self) -> Path:
        """The file that says where everything is."""
        return self.state / "endpoints.json"

    @property
    def addresses(self) -> dict[str, str]:
        """Of site, ingest, enrich and console."""
        told: dict[str, str] = json.loads(self.endpoints.read_text())
        return told

    @property
    def log(self) -> str:
        """Everything that all services have said."""
        return (self.state / "wiredesk.log").read_text()

    @property
    def key(self) -> str:
        """The key of this machine."""
        return (self.state / "local.key").read_text()

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command of `wiredesk` on this installation."""
        return command(*words, "--state", str(self.state), stdin=stdin, **self.settings)

    def told(self, *words: str) -> Any:  # noqa: ANN401  # JSON
        """What a command says with `--json`."""
        return json.loads(self.run(*words, "--json").stdout)

    def children(self) -> dict[int, str]:
        """Process ids of the services and of Redis, with the words they were started with."""
        return {pid: words for pid, parent, words in processes() if parent == self.process.pid}

    def kill(self, name: str) -> int:
        """Kill a service, or `redis-server`, as a crash would. Returns its process id."""
        [pid] = [pid for pid, words in self.children().items() if name in words]
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_ready(self) -> bool:
        """Whether all services say so."""
        try:
            answers = [httpx.get(f"{url}/readyz", timeout=5) for url in self.addresses.values()]
        except httpx.TransportError:
            return False
        return all(answer.is_success for answer in answers)

    def page_of(self, uri: str) -> str:
        """The address of the page of a live article, or "" while it has none."""
        feed = httpx.get(f"{self.addresses['site']}/feed.json").json()
        return next((item["url"] for item in feed["items"] if item["id"] == uri), "")


def processes() -> Iterator[tuple[int, int, str]]:
    """Every process of this machine that runs: its id, its parent's, and its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if state != "Z":
                yield int(folder.name), int(parent), words.decode(errors="replace")


def command(*words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `wiredesk` with these words. `settings` are variables of the environment."""
    environ = os.environ | settings | {"COLUMNS": "80"}
    return subprocess.run(
        [*WIREDESK, *words],
        cwd=ROOT,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextmanager
def installation(state: Path, **settings: str) -> Iterator[Installation]:
    """Start one on free ports, wait until it is ready, and end it in order.

    `settings` are variables of the environment.
    """
    ports = [
        word for name in ("site", "ingest", "enrich", "console") for word in (f"--port-{name}", "0")
    ]
    with started([*WIREDESK, "up", "--state", str(state), *ports], state, settings) as here:
        yield here


@contextmanager
def started(
    command: Sequence[str], state: Path, settings: Mapping[str, str]
) -> Iterator[Installation]:
    """The same by another command that does what `wiredesk up` does."""
    with (state.parent / f"{state.name}.up.log").open("w") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            text=True,
        )
    here = Installation(state, process, settings)
    try:
        until(here.endpoints.exists, SECONDS_TO_START)
        until(here.is_ready, SECONDS_TO_START)
        yield here
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
