"""Who has signed in: sessions in Redis, so that any console process knows them, and their ends.

A session is known by a random token that only the browser has; Redis holds its SHA-256. It ends
after twelve hours, when somebody signs out, and at once when its key is revoked.
"""

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from shared.keyring import Keyring, digest_of
from shared.streams import CONSOLE

HOURS = 12
SCOPE = "operate"
MOST_TRIES, TRY_SECONDS = 5, 60


class _Kept(BaseModel):
    """What is kept of a session."""

    model_config = ConfigDict(frozen=True)

    key: str
    """The digest of the key that it was opened with."""
    form: str


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. `form` proves that a form is from a page of theirs."""

    name: str
    token: str
    form: str


class Sessions:
    """All sessions, and how often each address has tried to open one."""

    def __init__(self, redis: Redis, keyring: Keyring) -> None:
        self._redis = redis
        self._keyring = keyring

    async def may_try(self, address: str) -> bool:
        """Count a try of this address; False when there were too many in a minute."""
        key = f"{CONSOLE}:tries:{address}"
        async with self._redis.pipeline() as pipe:
            pipe.set(key, 0, ex=TRY_SECONDS, nx=True)
            pipe.incr(key)
            _, tries = await pipe.execute()
        return int(tries) <= MOST_TRIES

    async def open(self, key: str) -> Session | None:
        """A new session for who has this key; None when it is no key of an operator."""
        sender = await self._keyring.sender(key)
        if sender is None or not sender.may(SCOPE):
            return None
        session = Session(sender.name, token_urlsafe(32), token_urlsafe(16))
        kept = _Kept(key=digest_of(key), form=session.form)
        await self._redis.set(_place(session.token), kept.model_dump_json(), ex=HOURS * 3600)
        return session

    async def find(self, token: str) -> Session | None:
        """The session of this token, while it lasts and its key still opens the door."""
        found: Any = await self._redis.get(_place(token)) if token else None
        if found is None:
            return None
        kept = _Kept.model_validate_json(found)
        sender = await self._keyring.holder(kept.key)
        if sender is None or not sender.may(SCOPE):
            return None
        return Session(sender.name, token, kept.form)

    async def end(self, token: str) -> None:
        """Nobody is known by this token any more."""
        await self._redis.delete(_place(token))


def _place(token: str) -> str:
    return f"{CONSOLE}:session:{sha256(token.encode()).hexdigest()}"
