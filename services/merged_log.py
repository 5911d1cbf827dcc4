"""One log of all services: JSON lines in a file that turns over, and on the terminal for people."""

import json
import logging
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from rich.console import Console
from rich.text import Text

from shared.logs import Happened

MAX_BYTES, KEEP_FILES = 20_000_000, 5
COLOURS = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red"}
log = structlog.get_logger()
QUIET = {"ts", "level", "event", "service", "instance", "exception", "trace"}


class _File(RotatingFileHandler):
    """A file whose troubles are handed on, instead of a traceback on the terminal for each line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  # logging's own
        if error := sys.exception():
            raise error


class MergedLog:
    """Takes the children's lines. `show` False keeps the terminal quiet."""

    def __init__(self, file: Path, *, show: bool = True) -> None:
        self._file = _File(file, maxBytes=MAX_BYTES, backupCount=KEEP_FILES, encoding="utf-8")
        self._is_written = True
        self._console = Console(stderr=True, soft_wrap=True) if show else None

    def add(self, line: bytes) -> None:
        """One line of a child, as it came."""
        text = line.decode(errors="replace").rstrip("\n")
        record = logging.LogRecord("wiredesk", logging.INFO, "", 0, text, (), None)
        self._write(record)
        try:
            self._show(text)
        except OSError:  # the terminal or the pipe is gone; the file goes on
            self._console = None

    def _write(self, record: logging.LogRecord) -> None:
        """Into the file. On a full disk the terminal goes on alone, and is told so once."""
        try:
            self._file.emit(record)
        except OSError as error:
            if self._is_written:
                log.error(Happened.LOG_NOT_WRITTEN, reason=str(error))  # noqa: TRY400
            self._is_written = False
        else:
            self._is_written = True

    def _show(self, text: str) -> None:
        if self._console is None:
            return
        if self._console.is_terminal:
            self._console.print(pretty(text))
        else:
            sys.stderr.write(text + "\n")

    def close(self) -> None:
        """Close the file. What a full disk did not take is lost."""
        with suppress(OSError):
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
