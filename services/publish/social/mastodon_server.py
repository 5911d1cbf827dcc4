"""RULE: what a server that speaks Mastodon's API tells of itself and of its posts, as JSON.

Nothing is taken for granted: a compatible server may leave out whatever it likes.
https://docs.joinmastodon.org/entities/Instance/, https://docs.joinmastodon.org/entities/Status/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

NEEDED = {"read": ("read:accounts", "read:statuses"), "write": ("write:media", "write:statuses")}
"""What a token must allow: the whole, or all its parts."""
Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server allows. The defaults are Mastodon's own."""

    characters: int = 500
    address: int = 23
    """What every address counts, however long it is."""


def limits(instance: Any) -> Limits:  # noqa: ANN401  # JSON of a stranger
    """The limits that a server tells, where it tells them as documented."""
    try:
        said = instance["configuration"]["statuses"]
        found = Limits(int(said["max_characters"]), int(said["characters_reserved_per_url"]))
    except (KeyError, TypeError, ValueError):
        return Limits()
    return found if found.characters > 0 and found.address > 0 else Limits()


def lacking(scopes: object) -> list[str]:
    """What a token does not allow; nothing when the server does not say what it does."""
    if not isinstance(scopes, list):
        return []
    needed = [part for whole, parts in NEEDED.items() if whole not in scopes for part in parts]
    return [part for part in needed if part not in scopes]


def statuses(content: bytes) -> list[Status] | None:
    """The statuses of a page; None when it is no list of them."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    is_page = isinstance(found, list) and all(
        isinstance(one, dict) and "id" in one for one in found
    )
    return found if is_page else None


def made_at(status: Status) -> float:
    """Milliseconds since 1970; for ever ago when it does not say."""
    try:
        return datetime.fromisoformat(str(status["created_at"])).timestamp() * 1_000
    except (KeyError, ValueError, OverflowError):
        return 0


def links_to(status: Status, url: str) -> bool:
    """Whether its text, which is HTML, leads to that address."""
    return f'href="{url}"' in unescape(str(status.get("content", "")))
