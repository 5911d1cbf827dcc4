"""`wiredesk up`: everything on one machine."""

import asyncio
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, StateOption
from services.commands.service import Listening, set_up_logs
from services.instance import State, load_settings
from services.merged_log import MergedLog
from services.publish import channels
from services.publish.delivery.configured import configured
from services.run import Supervisor, child_environment
from shared.plugs import find_plugs
from shared.redis import RedisSettings
from shared.service import listen
from shared.settings import Settings

PortOption = Annotated[int | None, typer.Option(help="Port; 0 = any free one.", min=0, max=65535)]


def open_sockets(settings: Settings, ports: Mapping[str, int | None]) -> dict[str, socket.socket]:
    """One listening socket a service, in the order in which they start."""
    sockets = {}
    for name in ("console", "publish", "enrich", "ingest"):
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
    port_console: PortOption = None,
) -> None:
    """Start everything: Redis if none is configured, and all services.

    What dies is started again. Ctrl-C stops everything in order; nothing accepted is lost.

    Example: wiredesk up --state /srv/news --port-site 80
    """
    settings = load_settings(config)
    set_up_logs("up", settings)
    configured(settings, find_plugs(channels), datetime.now(UTC))  # rather now than in a child
    ports = {"publish": port_site, "ingest": port_ingest, "enrich": port_enrich}
    ports["console"] = port_console
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
    extra: Mapping[str, str] | None = None,
) -> Supervisor:
    """The supervisor of an installation, not started. `extra` goes into its environment."""
    host, port = sockets["publish"].getsockname()[:2]
    environ = dict(extra or {})
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
    table.add_row("console", supervisor.children["console"].address)
    if "sandbox" in supervisor.children:
        table.add_row("wall of posts", supervisor.children["sandbox"].address, style="bold")
    table.add_row("send a file", "wiredesk send FILE")
    Console(stderr=True).print(table)
    sys.stderr.flush()
