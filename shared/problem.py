"""Answers that say what is wrong: problem details for HTTP, RFC 9457.

https://www.rfc-editor.org/rfc/rfc9457
"""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from shared.errors import Conflict, Invalid, Rejected

MEDIA_TYPE = "application/problem+json"


def problem(
    status: HTTPStatus, detail: str, *, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    """One problem. `detail` is a sentence for the person who reads the caller's log."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return JSONResponse(body | more, status, headers, media_type=MEDIA_TYPE)


def refusal(error: Rejected) -> JSONResponse:
    """The answer to what can never be accepted as it is."""
    if isinstance(error, Conflict):
        return problem(HTTPStatus.CONFLICT, str(error), uri=error.uri, version=error.version)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=faults(error))


def faults(error: Rejected) -> list[dict[str, Any]]:
    """Every bad field: `field`, `reason`, `value`."""
    return [asdict(fault) for fault in error.fields] if isinstance(error, Invalid) else []


def come_back(detail: str, seconds: int) -> JSONResponse:
    """503 with Retry-After: nothing was accepted, and sending again is safe."""
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(seconds)})
