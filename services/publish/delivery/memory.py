"""What a channel keeps of its platform from one start to the next: a login, limits of a server.

One small JSON object for each destination, in one Redis hash, shared by all processes. It may hold
secrets, so it is never logged and never shown. It is worth nothing: whatever is missing can be
asked for again, if not as often as one would like.
"""

from collections.abc import Callable, Mapping

from pydantic import TypeAdapter
from redis.asyncio import Redis

from services.publish.delivery.documents import Documents
from shared.streams import DESTINATION_MEMORY

FORM = TypeAdapter(dict[str, str])


class Memory:
    """That of one destination."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._documents = Documents(redis, DESTINATION_MEMORY, FORM)
        self._name = name

    async def recall(self) -> dict[str, str]:
        """All that is kept; empty when nothing is."""
        return await self._documents.get(self._name) or {}

    async def keep(self, values: Mapping[str, str]) -> None:
        """Keep these too, in the place of those with the same names."""
        await self.change(lambda old: {**old, **values})

    async def change(self, rule: Callable[[Mapping[str, str]], dict[str, str]]) -> dict[str, str]:
        """Let `rule` say what is kept now, again if somebody was quicker. Returns that."""
        changed = await self._documents.change(self._name, lambda old: rule(old or {}))
        return changed.after or {}
