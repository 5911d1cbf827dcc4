"""`wiredesk keys`: who may come in."""

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.instance import Instance
from shared.keyring import SCOPES, USUAL_SCOPES, Keyring, StoredKey
from shared.redis import connect

app = typer.Typer(
    no_args_is_help=True,
    help="Keys of newsrooms and subscribers: create, list, revoke."
    "\n\nExample: wiredesk keys create cms",
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who gets it, e.g. the CMS.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="Default: " + " ".join(USUAL_SCOPES) + ".")
    ] = None,
) -> None:
    """Make a key. It is shown once, and kept nowhere.

    `subscribe` keeps webhooks of its own over HTTP; `operate` sees and changes those of all,
    and signs in at the console.

    Example: wiredesk keys create cms --scope publish --scope withdraw
    """
    unknown = set(scope or ()) - set(SCOPES)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; known are {', '.join(SCOPES)}")
    key = asyncio.run(_create(Instance.find(state, config), name, scope or list(USUAL_SCOPES)))
    print(key)  # noqa: T201  # for pipes: the key alone on standard output


@app.command("list")
def list_keys(
    state: StateOption = DEFAULT_STATE, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the keys made by command. What is stored cannot be turned back into a key.

    Example: wiredesk keys list --json
    """
    rows = asyncio.run(_stored(Instance.find(state, config)))
    if as_json:
        console.print_json(data=[row.model_dump(mode="json", exclude={"digest"}) for row in rows])
        return
    table = Table("name", "scopes", "created")
    table.columns[0].overflow = "fold"  # people copy it
    for row in rows:
        table.add_row(
            plain(row.name), " ".join(row.scopes), f"{row.created.astimezone():%Y-%m-%d %H:%M}"
        )
    console.print(table if rows else "no keys yet: wiredesk keys create NAME")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="As it was created.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    keep_newest: Annotated[
        bool, typer.Option("--keep-newest", help="The key that was made last stays good.")
    ] = False,
) -> None:
    """Make all keys of that name useless, at once.

    Example: wiredesk keys revoke cms
    """
    count = asyncio.run(_revoke(Instance.find(state, config), name, keep_newest=keep_newest))
    console.print(f"revoked: {count}")
    if not count:
        raise typer.Exit(1)


async def _create(instance: Instance, name: str, scopes: list[str]) -> str:
    async with connect(instance.redis_url) as redis:
        return await Keyring(redis, ()).create(name, scopes)


async def _stored(instance: Instance) -> list[StoredKey]:
    async with connect(instance.redis_url) as redis:
        return await Keyring(redis, ()).stored()


async def _revoke(instance: Instance, name: str, *, keep_newest: bool) -> int:
    async with connect(instance.redis_url) as redis:
        return await Keyring(redis, ()).revoke(name, keep_newest=keep_newest)
