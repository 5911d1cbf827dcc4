"""The API in the words of machines: OpenAPI 3.1, with the article's own JSON Schema inside.

https://spec.openapis.org/oas/v3.1.0
"""

from functools import cache
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.ingest.accept import Outcome
from services.ingest.reading import FORMATS
from shared.article import Article
from shared.problem import MEDIA_TYPE as PROBLEM

SCHEMAS = "#/components/schemas/"
URI = {"name": "uri", "in": "path", "required": True, "schema": {"type": "string"}}


def route() -> Route:
    """`/openapi.json`."""

    async def document(_: Request) -> Response:
        return JSONResponse(openapi())

    return Route("/openapi.json", document)


@cache
def openapi() -> dict[str, Any]:
    """The whole document."""
    article = Article.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas = {**article.pop("$defs"), "Article": article, "Outcome": _outcome()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "wiredesk ingest", "version": version("wiredesk")},
        "security": [{"key": []}],
        "paths": {
            "/v1/articles": {"post": _post()},
            "/v1/articles:batch": {"post": _batch()},
            "/v1/articles/{uri}": {"delete": _delete(), "get": _get()},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _outcome() -> dict[str, Any]:
    names = [name for name in Outcome.__args__ if name != "conflict"]  # type: ignore[attr-defined]  # a Literal
    return {
        "type": "object",
        "properties": {
            "uri": {"type": "string"},
            "version": {"type": "integer"},
            "outcome": {"enum": names},
            "lane": {"enum": ["flash", "routine"]},
        },
    }


def _post() -> dict[str, Any]:
    types = {kind for plug in FORMATS.values() for kind in plug.MEDIA_TYPES}
    content: dict[str, Any] = {kind: {} for kind in sorted(types)}
    content["application/json"] = {"schema": {"$ref": SCHEMAS + "Article"}}
    return {
        "summary": "Send an article; sending it again is safe",
        "parameters": [
            _query("format", {"enum": sorted(FORMATS)}),
            _query("uri", {"type": "string"}),
            _query("version", {"type": "integer", "minimum": 1}),
        ],
        "requestBody": {"required": True, "content": content},
        "responses": _taken() | _refusals("401", "403", "409", "413", "422", "503"),
    }


def _batch() -> dict[str, Any]:
    return {
        "summary": "Send many, one JSON document a line; one outcome a line comes back",
        "requestBody": {"required": True, "content": {"application/x-ndjson": {}}},
        "responses": {"200": {"description": "outcomes", "content": {"application/x-ndjson": {}}}}
        | _refusals("401", "403", "413", "503"),
    }


def _delete() -> dict[str, Any]:
    return {
        "summary": "Kill a story, whatever its version",
        "parameters": [URI, _query("reason", {"type": "string", "minLength": 1}, required=True)],
        "responses": _taken() | _refusals("401", "403", "422", "503"),
    }


def _get() -> dict[str, Any]:
    return {
        "summary": "What became of an article",
        "parameters": [URI],
        "responses": {"200": {"description": "its state"}} | _refusals("401", "403", "404", "503"),
    }


def _query(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _taken() -> dict[str, Any]:
    schema = {"schema": {"$ref": SCHEMAS + "Outcome"}}
    return {"202": {"description": "taken", "content": {"application/json": schema}}}


def _refusals(*codes: str) -> dict[str, Any]:
    """Problem details, RFC 9457."""
    return {code: {"description": "refused", "content": {PROBLEM: {}}} for code in codes}
