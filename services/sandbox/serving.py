"""The sandbox on a port: by command until it is ended, or for a while inside a test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import time_ns

import uvicorn

from services.sandbox.app import sandbox_app
from services.sandbox.world import World
from shared.service import listen
from shared.tasks import end

SILENT = 100
"""Above every level: an answer that breaks off is no error here, it was ordered."""


def now_ms() -> int:
    """The sandbox's own clock."""
    return time_ns() // 1_000_000


def new_world(
    sock: socket.socket, now: Callable[[], int] = now_ms, *, has_budgets: bool = True
) -> World:
    """An empty world whose address is that of the socket."""
    host, port = sock.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return World(now, address, has_budgets)


def server(world: World) -> uvicorn.Server:
    """A server of that world, not started."""
    config = uvicorn.Config(
        sandbox_app(world),
        log_config=None,
        log_level=SILENT,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    return uvicorn.Server(config)


@asynccontextmanager
async def sandbox(
    now: Callable[[], int] = now_ms, *, has_budgets: bool = True
) -> AsyncIterator[World]:
    """A sandbox on a free port of this machine."""
    sock = listen("127.0.0.1", 0)
    world = new_world(sock, now, has_budgets=has_budgets)
    serving = server(world)
    task = asyncio.create_task(serving.serve([sock]))
    try:
        yield world
    finally:
        serving.should_exit = True
        await end([task])
        sock.close()
