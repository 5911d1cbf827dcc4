"""RULE: what LINE means by its refusals, and when a month's messages are used up.

    status                             means
    409                                done: it was taken earlier, under the same retry key
    401, 403                           stopped
    429 "… monthly limit"              stopped until the month ends
    429 else                           retry, after a minute: it does not say when
    400, 413                           refused

A message counts once for every follower it goes to. LINE counts days, so we take it that it counts
months too, in UTC+9; when it lets nothing through yet, it is stopped anew.
Source: https://developers.line.biz/en/reference/messaging-api/#get-consumption
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from services.publish.delivery.row import Outcome

TAKEN_EARLIER, TOO_MANY = 409, 429
MINUTE_MS = 60_000
MONTHLY = "monthly limit"
MONTHS_OF = timezone(timedelta(hours=9))
LEAST_STOP_MS = 3_600_000


def read(outcome: Outcome, status: int, said: Mapping[str, Any], now: int) -> Outcome:
    """What came of a call, where `outcome` is what its status alone would mean."""
    if status == TAKEN_EARLIER:
        return Outcome("done")
    if status != TOO_MANY:
        return outcome
    if MONTHLY in str(said.get("message", "")).lower():
        return used_up(outcome.error, now)
    wait = max(outcome.after_ms, MINUTE_MS)
    return replace(outcome, after_ms=wait, rest_ms=wait)


def used_up(reason: str, now: int) -> Outcome:
    """Nothing goes through until the month ends. `now` is in milliseconds since 1970."""
    end = month_end(now)
    told = f"this month's messages are used up, it goes on {end:%Y-%m-%d %H:%M} UTC: {reason}"
    wait = int(end.timestamp() * 1_000) - now
    return Outcome("stopped", told, reached=False, stop_ms=max(wait, LEAST_STOP_MS))


def month_end(now: int) -> datetime:
    """When the next month begins, as LINE counts."""
    day = datetime.fromtimestamp(now / 1_000, MONTHS_OF)
    first = day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1).astimezone(UTC)


def exhausted(quota: Mapping[str, Any], consumption: Mapping[str, Any]) -> str:
    """E.g. "200 of 200"; empty while some are left, or there is no limit, or it does not say."""
    most, used = quota.get("value"), consumption.get("totalUsage")
    if quota.get("type") != "limited" or not isinstance(most, int) or not isinstance(used, int):
        return ""
    return f"{used} of {most}" if used >= most else ""
