"""RULE: how long a platform wants no more calls, by the budget that its answers tell.

    header                                      says
    X-RateLimit-Remaining, RateLimit-Remaining  how many calls are left; X writes X-Rate-Limit-,
                                                and X-User-Limit-24hour- for a whole day
    …-Reset-After                               seconds until there are more (Discord)
    …-Reset                                     the same, or the instant: seconds since 1970
                                                (Bluesky) or ISO 8601 (Mastodon)

Platforms count deletes apart from posts (Mastodon: 30 in 30 minutes). So do we: the courier that
got the answer rests, and kills have couriers of their own.
Sources: https://docs.joinmastodon.org/api/rate-limits/,
https://docs.bsky.app/docs/advanced-guides/rate-limits,
https://discord.com/developers/docs/topics/rate-limits, https://docs.x.com/x-api/fundamentals/rate-limits
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite

PREFIXES = (
    "x-ratelimit-",
    "ratelimit-",
    "x-rate-limit-",
    "x-user-limit-24hour-",
    "x-app-limit-24hour-",
)
SECOND = 1_000
MOST_REST_MS = 3_600_000
"""A platform that asks for more is asked again after an hour."""
LEAST_INSTANT = 1e9
"""Seconds since 1970; a smaller number is a wait."""


def rest_ms(headers: Mapping[str, str], now: int) -> int:
    """Milliseconds until there is a budget again; 0 while some of it is left, or nothing is said.

    `headers` have names in lower case, or do not mind. `now` is in milliseconds since 1970.
    """
    rests = (_rest(headers, prefix, now) for prefix in PREFIXES)
    return min(max(0, *rests), MOST_REST_MS)


def as_ms(seconds: object) -> int:
    """A wait in milliseconds, from seconds as JSON or a header has them; 0 for anything else."""
    number = _number(seconds)
    return min(max(0, int(number * SECOND)), MOST_REST_MS) if number is not None else 0


def _rest(headers: Mapping[str, str], prefix: str, now: int) -> int:
    left = _number(headers.get(f"{prefix}remaining", ""))
    if left is None or left >= 1:
        return 0
    after = headers.get(f"{prefix}reset-after", "")
    return as_ms(after) if after else _until(headers.get(f"{prefix}reset", ""), now)


def _until(reset: str, now: int) -> int:
    number = _number(reset)
    if number is not None:
        return int(number * SECOND) - (now if number >= LEAST_INSTANT else 0)
    try:
        when = datetime.fromisoformat(reset)
    except ValueError:
        return 0
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * SECOND) - now


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
