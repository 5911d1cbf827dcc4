"""The changes over HTTP, for everybody: /v1/changes (pull, long poll) and /v1/events (push).

Both follow one order by one kind of cursor, so a reader may go from one to the other, and whoever
was away goes on where it stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from http import HTTPStatus

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.publish.changes import items
from services.publish.changes.cursor import Cursor
from services.publish.changes.gate import Gate, Refused
from services.publish.changes.log import ChangeLog, LostLog
from services.publish.changes.page import Page
from services.publish.changes.query import BadQuery, Query, cursor_in, parse
from services.publish.changes.stream import EventStream, until_gone
from services.publish.changes.watch import Watch
from services.publish.live import Site
from shared.problem import come_back, problem
from shared.redis import is_outage
from shared.tasks import end

MEDIA_TYPE = "application/json"
HEADERS = {
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
}
"""The site is public, so scripts of other sites may read what it tells."""
RETRY_SECONDS = 2
END = 2**53
"""As an instant: later than any change."""
LOST = (
    "This cursor is of another installation, or of data that was lost. Begin anew without a cursor;"
    " what you have and do not find then is not known here any more."
)


class ChangesApi:
    """The two endpoints. `watch` must be running."""

    def __init__(self, log: ChangeLog, watch: Watch, gate: Gate, site: Site) -> None:
        self._log = log
        self._watch = watch
        self._gate = gate
        self._site = site

    def routes(self) -> list[Route]:
        """The routes, to be mounted at the root before the site."""
        return [
            Route("/v1/changes", guarded(self._changes)),
            Route("/v1/events", guarded(self._events)),
        ]

    async def _changes(self, request: Request) -> Response:
        query = _query(request, "after", "since", "limit", "wait")
        self._gate.ask(request)
        at = query.after if query.since is None else await self._log.since(query.since)
        page = await self._log.page(at, query.limit)
        if query.wait and not page.changes:
            with self._gate.wait(request):
                page = await self._later(request, page, query)
        return Response(items.answer(self._site, page), HTTPStatus.OK, HEADERS, MEDIA_TYPE)

    async def _later(self, request: Request, page: Page, query: Query) -> Page:
        """What came within the time that the reader gave; it may also have gone meanwhile."""
        waiting = asyncio.ensure_future(self._watch.beyond(page.next, query.wait))
        gone = asyncio.ensure_future(until_gone(request.receive))
        try:
            await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
            is_beyond = waiting.done() and waiting.result()
        finally:
            await end([waiting, gone])
        return await self._watch.page(page.next, query.limit) if is_beyond else page

    async def _events(self, request: Request) -> Response:
        query = _query(request, "after", "since")
        self._gate.ask(request)
        at = await self._start(request.headers.get("last-event-id"), query)
        with ExitStack() as place:
            place.enter_context(self._gate.wait(request))
            event = partial(items.event, self._site)
            return EventStream(at, self._watch, event, place.pop_all().close, HEADERS)

    async def _start(self, last_event_id: str | None, query: Query) -> Cursor:
        """Where a stream begins: a break goes on where it was; without any cursor it is now."""
        after = cursor_in("Last-Event-ID", last_event_id) if last_event_id else query.after
        if after is None:
            return await self._log.since(END if query.since is None else query.since)
        return (await self._log.page(after, 0)).next


def guarded(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint with answers for whatever keeps it from answering. Never 500 for a question."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadQuery as error:
            faults = [asdict(field) for field in error.fields]
            return problem(HTTPStatus.BAD_REQUEST, str(error), headers=HEADERS, errors=faults)
        except LostLog:
            return problem(HTTPStatus.GONE, LOST, headers=HEADERS)
        except Refused as error:
            headers = {**HEADERS, "retry-after": str(error.seconds)}
            return problem(error.status, str(error), headers=headers)
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            return come_back("the changes cannot be read now; ask again", RETRY_SECONDS)

    return answered


def _query(request: Request, *names: str) -> Query:
    return parse(request.query_params.multi_items(), names=names)
