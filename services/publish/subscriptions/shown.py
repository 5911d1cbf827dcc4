"""A subscription as its owner sees it; its secrets are not shown again."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from services.publish.delivery.call_log import Call
from services.publish.delivery.survey import Standing
from services.publish.subscriptions.fields import rfc3339

FIELDS = {
    "name",
    "owner",
    "state",
    "reason",
    "concurrency",
    "max_per_hour",
    "pace_seconds",
    "max_age_hours",
    "give_up_hours",
    "created",
    "configured",
}


def subscription(standing: Standing, now: datetime) -> dict[str, Any]:
    """All there is to say of it."""
    one, health = standing.destination, standing.health
    told = one.model_dump(mode="json", include=FIELDS)
    return {
        "name": told.pop("name"),
        "url": one.settings.get("url"),
        "filter": str(one.filter),
        "thin": one.settings.get("thin", True),
        **told,
        "old_secret_until": _future(one.settings.get("old_until"), now),
        "condition": standing.condition,
        "failing_since": rfc3339(health.failing_since),
        "error": health.error,
        "waiting": standing.waiting,
        "in_line": standing.in_line,
        "next_turn": rfc3339(standing.next_turn),
    }


def delivery(call: Call) -> dict[str, Any]:
    """One call."""
    told = asdict(call)
    return {
        "at": rfc3339(told.pop("at_ms")),
        "id": told.pop("id"),
        "try": told.pop("tries"),
        **told,
    }


def _future(until: str | None, now: datetime) -> str | None:
    """The end of the old secret, while it is still good."""
    if not until:
        return None
    ends = datetime.fromisoformat(until)
    return ends.astimezone(UTC).isoformat() if ends > now else None
