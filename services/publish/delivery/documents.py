"""JSON documents by name in one Redis hash, changed by compare-and-set.

A rule decides about what was read; one script writes if that still stands there. So two who change
a document at once lose nothing, and nobody brings back what was removed meanwhile.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter
from redis.asyncio import Redis

T = TypeVar("T")

# KEYS: the hash. ARGV: the name, the document as it was read, and as it should be; "" = none.
COMPARE_AND_SET = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
"""


class Changed(NamedTuple, Generic[T]):
    """A document before and after; None = there is none."""

    before: T | None
    after: T | None


class Documents(Generic[T]):
    """All documents of one kind. `form` reads and writes them."""

    def __init__(self, redis: Redis, key: str, form: TypeAdapter[T]) -> None:
        self._redis = redis
        self._key = key
        self._form = form
        self._parsed: dict[bytes, T] = {}
        self._compare_and_set = redis.register_script(COMPARE_AND_SET)

    async def all(self) -> dict[str, T]:
        """Every document, by name, in alphabetical order."""
        rows: Any = await self._redis.hgetall(self._key)
        # Read for every article, changed by hand: what was parsed is kept.
        texts = set(rows.values())
        self._parsed = {text: self._parsed.get(text) or self._read(text) for text in texts}
        return {name.decode(): self._parsed[text] for name, text in sorted(rows.items())}

    async def get(self, name: str) -> T | None:
        """One document, or None."""
        text = await self._text(name)
        return self._read(text) if text else None

    async def change(self, name: str, rule: Callable[[T | None], T | None]) -> Changed[T]:
        """Let `rule` decide, again if somebody was quicker. Its None removes the document."""
        while True:
            text = await self._text(name)
            before = self._read(text) if text else None
            after = rule(before)
            written = b"" if after is None else self._form.dump_json(after)
            if after == before or await self._compare_and_set(
                keys=[self._key], args=[name, text, written]
            ):
                return Changed(before, after)

    async def _text(self, name: str) -> bytes:
        found: Any = self._redis.hget(self._key, name)
        return await found or b""

    def _read(self, text: bytes) -> T:
        return self._form.validate_json(text)
