"""Trimming: a stream keeps what somebody still has to read, and some hours more for other programs.

By MINID of the slowest group, never by MAXLEN, which drops entries that nobody has read.
"""

from time import time

from redis.asyncio import Redis


async def trim(redis: Redis, stream: str, keep_hours: float) -> None:
    """Drop entries that every group is done with and that are older than `keep_hours`."""
    floors = [f"{int((time() - keep_hours * 3600) * 1000)}-0"]
    for group in await redis.xinfo_groups(stream):
        summary = await redis.xpending(stream, group["name"].decode())
        oldest = summary["min"] if summary["pending"] else group["last-delivered-id"]
        floors.append(oldest.decode())
    await redis.xtrim(stream, minid=min(floors, key=_order), approximate=True)


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
