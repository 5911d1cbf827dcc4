"""GET /v1/articles/{uri}: a live story as a ninjs document, as the desk has it at this moment.

    200  live                    410  killed: a tombstone, in ninjs too
    304  the reader has it       404  never seen here, or withheld for now

A copy in between must ask before it answers (`no-cache`): who was just told of a change must not
get the version before it.
"""

import asyncio
from http import HTTPStatus
from time import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.publish import ninjs
from services.publish.changes.api import MEDIA_TYPE, guarded
from services.publish.changes.change import change_of
from services.publish.changes.log import READS_AT_ONCE, ChangeLog
from services.publish.changes.query import parse
from services.publish.desk import Desk
from services.publish.desk_changes import links_of
from services.publish.desk_row import Row
from services.publish.live import Card, LiveArticle, Site
from services.publish.site.cards import cards_of
from services.publish.site.negotiate import etag_of, is_unchanged, last_modified
from shared.problem import problem

HEADERS = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
ASK_FIRST = {**HEADERS, "cache-control": "no-cache"}
NEVER_STORE = {**HEADERS, "cache-control": "no-store"}


class Documents:
    """The endpoint."""

    def __init__(self, desk: Desk, log: ChangeLog, site: Site) -> None:
        self._desk = desk
        self._log = log
        self._site = site
        self._turns = asyncio.Semaphore(READS_AT_ONCE)

    def routes(self) -> list[Route]:
        """The route, to be mounted at the root before the site."""
        return [Route("/v1/articles/{uri:path}", guarded(self._document))]

    async def _document(self, request: Request) -> Response:
        parse(request.query_params.multi_items(), names=())
        uri: str = request.path_params["uri"]
        told = await self._log.newest(uri)
        async with self._turns:
            row = await self._desk.row(uri)
        if row and (stone := row.tombstone):
            body = ninjs.tombstone(stone, row.version)
            return Response(body, HTTPStatus.GONE, NEVER_STORE, MEDIA_TYPE)
        if row and told and not told[1].is_withdrawal and (live := row.live):
            body = ninjs.document(self._site, live, await self._cards(row, live))
            number, change = told
            # Between the desk and the disk: what is told is not what is sent, so neither its date.
            written = number / 1_000_000 if change_of(row, change) is None else time()
            return _answer(request, body, last_modified(written, time()))
        detail = f"{uri} is not to be seen here"
        return problem(HTTPStatus.NOT_FOUND, detail, headers=NEVER_STORE)

    async def _cards(self, row: Row, live: LiveArticle) -> tuple[Card, ...]:
        async with self._turns:
            return cards_of(live, await self._desk.rows(links_of(row)))


def _answer(request: Request, body: bytes, modified: str) -> Response:
    headers = {**ASK_FIRST, "etag": etag_of(body)}
    if modified:
        headers["last-modified"] = modified
    none_match = ",".join(request.headers.getlist("if-none-match"))
    since = request.headers.get("if-modified-since", "")
    if is_unchanged(none_match, since, etag=headers["etag"], modified=modified):
        return Response(b"", HTTPStatus.NOT_MODIFIED, headers)
    return Response(body, HTTPStatus.OK, headers, MEDIA_TYPE)
