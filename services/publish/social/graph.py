"""RULE: what the answers of Meta's Graph APIs mean: Facebook and Threads.

    code                                        means                           verdict
    190, 102                                    the token is not accepted       stopped
    1, 2, 4, 17, 32, 341, 613, 80001            too many calls, or trouble      retry
    is_transient                                the same                        retry
    10, 200 to 299, 368                         not allowed                     refused
    506                                         these words stand there         unknown
    100 with subcode 33, 24                     no such thing, or none for us   missing
    any other                                   nothing                         by its status

A status of 5xx leaves open whether something was done, whatever the code: that stays unknown.
https://developers.facebook.com/docs/graph-api/guides/error-handling,
https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.publish.delivery.row import Verdict
from services.publish.social.budget import MOST_REST_MS

EXPIRED = frozenset({102, 190})
BUSY = frozenset({1, 2, 4, 17, 32, 341, 613, 80_001})
FORBIDDEN = frozenset({10, 368, *range(200, 300)})
SAME_WORDS = 506
NO_SUCH_OBJECT = (100, 33)
NO_SUCH_MEDIA = 24
WHOLE = 100
"""Per cent of a budget."""
MINUTE_MS = 60_000
USAGES = ("call_count", "total_cputime", "total_time")
Item = Mapping[str, Any]


def error_of(said: Mapping[str, Any]) -> Item:
    """The error of an answer; empty when there is none."""
    error = said.get("error")
    return error if isinstance(error, dict) else {}


def verdict_of(error: Item) -> Verdict | None:
    """What an error means by itself; None = only its status says."""
    code, subcode = (
        number if isinstance(number := error.get(name), int) else 0
        for name in ("code", "error_subcode")
    )
    if code in EXPIRED:
        return "stopped"
    if code == SAME_WORDS:
        return "unknown"
    if code == NO_SUCH_MEDIA or (code, subcode) == NO_SUCH_OBJECT:
        return "missing"
    if code in BUSY or error.get("is_transient") is True:
        return "retry"
    return "refused" if code in FORBIDDEN else None


def regain_ms(header: str) -> int:
    """How long a budget that is used up rests, as `X-Business-Use-Case-Usage` tells it; else 0."""
    try:
        usages = json.loads(header or "{}")
        found = [one for many in usages.values() for one in many if _is_used_up(one)]
        minutes = max(int(one.get("estimated_time_to_regain_access", 0)) for one in found)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return 0
    return min(max(1, minutes) * MINUTE_MS, MOST_REST_MS)


def _is_used_up(usage: Item) -> bool:
    return any(usage.get(name, 0) >= WHOLE for name in USAGES) or bool(
        usage.get("estimated_time_to_regain_access")
    )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, newest first."""

    items: Sequence[Item]
    after: str
    """The cursor of the next page; empty when this is the last one."""


def page_of(said: Mapping[str, Any]) -> Page | None:
    """The page of an answer; None when it is none."""
    items, paging = said.get("data"), said.get("paging") or {}
    if not isinstance(items, list) or not all(isinstance(i, dict) and "id" in i for i in items):
        return None
    try:
        after = paging["cursors"]["after"] if paging.get("next") else ""
    except (KeyError, TypeError, AttributeError):
        return None
    return Page(items, str(after))


def made_at(item: Item) -> float:
    """Milliseconds since 1970; for ever ago when it does not say."""
    try:
        said = item.get("created_time") or item.get("timestamp")
        return datetime.fromisoformat(str(said)).timestamp() * 1_000
    except (ValueError, OverflowError):
        return 0


def missing_permissions(said: Mapping[str, Any], needed: Sequence[str]) -> list[str]:
    """What a token is not granted; nothing when the answer does not say what it is."""
    page = said.get("data")
    if not isinstance(page, list) or not page:
        return []
    granted = {
        one.get("permission")
        for one in page
        if isinstance(one, dict) and one.get("status") == "granted"
    }
    return [name for name in needed if name not in granted]
