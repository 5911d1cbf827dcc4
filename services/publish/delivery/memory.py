"""What a channel keeps of its platform from one start to the next: a login, limits of a server.

One small JSON object for each destination, in one Redis hash, shared by all processes. It may hold
secrets, so it is never logged and never shown. It is worth little: whatever is missing can be asked
for again, if not as often as one would like. When Redis is away both raise Unprepared, so that no
call is made without what is kept; after a call nobody may let that undo what was done.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.documents import Documents
from services.publish.delivery.row import Outcome
from shared.redis import is_outage
from shared.streams import DESTINATION_MEMORY

FORM = TypeAdapter(dict[str, str])


class Memory:
    """That of one destination."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._documents = Documents(redis, DESTINATION_MEMORY, FORM)
        self._name = name

    async def recall(self) -> dict[str, str]:
        """All that is kept; empty when nothing is."""
        with _outages():
            return await self._documents.get(self._name) or {}

    async def keep(self, values: Mapping[str, str]) -> None:
        """Keep these too, in the place of those with the same names."""
        await self.change(lambda old: {**old, **values})

    async def change(self, rule: Callable[[Mapping[str, str]], dict[str, str]]) -> dict[str, str]:
        """Let `rule` say what is kept now, again if somebody was quicker. Returns that."""
        with _outages():
            changed = await self._documents.change(self._name, lambda old: rule(old or {}))
        return changed.after or {}


@contextmanager
def _outages() -> Iterator[None]:
    """What was to be known or kept before a call keeps the call waiting, and is no bug."""
    try:
        yield
    except (RedisError, OSError) as error:
        if not is_outage(error):
            raise
        raise Unprepared(Outcome("retry", "Redis is away", reached=False)) from error
