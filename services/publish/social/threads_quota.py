"""What is left of a day's posts, or deletes: asked of Threads now and then, counted in between.

https://developers.facebook.com/docs/threads/overview#rate-limiting

    GET /<user>/threads_publishing_limit    how many there were in the last 24 hours, of how many

A quota that cannot be read keeps nothing back: the call itself will tell.
"""

import asyncio

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.row import Outcome
from services.publish.social.graph_api import GraphApi
from services.publish.social.requests import Clock, preparing, told

KNOWN_MS = 3_600_000
REST_MS = 900_000
"""So long nothing is sent when nothing is left; some calls are older than a day by then."""
PLENTY = 1_000_000


class Quota:
    """One of them. `prefix` is "" for posts and `delete_` for deletes."""

    def __init__(self, api: GraphApi, user: str, prefix: str, clock: Clock) -> None:
        self._api = api
        self._path = f"{user}/threads_publishing_limit"
        self._names = f"{prefix}quota_usage", f"{prefix}config"
        self._clock = clock
        self._left = self._known_until = 0
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Count one call more. Raises Unprepared when none is left for now."""
        async with self._lock:
            if self._clock() >= self._known_until:
                self._left = await self._asked()
                self._known_until = self._clock() + (KNOWN_MS if self._left > 0 else REST_MS)
            if self._left <= 0:
                wait = max(1, self._known_until - self._clock())
                raise Unprepared(
                    Outcome(
                        "retry",
                        f"{self._names[0]}: nothing is left of the quota of 24 hours",
                        after_ms=wait,
                        rest_ms=wait,
                        reached=False,
                    )
                )
            self._left -= 1

    async def _asked(self) -> int:
        usage, config = self._names
        try:
            async with preparing():
                answer = await self._api.ask("GET", self._path, fields=f"{usage},{config}")
            [said] = told(answer)["data"]
            return int(said[config]["quota_total"]) - int(said[usage])
        except (Unprepared, KeyError, TypeError, ValueError):
            return PLENTY
