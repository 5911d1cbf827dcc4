"""`wiredesk up`: everything on one machine; `wiredesk ingest|enrich|publish`: one service."""

import asyncio
import socket
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import BaseModel, ConfigDict, field_validator
from rich.console import Console
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, StateOption
from services.instance import State, load_settings
from services.merged_log import MergedLog
from services.publish import channels
from services.publish.delivery.configured import configured
from services.run import Supervisor, child_environment
from shared import logs
from shared.plugs import find_plugs
from shared.redis import RedisSettings
from shared.service import Service, listen, serve
from shared.settings import Settings

SERVICES = ("ingest", "enrich", "publish")
PortOption = Annotated[int | None, typer.Option(help="Port; 0 = any free one.", min=0, max=65535)]
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


def open_sockets(settings: Settings, ports: Mapping[str, int | None]) -> dict[str, socket.socket]:
    """One listening socket a service, in the order in which they start."""
    sockets = {}
    for name in ("publish", "enrich", "ingest"):
        own = settings.section(name, Listening)
        port = ports.get(name)
        sockets[name] = listen(own.host, own.port if port is None else port)
    return sockets


def up(
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    port_site: PortOption = None,
    port_ingest: PortOption = None,
    port_enrich: PortOption = None,
) -> None:
    """Start everything: Redis if none is configured, and all services.

    What dies is started again. Ctrl-C stops everything in order; nothing accepted is lost.

    Example: wiredesk up --state /srv/news --port-site 80
    """
    settings = load_settings(config)
    set_up_logs("up", settings)
    configured(settings, find_plugs(channels), datetime.now(UTC))  # rather now than in a child
    ports = {"publish": port_site, "ingest": port_ingest, "enrich": port_enrich}
    place = State(state.resolve())
    with place.claimed():
        place.make_key()
        lines = MergedLog(place.log)
        supervisor = supervise(place, config, settings, open_sockets(settings, ports), lines)
        print_addresses(supervisor)
        asyncio.run(supervisor.run())


def supervise(
    place: State,
    config: Path | None,
    settings: Settings,
    sockets: Mapping[str, socket.socket],
    lines: MergedLog,
) -> Supervisor:
    """The supervisor of an installation, not started."""
    host, port = sockets["publish"].getsockname()[:2]
    environ = {}
    if not settings.values["site"]["base_url"]:
        environ["WIREDESK_SITE__BASE_URL"] = f"http://{host}:{port}"
    if not settings.values["site"]["folder"]:
        environ["WIREDESK_SITE__FOLDER"] = str(place.site)
    if config is not None:
        environ["WIREDESK_CONFIG"] = str(config.resolve())
    return Supervisor(
        place,
        environ=child_environment(place, environ),
        sockets=sockets,
        redis_url=settings.section("redis", RedisSettings).url.get_secret_value(),
        lines=lines,
    )


def print_addresses(supervisor: Supervisor) -> None:
    """Tell where everything is."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_row("website", supervisor.children["publish"].address, style="bold")
    table.add_row("ingest API", supervisor.children["ingest"].address)
    table.add_row("send a file", "wiredesk send FILE")
    Console(stderr=True).print(table)
    sys.stderr.flush()


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
    # Imported here: its dictionaries and templates are nothing `wiredesk send` should wait for.
    service: Service = import_module(f"services.{name}.app").build(settings)
    await serve(service.app(), sock)
