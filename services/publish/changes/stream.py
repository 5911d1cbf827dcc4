"""Server-sent events: the changes as they come, over one connection that stays open.

https://html.spec.whatwg.org/multipage/server-sent-events.html

Every reader reads the log from where it is, when its connection takes more. So nothing is kept for
slow ones: they fall behind, and get the newest change of each story when they go on.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from secrets import randbelow

from redis.exceptions import RedisError
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from services.publish.changes.cursor import Cursor, write
from services.publish.changes.log import LostLog
from services.publish.changes.page import Page, Told
from services.publish.changes.watch import Watch
from shared.redis import is_outage
from shared.tasks import end

MEDIA_TYPE = "text/event-stream"
AT_ONCE = 50
"""Changes in one write, so that a connection that takes nothing holds no more in memory."""
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": still here\n\n"
RETRY_MILLIS = (2_000, 6_000)
"""When to come back after a break: not all at once."""
OUTAGE_SECONDS = 1.0


class EventStream(Response):
    """The stream from a cursor on. `event` writes one change, `close` is called at its end."""

    def __init__(
        self,
        at: Cursor,
        watch: Watch,
        event: Callable[[Told], bytes],
        close: Callable[[], None],
        headers: Mapping[str, str],
    ) -> None:
        self.status_code = HTTPStatus.OK
        self.background = None
        self._at = at
        self._watch = watch
        self._event = event
        self._close = close
        self.init_headers({"content-type": MEDIA_TYPE, "x-accel-buffering": "no", **headers})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reader goes, the log is lost, or the service stops."""
        try:
            head: Message = {"type": "http.response.start", "status": self.status_code}
            await send({**head, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await self._until_gone(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._close()

    async def _until_gone(self, receive: Receive, send: Send) -> None:
        streaming = asyncio.ensure_future(self._stream(send))
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            await asyncio.wait((streaming, gone), return_when=asyncio.FIRST_COMPLETED)
            if streaming.done():
                streaming.result()
        finally:
            await end([streaming, gone])

    async def _stream(self, send: Send) -> None:
        at = self._at
        # An id without data moves the reader's cursor: a break before the first change is mended.
        await _write(send, f"retry: {_retry_millis()}\nid: {write(at)}\n\n".encode())
        while not self._watch.is_ending:
            try:
                page = await self._page(at)
            except LostLog:
                return  # the reader comes back with its cursor, and is told what to do
            if page.changes:
                await _write(send, b"".join(map(self._event, page.changes)))
                at = page.next
            elif not await self._watch.beyond(at, HEARTBEAT_SECONDS):
                await _write(send, HEARTBEAT)

    async def _page(self, at: Cursor) -> Page:
        """What comes next. Waits while Redis cannot be asked."""
        while True:
            try:
                return await self._watch.page(at, AT_ONCE)
            except (RedisError, OSError) as error:
                if not is_outage(error):
                    raise
            await asyncio.sleep(OUTAGE_SECONDS)


async def until_gone(receive: Receive) -> None:
    """Return when whoever asked has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _retry_millis() -> int:
    shortest, longest = RETRY_MILLIS
    return shortest + randbelow(longest - shortest)
