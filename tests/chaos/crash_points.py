"""Points at which a service can be made to die: where it is about to change the world outside.

A process under test gets an audit hook (PEP 578, `install`). It hears every Redis command and HTTP
request that is about to leave, by the events that `shared/redis.py` and `shared/sockets.py` raise,
and every file that is opened or renamed, by Python's own. Without a hook all of them are nothing.

The board is a file of bytes that the harness and the services share: which point is armed, how
often it may still be passed, and how many deaths each point has seen.
"""

import json
import mmap
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shared.redis import COMMAND_LEAVES
from shared.sockets import REQUEST_LEAVES

Service = Literal["ingest", "enrich", "publish"]
Rule = Callable[[tuple[Any, ...]], str | None]
"""The moment that an audit event's arguments stand for, or None."""

BOARD = "CHAOS_BOARD"
"""The variable that tells a service where its board is."""
ARMED, LEFT, DEATHS = 0, 1, 2
LISTS = (".xml.gz", ".json.gz")


@dataclass(frozen=True)
class Point:
    """A service, and a moment of its work."""

    service: Service
    moment: str

    def __str__(self) -> str:
        return f"{self.service}, {self.moment}"


AFTER_SEND = Point("publish", "after send")
"""The receiver has the whole request and has not answered. It is the receiver who strikes."""
POINTS = (
    Point("ingest", "before accept"),
    Point("publish", "before intent"),
    Point("publish", "after intent"),
    AFTER_SEND,
    Point("publish", "before settle"),
    Point("publish", "before ack"),
    Point("enrich", "before ack"),
    Point("publish", "mid file write"),
    Point("publish", "mid feed rename"),
)


class Board:
    """The shared bytes. One point is armed at a time."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(DEATHS + len(POINTS)))
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), 0)

    def arm(self, point: Point, passes: int) -> None:
        """Let the service die when it comes to the point for the `passes`th time."""
        self._bytes[LEFT] = passes
        self._bytes[ARMED] = POINTS.index(point) + 1

    def disarm(self) -> None:
        """Let everybody live."""
        self._bytes[ARMED] = 0

    @property
    def armed(self) -> Point | None:
        """The point at which somebody is to die, or None."""
        place = self._bytes[ARMED]
        return POINTS[place - 1] if place else None

    @property
    def deaths(self) -> Counter[Point]:
        """How many died at each point."""
        counts = self._bytes[DEATHS : DEATHS + len(POINTS)]
        return Counter(dict(zip(POINTS, counts, strict=True)))

    def is_due(self, point: Point) -> bool:
        """Count a passage of the armed point; True when it is to be the last one."""
        self._bytes[LEFT] = max(self._bytes[LEFT] - 1, 0)
        if self._bytes[LEFT]:
            return False
        self.disarm()
        self._bytes[DEATHS + POINTS.index(point)] += 1
        return True


def install(board: Board, service: str) -> None:
    """Let this process die, by SIGKILL, at the points of its service that get armed."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        rule = RULES.get(event)
        if rule is None or (point := board.armed) is None or point.service != service:
            return
        if rule(arguments) == point.moment and board.is_due(point):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def install_here() -> None:
    """The same, if this process is a service (`-m services NAME …`) that is under test."""
    words = sys.orig_argv
    if BOARD in os.environ and "services" in words:
        install(Board(Path(os.environ[BOARD])), words[words.index("services") + 1])


def _of_command(arguments: tuple[Any, ...]) -> str | None:
    """The scripts by the keys they are given: all that is written for good is written by one."""
    command, *words = arguments[0]
    if command != "EVALSHA":
        return None
    keys, rest = words[2 : 2 + words[1]], words[2 + words[1] :]
    if ":ledger:" in keys[0]:
        return "before accept"
    if ":delivery:" in keys[0]:
        return _of_rows(json.loads(rest[0]))
    return "before ack" if ":article." in keys[0] and len(keys) > 1 else None


def _of_rows(rows: list[dict[str, Any]]) -> str | None:
    """What is written of delivery rows: an intent has a lease, an outcome is told to the log."""
    if any(row["attempt"] for row in rows):
        return "before settle"
    values = [dict(zip(row["fields"][::2], row["fields"][1::2], strict=True)) for row in rows]
    return "before intent" if any(one.get("lease_until", "0") != "0" for one in values) else None


def _of_request(_: tuple[Any, ...]) -> str:
    return "after intent"


def _of_open(arguments: tuple[Any, ...]) -> str | None:
    """A file that was just made, and has nothing in it yet."""
    path, mode, _ = arguments
    return "mid file write" if isinstance(path, int) and mode == "w" else None


def _of_rename(arguments: tuple[Any, ...]) -> str | None:
    """The packed form of a feed: the plain one has been renamed, this one has not."""
    return "mid feed rename" if str(arguments[1]).endswith(LISTS) else None


RULES: Mapping[str, Rule] = {
    COMMAND_LEAVES: _of_command,
    REQUEST_LEAVES: _of_request,
    "open": _of_open,
    "os.rename": _of_rename,
}
