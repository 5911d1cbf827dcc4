"""`wiredesk ingest`, `enrich`, `publish`, `console`: one service in this process.

It starts what `wiredesk up` starts, so it imports nothing that its service does not need.
"""

import asyncio
import socket
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Literal

import typer
from pydantic import BaseModel, ConfigDict, field_validator

from services.commands.options import ConfigOption
from services.instance import load_settings
from shared import logs
from shared.service import Service, listen, serve
from shared.settings import Settings

FdOption = Annotated[int | None, typer.Option("--fd", hidden=True)]


class LogSettings(BaseModel):
    """Settings `[logs]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    format: Literal["auto", "json", "pretty"]

    @field_validator("level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class Listening(BaseModel):
    """Where a service listens: `host` and `port` of its section."""

    model_config = ConfigDict(frozen=True)

    host: str
    port: int


def set_up_logs(service: str, settings: Settings) -> None:
    """Configure logging as `[logs]` says."""
    own = settings.section("logs", LogSettings)
    pretty = {"auto": None, "json": False, "pretty": True}.get(own.format)
    logs.configure(service, level=own.level, pretty=pretty)


def one_service(name: str) -> Callable[..., None]:
    """The command that runs one service in this process."""

    def run(config: ConfigOption = None, fd: FdOption = None) -> None:
        settings = load_settings(config)
        set_up_logs(name, settings)
        own = settings.section(name, Listening)
        sock = socket.socket(fileno=fd) if fd is not None else listen(own.host, own.port)
        asyncio.run(_serve(name, settings, sock))

    run.__doc__ = (
        f"Run the {name} service alone; it needs [redis] url.\n\n"
        f"Example: WIREDESK_REDIS__URL=redis://redis:6379/0 wiredesk {name}"
    )
    return run


async def _serve(name: str, settings: Settings, sock: socket.socket) -> None:
    # Imported here: one service needs nothing of another.
    service: Service = import_module(f"services.{name}.app").build(settings)
    await serve(service.app(), sock)


ingest, enrich, publish, console = map(one_service, ("ingest", "enrich", "publish", "console"))
