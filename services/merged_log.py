"""One log of all services: JSON lines in a file that turns over, and on the terminal for people."""

import json
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rich.console import Console
from rich.text import Text

MAX_BYTES, KEEP_FILES = 20_000_000, 5
COLOURS = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red"}
QUIET = {"ts", "level", "event", "service", "instance", "exception", "trace"}


class MergedLog:
    """Takes the children's lines. `show` False keeps the terminal quiet."""

    def __init__(self, file: Path, *, show: bool = True) -> None:
        self._file = RotatingFileHandler(
            file, maxBytes=MAX_BYTES, backupCount=KEEP_FILES, encoding="utf-8"
        )
        self._console = Console(stderr=True, soft_wrap=True) if show else None

    def add(self, line: bytes) -> None:
        """One line of a child, as it came."""
        text = line.decode(errors="replace").rstrip("\n")
        record = logging.LogRecord("wiredesk", logging.INFO, "", 0, text, (), None)
        self._file.emit(record)
        try:
            self._show(text)
        except OSError:  # the terminal or the pipe is gone; the file goes on
            self._console = None

    def _show(self, text: str) -> None:
        if self._console is None:
            return
        if self._console.is_terminal:
            self._console.print(pretty(text))
        else:
            sys.stderr.write(text + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def pretty(text: str) -> Text:
    """A JSON log line as a person reads it: time, service, event, then the rest as key=value."""
    try:
        line = json.loads(text)
    except json.JSONDecodeError:
        return Text(text)
    if not isinstance(line, dict):
        return Text(text)
    shown = Text(str(line.get("ts", ""))[11:23] + " ", style="dim")
    shown.append(f"{line.get('service', ''):<8}", style="cyan")
    level = str(line.get("level", "info"))
    shown.append(f"{line.get('event', '')} ", style=COLOURS.get(level, ""))
    for key, value in line.items():
        if key not in QUIET:
            shown.append(f" {key}=", style="dim").append(str(value))
    return shown
