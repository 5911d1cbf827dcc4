"""How a service runs: one HTTP server, one bus, background tasks, and an orderly end.

SIGTERM stops listening, finishes what was read, and leaves nothing pending. A background task that
ends by an error ends the service, so that a supervisor sees it; half a service is worse than none.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from shared.bus import Bus
from shared.errors import Misconfigured
from shared.health import health_routes
from shared.logs import Happened
from shared.tasks import end

STOP_SECONDS = 10
LISTEN_BACKLOG = 2048
log = structlog.get_logger()


@dataclass
class Service:
    """The parts of one service.

    `prepare` runs before the first entry is read; `background` beside the server until the end.
    `before_stop` ends answers that would go on for ever.
    """

    name: str
    bus: Bus
    routes: Sequence[BaseRoute] = ()
    background: Sequence[Coroutine[object, object, None]] = ()
    prepare: Callable[[], Awaitable[None]] | None = None
    before_stop: Callable[[], None] | None = None
    _is_prepared: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def app(self) -> Starlette:
        """The service as an ASGI application with its health endpoints."""
        health = health_routes(self.name, self._troubles)
        app = Starlette(routes=[*health, *self.routes], lifespan=self._lifespan)
        app.state.before_stop = self.before_stop
        return app

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._tasks = [asyncio.ensure_future(work) for work in (self._begin(), *self.background)]
        for task in self._tasks:
            task.add_done_callback(self._ended)
        log.info(Happened.SERVICE_STARTED)
        try:
            yield
        finally:
            await end(self._tasks)
            await self.bus.stop()
            log.info(Happened.SERVICE_STOPPED)

    async def _begin(self) -> None:
        if self.prepare is not None:
            await self.prepare()
        self._is_prepared = True
        await self.bus.start()
        for task in self.bus.tasks:
            task.add_done_callback(self._ended)

    async def _troubles(self) -> list[str]:
        return await self.bus.troubles() if self._is_prepared else ["not prepared yet"]

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error(Happened.SERVICE_DIED, exc_info=error)
            os._exit(1)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises Misconfigured when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise Misconfigured(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another port, or 0"
        ) from error
    sock.listen(LISTEN_BACKLOG)
    return sock


async def serve(app: Starlette, sock: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
        lifespan="on",
    )
    await _Server(config, app.state.before_stop).serve([sock])


class _Server(uvicorn.Server):
    """A server that tells the service that it is about to stop, before it waits for answers."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._before_stop is not None:
            self._before_stop()
        await super().shutdown(sockets)
