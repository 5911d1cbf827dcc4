"""Instants as people write them on a command line."""

import re
from datetime import UTC, datetime, timedelta

import typer

SPAN = re.compile(r"(\d{1,6})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def read_instant(words: str, option: str, now: datetime | None = None) -> int:
    """Milliseconds since 1970: an ISO 8601 instant, or so long ago (90m, 24h, 7d); 0 for "".

    An instant without a zone is of this machine's. Raises BadParameter for anything else.
    """
    if not words:
        return 0
    try:
        if span := SPAN.fullmatch(words):
            ago = timedelta(**{UNITS[span[2]]: int(span[1])})
            return int(((now or datetime.now(UTC)) - ago).timestamp() * 1_000)
        return int(datetime.fromisoformat(words).timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{words!r} is no instant: write 2026-11-23T09:00, 90m, 24h or 7d", param_hint=option
        ) from None
