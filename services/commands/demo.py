"""`wiredesk demo`: everything up, with a sample newsroom that sends a day of invented news."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from services.commands.demo_accounts import add_accounts, environment, followed
from services.commands.options import DEFAULT_STATE, JsonOption, StateOption
from services.commands.sandbox import PORT as SANDBOX_PORT
from services.commands.service import set_up_logs
from services.commands.terminal import console, plain
from services.commands.up import PortOption, open_sockets, print_addresses, supervise
from services.demo.latency import event_to_live_ms, percentile
from services.demo.newsroom import load
from services.demo.play import Play
from services.demo.reader import Reader
from services.demo.wall import Wall
from services.instance import Instance, State, load_settings
from services.merged_log import MergedLog
from services.run import Supervisor
from shared.errors import Misconfigured
from shared.hop import StreamSettings
from shared.http import own_client
from shared.redis import connect
from shared.service import listen
from shared.settings import Settings
from shared.streams import Keys

MARK = "demo"
"""A file that says: this state is a demonstration's, and the next one may wipe it."""
SANDBOX = "sandbox"
LOOPBACK = "127.0.0.1"
READY_SECONDS = 60.0
SHOWN = "urn:island-daily:blue-line-signal-fault"
"""A story of the day that was corrected twice."""
HURRY = 3.0


def demo(
    state: StateOption = DEFAULT_STATE,
    once: Annotated[bool, typer.Option("--once", help="Run the story, check it, stop.")] = False,
    as_json: JsonOption = False,
    port_site: PortOption = None,
    port_ingest: PortOption = None,
    port_enrich: PortOption = None,
    port_console: PortOption = None,
    port_sandbox: PortOption = None,
) -> None:
    """Start everything with a sample newsroom: publish, correct, embargo, kill, before your eyes.

    A sandbox of social platforms starts too: its wall shows what followers of each would see.
    With --once it runs the story without a person, checks every output and exits 0 or 1.

    Example: wiredesk demo --once --json
    """
    ports = {"publish": port_site, "ingest": port_ingest, "enrich": port_enrich}
    ports["console"] = port_console
    ports[SANDBOX] = SANDBOX_PORT if port_sandbox is None else port_sandbox
    settings = load_settings(None)
    set_up_logs("demo", settings)
    if not once:
        with State(state.resolve()).claimed():
            _empty(state)
            asyncio.run(_show(state, settings, ports))
        return
    with TemporaryDirectory(prefix="wiredesk-demo-") as folder:
        ports[SANDBOX] = port_sandbox
        free = {name: port or 0 for name, port in ports.items()}
        report = asyncio.run(_once(Path(folder), settings, free, quiet=as_json))
    _print(report, as_json=as_json)
    if not report["ok"]:
        raise typer.Exit(1)


def _empty(state: Path) -> None:
    """Remove what an earlier demonstration left in the folder. Real news is never wiped."""
    if any(state.iterdir()) and not (state / MARK).exists():
        raise Misconfigured(
            f"{state} holds a real installation: choose another --state for the demo"
        )
    (state / MARK).touch()
    for left in state.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name != MARK:
            left.unlink()


async def _show(state: Path, settings: Settings, ports: dict[str, int | None]) -> None:
    """Until Ctrl-C: the addresses, the newsroom's day, and then whatever people do."""
    async with _running(state, settings, ports) as supervisor:
        print_addresses(supervisor)
        with Progress(console=Console(stderr=True)) as progress:
            await _play(state, progress, hurry=1.0)
        console.print("The day is over; everything stays up until Ctrl-C. Try:")
        console.print(plain(f"  wiredesk status --state {state}", "bold"))
        console.print(plain(f"  wiredesk preview {SHOWN} --state {state}", "bold"))
        await supervisor.ended()


async def _once(
    state: Path, settings: Settings, ports: dict[str, int], *, quiet: bool
) -> dict[str, Any]:
    async with _running(state, settings, dict(ports)):
        with Progress(console=Console(stderr=True, quiet=quiet)) as progress:
            play = await _play(state, progress, hurry=HURRY)
        return await _report(state, play)


@asynccontextmanager
async def _running(
    state: Path, settings: Settings, ports: dict[str, int | None]
) -> AsyncIterator[Supervisor]:
    """An installation that is up and ready, and stopped afterwards."""
    place = _prepared(state)
    lines = MergedLog(place.log, show=False)
    wall = listen(LOOPBACK, ports[SANDBOX] or 0)
    sockets = {SANDBOX: wall, **open_sockets(settings, ports)}
    extra = environment(settings)
    supervisor = supervise(place, None, settings, sockets, lines, extra)
    running = asyncio.create_task(supervisor.run())
    try:
        await _ready(supervisor, running)
        await add_accounts(state, supervisor.children[SANDBOX].address)
        yield supervisor
    finally:
        supervisor.stop()
        await running
        lines.close()


def _prepared(state: Path) -> State:
    """The folder with a key, and the sample pictures where the site serves them."""
    place = State(state.resolve())
    place.make_key()
    with as_file(files("services.demo") / "media") as pictures:
        shutil.copytree(pictures, place.site / "media", dirs_exist_ok=True)
    return place


async def _ready(supervisor: Supervisor, running: asyncio.Task[None]) -> None:
    give_up = asyncio.get_running_loop().time() + READY_SECONDS
    for child in supervisor.children.values():
        async with own_client(child.address) as client:
            while not running.done() and not await _is_ready(client):
                if asyncio.get_running_loop().time() > give_up:
                    raise Misconfigured(f"{child.name} did not get ready; see {supervisor.log}")
                await asyncio.sleep(0.1)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz", timeout=5)).is_success
    except httpx.TransportError:
        return False


async def _play(state: Path, progress: Progress, *, hurry: float) -> Play:
    instance = Instance.find(state, None)
    async with (
        own_client(instance.ingest, instance.key) as ingest,
        own_client(instance.site) as site,
        own_client(instance.sandbox) as followers,
    ):
        steps = load(datetime.now(UTC), f"{instance.site}/media")
        wall = Wall(followers, await followed(instance.sandbox))
        play = Play(steps, ingest, Reader(site), wall, progress)
        await play.run(hurry=hurry)
        return play


async def _report(state: Path, play: Play) -> dict[str, Any]:
    """What the demonstration saw, in the shape that `--json` promises."""
    instance = Instance.find(state, None)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    async with connect(instance.redis_url) as redis:
        times = await event_to_live_ms(redis, keys, [article.uri for article in play.sent])
    return {
        "ok": bool(play.checks) and all(check.ok for check in play.checks),
        "articles": len({article.uri for article in play.sent}),
        "event_to_live_ms": {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99)},
        "checks": [asdict(check) for check in play.checks],
    }


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.print_json(data=report)
        return
    table = Table("", "looked at", "seen")
    for check in report["checks"]:
        mark = plain("✓", "green") if check["ok"] else plain("✗", "red")
        table.add_row(mark, plain(check["name"]), plain(check["detail"]))
    console.print(table)
    times = report["event_to_live_ms"]
    console.print(
        f"{report['articles']} stories; from accepted to live: "
        f"p50 {times['p50']} ms, p99 {times['p99']} ms"
    )
