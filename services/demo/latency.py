"""How long a story took from the door to the readers, as its timeline tells."""

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from redis.asyncio import Redis

from shared.streams import Keys

BEGINS = {"ingest.accepted", "ingest.released"}
ENDS = "publish.live"


async def event_to_live_ms(redis: Redis, keys: Keys, uris: Iterable[str]) -> list[int]:
    """Milliseconds from accepted (or released) to live, for each version of each story.

    Both ends are Redis' own instants of the scripts that wrote ledger and commit, so the page is
    on disk before the end is taken.
    """
    found: list[int] = []
    for uri in dict.fromkeys(uris):
        entries: Any = await redis.xrange(keys.of(uri, "timeline"))
        begun: dict[bytes, int] = {}
        for entry_id, fields in entries:
            at, version = int(entry_id.split(b"-")[0]), fields[b"version"]
            if fields[b"step"].decode() in BEGINS:
                begun[version] = at
            elif fields[b"step"].decode() == ENDS and version in begun:
                found.append(at - begun.pop(version))
    return found


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of all values does not exceed; 0 of none."""
    return sorted(values)[ceil(share * len(values)) - 1] if values else 0
