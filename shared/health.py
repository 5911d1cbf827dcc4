"""Health of a service over HTTP: alive, ready, measured, versioned.

/livez    200 while the event loop turns
/readyz   200 when the service can do its work, else 503 with the reasons
/metrics  Prometheus text
/version  what runs here
"""

import platform
from collections.abc import Awaitable, Callable
from importlib.metadata import version

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Troubles = Callable[[], Awaitable[list[str]]]


def health_routes(service: str, troubles: Troubles) -> list[Route]:
    """The four routes. `troubles` lists why the service cannot work now."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        reasons = await troubles()
        return JSONResponse(
            {"ready": not reasons, "service": service, "reasons": reasons},
            503 if reasons else 200,
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def versions(_: Request) -> Response:
        python = platform.python_version()
        return JSONResponse({"service": service, "wiredesk": version("wiredesk"), "python": python})

    endpoints = {"livez": livez, "readyz": readyz, "metrics": metrics, "version": versions}
    return [Route(f"/{name}", endpoint) for name, endpoint in endpoints.items()]
