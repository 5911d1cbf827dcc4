"""What each destination has of an article, as every service may read and say it.

Publish alone writes the rows (`services/publish/delivery/ledger.py`): one plain hash for each pair
of article and destination. Read here without its rules, so that ingest can answer who has what.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from shared.streams import Keys
from shared.text import rfc3339_utc

GOING = ("waiting", "sending")
"""States in which a row is due at some time."""


async def deliveries_of(redis: Redis, keys: Keys, uri: str) -> list[dict[str, Any]]:
    """All deliveries of an article as they are told, by destination."""
    found: Any = await redis.smembers(keys.of(uri, "receivers"))
    async with redis.pipeline(transaction=False) as pipe:
        for name in sorted(name.decode() for name in found):
            pipe.hgetall(keys.of(uri, "delivery", name))
        rows: list[dict[bytes, bytes]] = await pipe.execute()
    return [told({n.decode(): v.decode() for n, v in row.items()}) for row in rows if row]


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row as JSON has it: `sent` and `next_try` are None where there is none yet.

    `proof` says how sure it is that a killed story is gone (docs/operations.md).
    """
    sent = int(row["sent_version"])
    due = int(row["due_at"]) if row["state"] in GOING else 0
    return {
        "destination": row["destination"],
        "state": row["state"],
        "wanted": {"op": row["want_op"], "version": int(row["want_version"])},
        "sent": {"op": row["sent_op"], "version": sent} if sent else None,
        "tries": int(row["attempt"]),
        "next_try": rfc3339_utc(datetime.fromtimestamp(due / 1000, UTC)) if due else None,
        "error": row["error"],
        "proof": row["proof"],
        "remote_id": row.get("remote_id", ""),
    }
