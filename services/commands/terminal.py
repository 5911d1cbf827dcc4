"""The terminal as commands write to it: nothing in a uri or a headline is taken for markup."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

console = Console(emoji=False, highlight=False)


def plain(text: object, style: str = "") -> Text:
    """Text exactly as it is, whatever brackets and colons it has."""
    return Text(str(text), style=style)


def stand_of(told: Mapping[str, Any]) -> str:
    """Where an article stands, from what ingest tells of it.

    >>> stand_of({"version": 3, "state": "killed"})
    'version 3, killed'
    """
    stand = f"version {told['version']}, {told['state']}"
    if due := told.get("due"):
        stand += f" until {datetime.fromisoformat(due).astimezone():%Y-%m-%d %H:%M:%S}"
    if told["state"] == "held" and "live_version" in told:
        stand += f"; version {told['live_version']} is live"
    return stand
