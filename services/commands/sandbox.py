"""`wiredesk sandbox`: social platforms on this machine, to post to before anybody else reads it."""

import asyncio
import shlex
import socket
from typing import Annotated

import typer
from rich.console import Console

from services.commands.service import FdOption
from services.commands.terminal import plain
from services.sandbox.app import PLUGS
from services.sandbox.serving import new_world, server
from services.sandbox.world import World
from shared.service import listen

PORT = 8083
err = Console(stderr=True, emoji=False, highlight=False)


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 = any free one.", min=0, max=65535)] = PORT,
    *,
    budgets: Annotated[
        bool, typer.Option(help="Count calls, as the platforms do; without it any number goes.")
    ] = True,
    fd: FdOption = None,
) -> None:
    """Run social platforms on this machine: their APIs, limits and errors, and a wall of posts.

    It prints the commands that add each as a destination. Posts are gone when it ends.

    Example: wiredesk sandbox --port 8083
    """
    sock = socket.socket(fileno=fd) if fd is not None else listen(host, port)
    world = new_world(sock, has_budgets=budgets)
    if fd is None:
        _tell(world)
    asyncio.run(server(world).serve([sock]))


def _tell(world: World) -> None:
    err.print(plain(f"the wall           {world.address}/", "bold"))
    err.print(plain(f"let calls fail     POST {world.address}/-/faults"))
    err.print(plain("start publish with WIREDESK_HTTP__ALLOW_NETWORKS=127.0.0.0/8, and add"))
    for line in commands(world.address):
        print(line, flush=True)  # noqa: T201  # for pipes: commands alone on standard output


def commands(address: str) -> list[str]:
    """The commands that add every platform of a sandbox as a destination."""
    found = []
    for name, plug in PLUGS.items():
        words = [f"{key}={value}" for key, value in plug.settings(address).items()]
        sets = " ".join(f"--set {shlex.quote(word)}" for word in words)
        found.append(f"wiredesk destinations add sandbox-{name} --channel {name} {sets}")
    return found
