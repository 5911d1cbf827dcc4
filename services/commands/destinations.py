"""`wiredesk destinations`: where the news goes; add, list, pause, resume, remove."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from services.commands import destination_calls as calls
from services.commands.deliveries import Post, instant, open_post
from services.commands.destination_settings import (
    channel_named,
    check,
    faults,
    read_filter,
    read_settings,
    with_secret,
)
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish.delivery.destinations import A_WEEK_HOURS, Destination

app = typer.Typer(
    no_args_is_help=True,
    help="Destinations of the news: add, list, pause, resume, remove, test, show, replay."
    "\n\nExample: wiredesk destinations list",
)
app.command("test")(calls.make_test)
app.command()(calls.show)
app.command()(calls.replay)
NewName = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]
Hours = Annotated[float | None, typer.Option(min=0)]


@app.command("list")
def list_destinations(
    state: StateOption = DEFAULT_STATE, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the destinations: how they are, what waits, what came of the last call.

    Example: wiredesk destinations list --json
    """
    rows = asyncio.run(_all(state, config))
    if as_json:
        console.print_json(data=rows)
        return
    table = Table("name", "channel", "state", "filter", "waiting", "failing since", "last call")
    table.columns[0].overflow = "fold"  # people copy it
    for row in rows:
        failing = f"{instant(row['failing_since_ms'])} {row['error']}".strip()
        condition = f"{row['state']} {row['reason']}".strip()
        words = (row["name"], row["channel"], condition, row["filter"], row["waiting"])
        last = (row["last"] or {}).get("outcome", "")
        table.add_row(*map(plain, (*words, failing, last)))
    console.print(table if rows else "no destinations yet: wiredesk destinations add NAME")


@app.command()
def add(
    name: NewName,
    channel: Annotated[str, typer.Option(help="The kind of destination, e.g. webhook.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    words: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the channel; commas in a list.", metavar="K=V"),
    ] = None,
    filter_: Annotated[str, typer.Option("--filter", help="What it wants.", metavar="EXPR")] = "",
    max_age_hours: Hours = None,
    give_up_hours: Hours = None,
) -> None:
    """Add a destination. A webhook without a secret gets one; it is shown once.

    Example: wiredesk destinations add partner --channel webhook --set url=https://partner.example/
    """
    plug = channel_named(channel)
    settings, secret = with_secret(channel, read_settings(plug, words or ()))
    check(plug, settings)
    try:
        destination = Destination(
            name=name,
            channel=channel,
            settings=settings,
            filter=read_filter(filter_),
            created=datetime.now(UTC),
            max_age_hours=max_age_hours,
            give_up_hours=A_WEEK_HOURS if give_up_hours is None else give_up_hours,
        )
    except ValidationError as error:
        raise typer.BadParameter(faults(error)) from None
    if not asyncio.run(_add(state, config, destination)):
        console.print(plain(f"there is a destination {name} already", "red"))
        raise typer.Exit(1)
    if secret:
        print(secret)  # noqa: T201  # for pipes: the secret alone on standard output


@app.command()
def pause(
    name: calls.NameArgument,
    reason: Annotated[str, typer.Option(help="Why; shown in the list.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
) -> None:
    """Stop sending to a destination, kills excepted. What it is to get waits.

    Example: wiredesk destinations pause partner --reason "they move house"
    """
    asyncio.run(_pause(state, config, name, reason))


@app.command()
def resume(
    name: calls.NameArgument, state: StateOption = DEFAULT_STATE, config: ConfigOption = None
) -> None:
    """Send to a destination again, and forget how it failed.

    Example: wiredesk destinations resume partner
    """
    asyncio.run(_resume(state, config, name))


@app.command()
def remove(
    name: calls.NameArgument, state: StateOption = DEFAULT_STATE, config: ConfigOption = None
) -> None:
    """Forget a destination. What waits for it is never sent, kills included.

    Example: wiredesk destinations remove partner
    """
    asyncio.run(_remove(state, config, name))


async def _all(state: StateOption, config: ConfigOption) -> list[dict[str, Any]]:
    async with open_post(state, config) as post:
        found = await post.destinations.all()
        return [await _shown(post, destination) for destination in found.values()]


async def _shown(post: Post, destination: Destination) -> dict[str, Any]:
    """All there is to say of it, its settings apart: they hold secrets."""
    health = await post.destinations.health(destination.name)
    last = await post.ledger.attempts(destination.name, 1)
    hours = destination.model_dump(include={"max_age_hours", "give_up_hours"})
    return {
        "name": destination.name,
        "channel": destination.channel,
        "state": destination.state,
        "reason": destination.reason,
        "filter": str(destination.filter),
        **hours,
        "waiting": await post.ledger.waiting(destination.name),
        "failing_since_ms": health.failing_since,
        "error": health.error,
        "last": last[0] if last else None,
    }


async def _add(state: StateOption, config: ConfigOption, destination: Destination) -> bool:
    async with open_post(state, config) as post:
        return await post.destinations.add(destination)


async def _pause(state: StateOption, config: ConfigOption, name: str, reason: str) -> None:
    async with open_post(state, config) as post:
        await calls.find(post, name)
        await post.destinations.pause(name, reason)
    console.print(f"paused: {name}")


async def _resume(state: StateOption, config: ConfigOption, name: str) -> None:
    async with open_post(state, config) as post:
        await calls.find(post, name)
        await post.destinations.resume(name)
    console.print(f"resumed: {name}")


async def _remove(state: StateOption, config: ConfigOption, name: str) -> None:
    async with open_post(state, config) as post:
        await calls.find(post, name)
        waiting = await post.ledger.waiting(name)
        await post.destinations.remove(name)
    console.print(f"removed: {name}; never sent: {waiting}")
