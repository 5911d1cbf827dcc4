"""Source: the HTTP API that newsroom systems push to.

POST   /v1/articles            one article (or a document with several), any known format
POST   /v1/articles:batch      NDJSON in, NDJSON outcomes out, in the same order
DELETE /v1/articles/{uri}      kill, with ?reason=
GET    /v1/articles/{uri}      what is known of it, and what each destination has
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

from pydantic import ValidationError
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.ingest.accept import Decision
from services.ingest.admission import Admission
from services.ingest.intake import Intake
from services.ingest.invalid import bad_fields, invalid
from services.ingest.reading import read
from shared.article import Article
from shared.deliveries import deliveries_of
from shared.doorkeeper import RETRY_SECONDS, Doorkeeper, read_body, too_large
from shared.errors import BadField, Conflict, Rejected
from shared.keyring import Sender
from shared.problem import come_back, faults, problem
from shared.redis import is_outage

BATCH_AT_ONCE = 32
BATCH_BODIES = 50
"""A batch may be so many times the size of one request."""
MAX_DIGITS = 16


class HttpApi:
    """The endpoints. Every request is authorised first, and never answered 500 for its content."""

    def __init__(
        self, intake: Intake, doorkeeper: Doorkeeper, admission: Admission, *, max_body_bytes: int
    ) -> None:
        self._intake = intake
        self._doorkeeper = doorkeeper
        self._admission = admission
        self._max_body_bytes = max_body_bytes

    def routes(self) -> list[Route]:
        """The routes, to be mounted at the root."""
        one, guarded = "/v1/articles/{uri:path}", self._doorkeeper.guarded
        return [
            Route("/v1/articles", guarded(self._post, "publish"), methods=["POST"]),
            Route("/v1/articles:batch", guarded(self._batch, "publish"), methods=["POST"]),
            Route(one, guarded(self._delete, "withdraw"), methods=["DELETE"]),
            Route(one, guarded(self._get, "read"), methods=["GET"]),
        ]

    async def _post(self, request: Request, sender: Sender) -> Response:
        body = await read_body(request, self._max_body_bytes)
        if body is None:
            return too_large(self._max_body_bytes)
        articles = read(
            body,
            format=request.query_params.get("format"),
            media_type=request.headers.get("content-type"),
        )
        articles = [_overridden(article, request) for article in articles]
        if self._admission.is_closed and not all(article.is_kill for article in articles):
            return come_back(self._admission.reason, RETRY_SECONDS)
        outcomes = [_outcome(await self._intake.take(a, sender=sender.name)) for a in articles]
        answer = outcomes[0] if len(outcomes) == 1 else {"outcomes": outcomes}
        return JSONResponse(answer, HTTPStatus.ACCEPTED)

    async def _batch(self, request: Request, sender: Sender) -> Response:
        body = await read_body(request, self._max_body_bytes * BATCH_BODIES)
        if body is None:
            return too_large(self._max_body_bytes * BATCH_BODIES)
        if self._admission.is_closed:
            return come_back(self._admission.reason, RETRY_SECONDS)
        lines = [line for line in body.split(b"\n") if line.strip()]
        answers = self._take_lines(lines, sender, request.query_params.get("format"))
        return StreamingResponse(answers, HTTPStatus.OK, media_type="application/x-ndjson")

    async def _take_lines(
        self, lines: Sequence[bytes], sender: Sender, name: str | None
    ) -> AsyncIterator[bytes]:
        """One line of outcome for each line of input. Many at once share Redis' fsync."""
        for start in range(0, len(lines), BATCH_AT_ONCE):
            some = lines[start : start + BATCH_AT_ONCE]
            outcomes = await asyncio.gather(*(self._take_line(a, sender, name) for a in some))
            for outcome in outcomes:
                yield json.dumps(outcome, ensure_ascii=False).encode() + b"\n"

    async def _take_line(self, line: bytes, sender: Sender, name: str | None) -> dict[str, object]:
        try:
            if len(line) > self._max_body_bytes:
                raise invalid([BadField("body", f"over {self._max_body_bytes} bytes")])
            articles = read(line, format=name, media_type="application/json")
            if len(articles) > 1:
                raise invalid([BadField("articles", "one article a line")])
            return _outcome(await self._intake.take(articles[0], sender=sender.name))
        except Conflict as error:
            return {"uri": error.uri, "version": error.version, "outcome": "conflict"}
        except Rejected as error:
            return {"outcome": "invalid", "errors": faults(error)}
        except (RedisError, OSError) as error:
            if not is_outage(error):
                raise
            return {"outcome": "unavailable", "retry_after": RETRY_SECONDS}

    async def _delete(self, request: Request, sender: Sender) -> Response:
        """A kill needs no version: it beats every version up to the last one known."""
        uri = request.path_params["uri"]
        reason = request.query_params.get("reason", "").strip()
        if not reason:
            raise invalid([BadField("reason", "a kill needs one: ?reason=…")])
        row = await self._intake.ledger.read(uri)
        version = row.known.version if row else 1
        kill = _checked({"uri": uri, "version": version, "pubstatus": "canceled", "ednote": reason})
        decision = await self._intake.take(kill, sender=sender.name)
        return JSONResponse(_outcome(decision), HTTPStatus.ACCEPTED)

    async def _get(self, request: Request, _: Sender) -> Response:
        uri = request.path_params["uri"]
        row = await self._intake.ledger.read(uri)
        if row is None:
            return problem(HTTPStatus.NOT_FOUND, f"{uri} was never accepted here")
        ledger = self._intake.ledger
        rewrites = await ledger.rewrites(uri)
        others = [{"uri": other, **row.told()} for other, row in rewrites.items()]
        deliveries = await deliveries_of(ledger.redis, ledger.keys, uri)
        state = {"uri": uri, **row.told(), "rewritten_as": others, "deliveries": deliveries}
        return JSONResponse(state)


def _overridden(article: Article, request: Request) -> Article:
    """What the sender says in the query wins over what a page text cannot say: uri and version."""
    given = {name: request.query_params.get(name) for name in ("uri", "version")}
    if not any(given.values()):
        return article
    update = {name: value for name, value in given.items() if value}
    return _checked(article.model_dump(exclude_defaults=True) | _numbered(update))


def _numbered(update: dict[str, str]) -> dict[str, object]:
    version = update.get("version", "")
    is_number = version.isascii() and version.isdecimal() and len(version) <= MAX_DIGITS
    return {**update, "version": int(version)} if is_number else dict(update)


def _checked(fields: dict[str, object]) -> Article:
    try:
        return Article.model_validate(fields)
    except ValidationError as error:
        raise invalid(bad_fields(error)) from error


def _outcome(decision: Decision) -> dict[str, object]:
    article = decision.article
    return {
        "uri": article.uri,
        "version": article.version,
        "outcome": decision.outcome,
        "lane": "flash" if article.is_flash else "routine",
    }
