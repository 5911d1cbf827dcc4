"""The door of a platform: every call passes it, is written down, and meets the faults ordered."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.sandbox.faults import Fault
from services.sandbox.platform import Platform
from services.sandbox.world import Act, Call, World

Handler = Callable[[Request], Awaitable[Response]]
Says = Callable[[Request], Awaitable[Act]]
"""What a call is about, where only its body says so."""
Handlers = Sequence[tuple[str, Act | Says, Handler]]
"""Method, what the call is about, who answers it."""
OPEN_ENDED = 1_000
"""So many bytes are promised by an answer that breaks off."""


class BreaksOff(Response):
    """An answer whose end never comes: the connection closes before it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        length = str(OPEN_ENDED).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", length)],
            }
        )
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class NeverComes(Response):
    """No answer, until the caller has gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        while (await receive())["type"] != "http.disconnect":
            pass


def route(
    platform: Platform,
    world: World,
    name: str,
    path: str,
    handlers: Handlers,
) -> Route:
    """A path of a platform's API."""
    by_method = {method: (act, handler) for method, act, handler in handlers}

    async def answer(request: Request) -> Response:
        says, handler = by_method[request.method]
        act: Act = await says(request) if callable(says) else says
        fault = world.struck(name, act)
        response = await _answer(platform, fault, handler, request)
        is_given = not isinstance(response, BreaksOff | NeverComes)
        told = f"{request.method} {request.url.path}"
        status, kind = response.status_code if is_given else 0, fault.kind if fault else ""
        world.note(Call(name, act, world.now(), told, status, kind))
        return response

    return Route(path, answer, methods=list(by_method))


async def _answer(
    platform: Platform, fault: Fault | None, handler: Handler, request: Request
) -> Response:
    if fault is None:
        return await handler(request)
    if fault.kind in ("lost", "hang"):
        await handler(request)
    match fault.kind:
        case "lost" | "dropped":
            return BreaksOff()
        case "hang" | "stall":
            return NeverComes()
        case "limited":
            return platform.limited(fault.seconds)
        case "refused":
            return platform.refused()
        case _:
            return JSONResponse({"error": "something broke"}, fault.status)
