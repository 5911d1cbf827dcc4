"""The API of subscribers in the words of machines: OpenAPI 3.1.

https://spec.openapis.org/oas/v3.1.0
"""

from functools import cache
from importlib.metadata import version
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.publish.delivery.call_log import MOST
from services.publish.delivery.condition import Condition, State
from services.publish.subscriptions.api import PAGE, ROOT
from services.publish.subscriptions.fields import New, Pause, Rotation, Wishes
from shared.problem import MEDIA_TYPE as PROBLEM

SCHEMAS = "#/components/schemas/"
NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
BAD_KEY = ("401", "403")
TEXT: dict[str, Any] = {"type": "string"}
INSTANT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
NUMBER: dict[str, Any] = {"type": ["number", "null"]}
TRUTH: dict[str, Any] = {"type": "boolean"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def route() -> Route:
    """`/v1/subscriptions/openapi.json`; a name never has a dot."""

    async def document(_: Request) -> Response:
        return JSONResponse(openapi())

    return Route(f"{ROOT}/openapi.json", document)


@cache
def openapi() -> dict[str, Any]:
    """The whole document."""
    bodies = {form.__name__: form.model_json_schema() for form in (New, Wishes, Pause, Rotation)}
    shown = {"Subscription": _subscription(), "Delivery": _delivery(), "Outcome": _outcome()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "wiredesk subscriptions", "version": version("wiredesk")},
        "security": [{"key": []}],
        "paths": _collection() | _one() | _actions() | _log(),
        "components": {
            "schemas": bodies | shown,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _collection() -> dict[str, Any]:
    created = _object({"secret": TEXT}) | {"allOf": [_ref("Subscription")]}
    return {
        ROOT: {
            "get": _operation("Your subscriptions; all of them with an operator's key")
            | _answers("200", _object({"subscriptions": _list("Subscription")})),
            "post": _operation("Subscribe; the secret is shown in this answer alone", "New")
            | _answers("201", created, "409", "413", "422"),
        }
    }


def _one() -> dict[str, Any]:
    subscription = _ref("Subscription")
    return {
        f"{ROOT}/{{name}}": {
            "parameters": [NAME],
            "get": _operation("How it is") | _answers("200", subscription, "404"),
            "patch": _operation("Change what is named; null brings the default back", "Wishes")
            | _answers("200", subscription, "404", "409", "413", "422"),
            "delete": _operation("Unsubscribe; nothing is sent any more, withdrawals included")
            | _answers("204", None, "404", "409"),
        }
    }


def _actions() -> dict[str, Any]:
    rotated = _object({"secret": TEXT, "old_secret_until": INSTANT})
    table: list[tuple[str, str, str | None, dict[str, Any], tuple[str, ...]]] = [
        ("test", "Send a signed webhook.test now", None, _ref("Outcome"), ("429",)),
        ("rotate", "Make a new secret; the old one ends by itself", "Rotation", rotated, ("409",)),
        ("pause", "Send withdrawals only", "Pause", _ref("Subscription"), ()),
        ("resume", "Send everything again", None, _ref("Subscription"), ()),
    ]
    return {
        f"{ROOT}/{{name}}:{verb}": {
            "parameters": [NAME],
            "post": _operation(summary, body, required=False)
            | _answers("200", answer, "404", "422", *more),
        }
        for verb, summary, body, answer, more in table
    }


def _log() -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}
    page = _object({"deliveries": _list("Delivery"), "next": {"type": ["string", "null"]}})
    return {
        f"{ROOT}/{{name}}/deliveries": {
            "parameters": [NAME, _query("limit", limit), _query("before", TEXT)],
            "get": _operation("What came of the calls, newest first; `next` is the next `before`")
            | _answers("200", page, "404", "422"),
        }
    }


def _subscription() -> dict[str, Any]:
    texts = ("name", "url", "filter", "owner", "reason", "error")
    numbers = ("max_per_hour", "max_age_hours", "give_up_hours")
    instants = ("old_secret_until", "failing_since", "next_turn", "created")
    return _object(
        dict.fromkeys(texts, TEXT)
        | dict.fromkeys(numbers, NUMBER)
        | dict.fromkeys(instants, INSTANT)
        | dict.fromkeys(("concurrency", "waiting", "in_line"), COUNT)
        | dict.fromkeys(("thin", "configured"), TRUTH)
        | {
            "pace_seconds": {"type": "number"},
            "state": {"enum": list(get_args(State))},
            "condition": {"enum": list(get_args(Condition))},
        }
    )


def _delivery() -> dict[str, Any]:
    texts = ("id", "uri", "outcome", "error")
    return _object(
        dict.fromkeys(texts, TEXT)
        | {"at": INSTANT, "version": COUNT, "try": COUNT, "op": {"enum": ["put", "kill"]}}
    )


def _outcome() -> dict[str, Any]:
    status = {"type": ["integer", "null"]}
    return _object({"status": status, "ms": COUNT, "verdict": TEXT, "error": TEXT})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": SCHEMAS + name}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _operation(summary: str, body: str | None = None, *, required: bool = True) -> dict[str, Any]:
    if body is None:
        return {"summary": summary}
    content = {"application/json": {"schema": _ref(body)}}
    return {"summary": summary, "requestBody": {"required": required, "content": content}}


def _answers(good: str, schema: dict[str, Any] | None, *refusals: str) -> dict[str, Any]:
    """The answer that is wished for, and problem details (RFC 9457) for the others."""
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    told = {code: {"description": "refused", "content": {PROBLEM: {}}} for code in refusals}
    for code in (*BAD_KEY, "503"):
        told[code] = {"description": "refused", "content": {PROBLEM: {}}}
    return {"responses": {good: {"description": "done", **content}, **told}}
