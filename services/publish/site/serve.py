"""Serves the website's files, as any static server would: packed forms, validators, 410 pages.

Files are read in a thread: a slow disk must not stop the process that also publishes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from mimetypes import guess_type
from pathlib import Path
from time import time
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.publish.site.address import INDEX, Place, file_at, pages_at
from services.publish.site.files import read_file
from services.publish.site.negotiate import CODINGS, codings, etag_of, is_unchanged, last_modified

HTML = "text/html; charset=utf-8"
MEDIA = "/media/"
FRESH = "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
NEVER_STORE = "no-store"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may answer a request, and how it would be sent."""

    place: Place
    media_type: str
    status: int = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there: its bytes in one coding, and when they were written."""

    candidate: Candidate
    body: bytes
    coding: str
    written: float


def site_app(
    root: Path, *, policy: str, not_found: bytes, media_types: Mapping[str, str]
) -> Starlette:
    """The site under `root` as an ASGI app that stands alone or is mounted at `/`.

    `policy` is the Content-Security-Policy of every answer, `not_found` the page for unknown
    paths, `media_types` what the named files of lists are (`feed.xml`). No path makes it fail.
    """
    server = _Server(root, policy, not_found, media_types)
    return Starlette(
        routes=[Route("/{path:path}", server.answer, methods=["GET", "HEAD"])],
        exception_handlers={HTTPException: server.refuse},
    )


@dataclass(frozen=True, slots=True)
class _Server:
    root: Path
    policy: str
    not_found: bytes
    media_types: Mapping[str, str]

    async def answer(self, request: Request) -> Response:
        return await run_in_threadpool(self._answer, request)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """What no route takes: other methods, and paths with a line break in them."""
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
        if status == HTTPStatus.NOT_FOUND:
            return self._missing(request)
        allow = {"allow": "GET, HEAD", "cache-control": NEVER_STORE}
        return self._respond(request, b"", status, allow)

    def _answer(self, request: Request) -> Response:
        # Not the route's parameter, which lacks a line break at the end.
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        wanted = codings(_header(request, "accept-encoding"))
        for candidate in self._candidates(path):
            if found := self._read(candidate, wanted):
                return self._send(request, found)
        index = file_at(path + "/")
        if index and read_file(self.root, index):
            location = quote(request.scope["path"]) + "/"
            to_folder = {"location": location, "cache-control": FRESH}
            return self._respond(request, b"", HTTPStatus.MOVED_PERMANENTLY, to_folder)
        return self._missing(request)

    def _candidates(self, path: str) -> Iterator[Candidate]:
        """The files that may stand behind a path; the first one that is there answers."""
        if (place := file_at(path)) and (media_type := self._media_type(path, place)):
            yield Candidate(place, media_type)
        for status, place in pages_at(path):
            yield Candidate(place, HTML, status)

    def _media_type(self, path: str, place: Place) -> str:
        if path.endswith("/"):
            return HTML
        if path.startswith(MEDIA):
            guessed = guess_type(place.name)[0] or ""
            return guessed if guessed.startswith("image/") else ""
        return "" if place.name == INDEX else self.media_types.get(place.name, "")

    def _read(self, candidate: Candidate, wanted: Sequence[str]) -> Found | None:
        for coding in (*wanted, ""):
            if read := read_file(self.root, candidate.place, CODINGS.get(coding, "")):
                return Found(candidate, read[0], coding, read[1])
        return None

    def _send(self, request: Request, found: Found) -> Response:
        candidate = found.candidate
        headers = {"content-type": candidate.media_type, "vary": "Accept-Encoding"}
        if found.coding:
            headers["content-encoding"] = found.coding
        if candidate.status != HTTPStatus.OK:
            headers["cache-control"] = NEVER_STORE
            return self._respond(request, found.body, candidate.status, headers)
        etag, modified = etag_of(found.body), last_modified(found.written, time())
        headers |= {"cache-control": FRESH, "etag": etag}
        if modified:
            headers["last-modified"] = modified
        none_match = _header(request, "if-none-match")
        since = _header(request, "if-modified-since")
        if is_unchanged(none_match, since, etag=etag, modified=modified):
            kept = {name: headers[name] for name in ("cache-control", "etag", "vary")}
            return self._respond(request, b"", HTTPStatus.NOT_MODIFIED, kept)
        return self._respond(request, found.body, HTTPStatus.OK, headers)

    def _missing(self, request: Request) -> Response:
        headers = {"content-type": HTML, "cache-control": NEVER_STORE}
        return self._respond(request, self.not_found, HTTPStatus.NOT_FOUND, headers)

    def _respond(
        self, request: Request, body: bytes, status: int, headers: Mapping[str, str]
    ) -> Response:
        safe = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "strict-origin-when-cross-origin",
            "content-security-policy": self.policy,
        }
        if request.method == "HEAD" and status != HTTPStatus.NOT_MODIFIED:
            safe["content-length"] = str(len(body))
            body = b""
        return Response(body, status, {**headers, **safe})


def _header(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
