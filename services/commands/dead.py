"""`wiredesk dead`: what is parked, why, and how to bring it back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.instance import Instance
from shared.graveyard import Dead, Graveyard
from shared.hop import StreamSettings
from shared.redis import connect
from shared.streams import Keys

app = typer.Typer(
    no_args_is_help=True,
    help="Entries that were parked: list, show, replay, drop.\n\nExample: wiredesk dead list",
)
MatchOption = Annotated[str, typer.Option("--match", help="Only those with this text in them.")]
NameArgument = Annotated[str, typer.Argument(help="As `wiredesk dead list` names it.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_dead(
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    match: MatchOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what is parked, with the cause.

    Example: wiredesk dead list --match Timeout
    """
    found = asyncio.run(_find(state, config, match))
    if as_json:
        console.print_json(data=[_as_json(dead) for dead in found])
        return
    table = Table("name", "parked", "uri", "tries", "cause")
    table.columns[0].overflow = table.columns[2].overflow = "fold"  # people copy them
    for dead in found:
        cause = dead.error.strip().splitlines()[-1] if dead.error.strip() else ""
        parked = f"{dead.at.astimezone():%m-%d %H:%M:%S}"
        table.add_row(dead.name, parked, plain(dead.uri), str(dead.deliveries), plain(cause))
    console.print(table if found else "nothing is parked")


@app.command()
def show(
    name: NameArgument, state: StateOption = DEFAULT_STATE, config: ConfigOption = None
) -> None:
    """Show one parked entry whole: its fields and its traceback.

    Example: wiredesk dead show wiredesk:inbox/1795425463612-0
    """
    found = [dead for dead in asyncio.run(_find(state, config, "")) if dead.name == name]
    if not found:
        console.print(plain(f"nothing parked is named {name}", "red"))
        raise typer.Exit(1)
    console.print_json(data=_as_json(found[0]))


@app.command()
def replay(
    match: MatchOption = "",
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Put parked entries back where they came from; all of them, or those that match.

    Example: wiredesk dead replay --match wiredesk:inbox
    """
    asyncio.run(_each(state, config, match, "replay", yes=yes))


@app.command()
def drop(
    match: Annotated[str, typer.Option("--match", help="Only those with this text in them.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Throw parked entries away for good.

    Example: wiredesk dead drop --match "not JSON"
    """
    asyncio.run(_each(state, config, match, "drop", yes=yes))


async def _find(state: StateOption, config: ConfigOption, match: str) -> list[Dead]:
    instance = Instance.find(state, config)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    async with connect(instance.redis_url) as redis:
        return [dead async for dead in Graveyard(redis, keys).entries() if _matches(dead, match)]


async def _each(
    state: StateOption, config: ConfigOption, match: str, verb: str, *, yes: bool
) -> None:
    found = await _find(state, config, match)
    if not found:
        console.print("nothing matches")
        return
    if not yes:
        typer.confirm(f"{verb} {len(found)} parked entries?", abort=True)
    instance = Instance.find(state, config)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    async with connect(instance.redis_url) as redis:
        graveyard = Graveyard(redis, keys)
        acts: dict[str, Callable[[Dead], Awaitable[bool]]] = {
            "replay": graveyard.replay,
            "drop": graveyard.drop,
        }
        done = [await acts[verb](dead) for dead in found]
    console.print(f"{verb}: {sum(done)} of {len(found)}")


def _matches(dead: Dead, match: str) -> bool:
    return match in dead.name or match in dead.error or match in dead.uri


def _as_json(dead: Dead) -> dict[str, object]:
    fields = {
        name.decode(errors="replace"): value.decode(errors="replace")
        for name, value in dead.fields.items()
    }
    told = {"name": dead.name, "parked": dead.at.isoformat(), "group": dead.group}
    return {**told, "deliveries": dead.deliveries, "error": dead.error, "fields": fields}
