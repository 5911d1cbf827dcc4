"""Who may come in: bearer keys with scopes.

A key is `wd_<id>_<secret>`: 32 random bytes, so its SHA-256 is enough to keep. Only that is stored.
Without any key, nobody may come in.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_bytes, token_hex
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from shared.streams import KEYRING

USUAL_SCOPES = ("publish", "withdraw", "read", "subscribe")
"""What a key may do: send articles, kill them, ask what became of them; keep its own webhooks."""
SCOPES = (*USUAL_SCOPES, "operate")
"""The last one must be asked for: it sees and changes the subscriptions of all others."""


class StoredKey(BaseModel):
    """What is kept of a key."""

    model_config = ConfigDict(frozen=True)

    name: str
    digest: str
    scopes: tuple[str, ...]
    created: datetime


@dataclass(frozen=True, slots=True)
class Sender:
    """Who made a request, and what they may do."""

    name: str
    scopes: tuple[str, ...]

    def may(self, scope: str) -> bool:
        """Whether the key has this scope."""
        return scope in self.scopes


def digest_of(key: str) -> str:
    """What is kept of a key."""
    return sha256(key.encode()).hexdigest()


def new_key() -> str:
    """A new random key."""
    secret = urlsafe_b64encode(token_bytes(32)).decode().rstrip("=")
    return f"wd_{token_hex(4)}_{secret}"


class Keyring:
    """All keys of an installation: the ones in the settings and the ones made by command."""

    def __init__(self, redis: Redis, plain: Iterable[str]) -> None:
        self._redis = redis
        # Looking a digest up takes the same time whether the key is nearly right or not at all.
        self._fixed = {digest_of(key): Sender("settings", SCOPES) for key in plain if key}

    async def sender(self, key: str) -> Sender | None:
        """Who has this key, or None when nobody does."""
        return await self.holder(digest_of(key))

    async def holder(self, digest: str) -> Sender | None:
        """The same by the digest of the key."""
        if digest in self._fixed:
            return self._fixed[digest]
        stored: Any = await self._redis.hget(KEYRING, digest)
        if stored is None:
            return None
        row = StoredKey.model_validate_json(stored)
        return Sender(row.name, row.scopes)

    async def create(self, name: str, scopes: Sequence[str]) -> str:
        """Make a key and store its digest. The key itself is shown once and kept nowhere."""
        key = new_key()
        row = StoredKey(
            name=name, digest=digest_of(key), scopes=tuple(scopes), created=datetime.now(UTC)
        )
        await self._stored(self._redis.hset(KEYRING, row.digest, row.model_dump_json()))
        return key

    async def stored(self) -> list[StoredKey]:
        """All keys made by command, oldest first."""
        rows: Any = await self._stored(self._redis.hvals(KEYRING))
        return sorted(map(StoredKey.model_validate_json, rows), key=lambda row: row.created)

    async def revoke(self, name: str, *, keep_newest: bool = False) -> int:
        """Forget all keys of that name, but perhaps the last one. Returns how many it forgot."""
        digests = [row.digest for row in await self.stored() if row.name == name]
        digests = digests[:-1] if keep_newest else digests
        return int(await self._stored(self._redis.hdel(KEYRING, *digests))) if digests else 0

    @staticmethod
    async def _stored(answer: Any) -> Any:  # noqa: ANN401  # redis-py's own type is a union with its sync client
        return await answer
