"""`wiredesk destinations test` and `log`: the calls to one destination."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from services.commands.deliveries import Post, instant, open_post
from services.commands.destination_settings import as_usage_errors, channel_named
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish.delivery.call_log import MOST, Call, CallLog, Page
from services.publish.delivery.channel import Channel
from services.publish.delivery.destinations import Destination
from services.publish.delivery.enrol import channel_settings
from services.publish.delivery.opening import opened
from services.publish.delivery.trial import Tried, tried
from shared.http import public_client

NameArgument = Annotated[str, typer.Argument(help="As `wiredesk destinations list` names it.")]
SHOWN = 20
STYLES = {"done": "green", "refused": "red", "stopped": "red", "unknown": "red"}


def make_test(
    name: NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make one harmless call now; a webhook gets a signed notice of type webhook.test.

    Example: wiredesk destinations test partner
    """
    tested = asyncio.run(_test(state, config, name))
    if as_json:
        console.print_json(data=asdict(tested))
    else:
        answer = "no answer" if tested.status is None else f"answered {tested.status}"
        console.print(
            plain(f"{tested.verdict}: {answer} in {tested.ms} ms  {tested.error}".strip())
        )
    if tested.verdict != "done":
        raise typer.Exit(1)


def show_log(
    name: NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many calls.")] = SHOWN,
    before: Annotated[
        str, typer.Option(help="Only older ones: the cursor that the page before ended with.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show what came of the calls to a destination, newest first; the last thousand are kept.

    Example: wiredesk destinations log partner --limit 50
    """
    page = asyncio.run(_page(state, config, name, limit, before))
    if as_json:
        console.print_json(data={"calls": [told(call) for call in page.calls], "next": page.next})
        return
    table = Table("time", "uri", "version", "try", "outcome", "error")
    table.columns[1].overflow = "fold"  # people copy it
    for call in page.calls:
        outcome = plain(call.outcome, STYLES.get(call.outcome, "yellow"))
        table.add_row(
            instant(call.at_ms),
            plain(call.uri),
            f"{call.op} {call.version}",
            str(call.tries),
            outcome,
            plain(call.error),
        )
    console.print(table if page.calls else "no calls yet")
    if page.next:
        console.print(plain(f"older ones: --before {page.next}"))


async def find(post: Post, name: str) -> Destination:
    """The destination. Tells that there is none, and exits with 1."""
    destination = await post.destinations.get(name)
    if destination is None:
        console.print(plain(f"there is no destination {name}", "red"))
        raise typer.Exit(1)
    return destination


@asynccontextmanager
async def _opened(post: Post, destination: Destination) -> AsyncIterator[Channel]:
    plug = channel_named(destination.channel)
    with as_usage_errors():
        settings = channel_settings(plug, destination.settings)
    async with public_client(post.http) as http:
        yield opened(plug, settings, http, post.destinations.memory(destination.name))


def told(call: Call) -> dict[str, Any]:
    """A call as `--json` shows it."""
    return {("try" if name == "tries" else name): value for name, value in asdict(call).items()}


async def _test(state: StateOption, config: ConfigOption, name: str) -> Tried:
    async with open_post(state, config) as post:
        destination = await find(post, name)
        async with _opened(post, destination) as channel:
            outcome = await tried(channel)
            if outcome is None:
                raise typer.BadParameter(f"channel {destination.channel} has no test")
            return outcome


async def _page(
    state: StateOption, config: ConfigOption, name: str, limit: int, before: str
) -> Page:
    async with open_post(state, config) as post:
        await find(post, name)
        with as_usage_errors():
            return await CallLog(post.redis, post.keys).page(name, limit, before)
