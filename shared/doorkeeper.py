"""The doorkeeper of an HTTP API: nobody comes in without a key, and no content makes it fail.

401 without a key of ours, 403 without one of the scopes, 422 for what can never be accepted, 503
with Retry-After while Redis is away. Bodies are counted while they come.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Rejected
from shared.keyring import Keyring, Sender
from shared.problem import come_back, problem, refusal
from shared.redis import is_outage

RETRY_SECONDS = 2
Endpoint = Callable[[Request, Sender], Awaitable[Response]]


class Entrance(BaseModel):
    """Settings of a service that is entered with keys: where it listens, and keys of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    keys: tuple[SecretStr, ...]
    local_key: SecretStr

    @property
    def plain_keys(self) -> list[str]:
        """The keys of the settings, and that of this machine."""
        return [key.get_secret_value() for key in (*self.keys, self.local_key)]


class Doorkeeper:
    """Stands before every endpoint of an API."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def guarded(self, endpoint: Endpoint, *scopes: str) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint, for keys with any of the scopes."""

        async def guarded(request: Request) -> Response:
            try:
                sender = await self._sender(request)
                if sender is None:
                    return _unauthorised()
                if not any(map(sender.may, scopes)):
                    wanted = " or ".join(scopes)
                    return problem(HTTPStatus.FORBIDDEN, f"this key has no scope {wanted}")
                return await endpoint(request, sender)
            except Rejected as error:
                return refusal(error)
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
                return come_back("the event log is not reachable; send again", RETRY_SECONDS)

        return guarded

    async def _sender(self, request: Request) -> Sender | None:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key:
            return None
        return await self._keyring.sender(key.strip())


async def read_body(request: Request, max_bytes: int) -> bytes | None:
    """The body, or None when it is too large, whatever length was declared."""
    size, parts = 0, []
    async for part in request.stream():
        size += len(part)
        if size > max_bytes:
            return None
        parts.append(part)
    return b"".join(parts)


def too_large(max_bytes: int) -> Response:
    """413, with the limit."""
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the limit is {max_bytes} bytes")


def _unauthorised() -> Response:
    return problem(
        HTTPStatus.UNAUTHORIZED,
        "send `Authorization: Bearer wd_…` with a key of this installation "
        "(`wiredesk keys create NAME` makes one)",
        headers={"WWW-Authenticate": "Bearer"},
    )
