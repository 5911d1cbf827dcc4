"""RULE: how a shared secret is changed without a gap.

    secrets    newest first, two at most
    old_until  from then on only the first one counts; without it both count for ever

A rotation makes a new one, and the one that was newest stays good for a while, 24 hours if nobody
says otherwise, so a receiver can be told at leisure; then it counts no more by itself. Where two
are good, there is no room for a third: to rotate again, wait, or give the old ones up at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.errors import Rejected

Secret = TypeVar("Secret")
OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 7 * 24


class NoRoom(Rejected):
    """Two secrets are good already."""


def live(secrets: Sequence[Secret], old_until: datetime | None, now: datetime) -> Sequence[Secret]:
    """Those that count now."""
    return secrets[:1] if old_until and now >= old_until else secrets


def rotated(
    settings: Mapping[str, Any], new: str, now: datetime, overlap: timedelta
) -> dict[str, Any]:
    """The settings with a new secret. Without an `overlap` the others count no more, at once.

    Raises NoRoom when two are good.
    """
    until = settings.get("old_until")
    old_until = datetime.fromisoformat(until) if isinstance(until, str) else until
    good = live(settings["secrets"], old_until, now)
    kept = [good[0]] if overlap else []
    if kept and len(good) > 1:
        when = f"until {old_until:%Y-%m-%d %H:%M %Z}" if old_until else "both for ever"
        raise NoRoom(
            f"two secrets are good already, {when}: wait, "
            "or rotate with an overlap of 0 hours, which ends both at once"
        )
    ends = (now + overlap).isoformat() if kept else None
    return {**settings, "secrets": [new, *kept], "old_until": ends}
