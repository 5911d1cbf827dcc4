"""`wiredesk destinations`: where the news goes; add, change, pause, resume, remove, rotate."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from services.commands import destination_calls as calls, destination_looks as looks
from services.commands.deliveries import open_post
from services.commands.destination_filter import try_filter
from services.commands.destination_settings import (
    LIMITS,
    as_usage_errors,
    channel_named,
    read_settings,
)
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish.delivery.destinations import Destination
from services.publish.delivery.enrol import enrolled, shares_secrets, with_secret
from services.publish.delivery.rotation import MAX_OVERLAP_HOURS, OVERLAP_HOURS, rotated
from services.publish.delivery.signature import new_secret

app = typer.Typer(
    no_args_is_help=True,
    help="Destinations of the news: where it goes, how they are, what they got."
    "\n\nExample: wiredesk destinations list",
)
app.command("list")(looks.list_destinations)
app.command()(looks.show)
app.command("filter")(try_filter)
app.command("test")(calls.make_test)
app.command("log")(calls.show_log)

UNSETTABLE = LIMITS | {"filter", "owner"}
"""Fields that have a default, which `--unset` brings back."""

NewName = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]
Words = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the channel; commas in a list.", metavar="K=V"),
]
FilterOption = Annotated[
    str | None, typer.Option("--filter", help="What it wants; empty = everything.", metavar="EXPR")
]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Calls at once; 4 if not given.")]
MaxPerHour = Annotated[int | None, typer.Option(min=1, help="First posts in any 60 minutes.")]
Pace = Annotated[
    float | None, typer.Option(min=0, help="Seconds between one first post and the next.")
]
MaxAge = Annotated[float | None, typer.Option(min=0, help="Older articles are no first posts.")]
GiveUp = Annotated[
    float | None,
    typer.Option(min=0, help="First posts that waited longer are old news; 168."),
]
OnUnknownOption = Annotated[
    str | None,
    typer.Option(
        "--on-unknown",
        help="A post that may have arrived, where nobody can look: hold (the default) or resend.",
        metavar="hold|resend",
    ),
]
Owner = Annotated[
    str | None, typer.Option(help="The name of a key that may change it over HTTP.", metavar="KEY")
]
Unset = Annotated[
    list[str] | None, typer.Option(help="Back to the default, e.g. max-per-hour.", metavar="NAME")
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap-hours",
        min=0,
        max=MAX_OVERLAP_HOURS,
        help="So long the old secret stays good; 0 = not at all.",
    ),
]


@app.command()
def add(
    name: NewName,
    channel: Annotated[str, typer.Option(help="The kind of destination, e.g. webhook.")],
    *,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    words: Words = None,
    filter_: FilterOption = None,
    concurrency: Concurrency = None,
    max_per_hour: MaxPerHour = None,
    pace_seconds: Pace = None,
    max_age_hours: MaxAge = None,
    give_up_hours: GiveUp = None,
    on_unknown: OnUnknownOption = None,
    owner: Owner = None,
) -> None:
    """Add a destination. A webhook without a secret gets one; it is shown once.

    Example: wiredesk destinations add partner --channel webhook --set url=https://partner.example/
    """
    plug = channel_named(channel)
    settings, secret = with_secret(plug, read_settings(plug, words or ()))
    fields = {"name": name, "channel": channel, "settings": settings, "created": datetime.now(UTC)}
    limits = (max_per_hour, pace_seconds, max_age_hours, give_up_hours)
    given = _given(filter_, concurrency, *limits, on_unknown)
    with as_usage_errors():
        destination = enrolled({channel: plug}, fields | given | {"owner": owner or ""})
    if not asyncio.run(_add(state, config, destination)):
        console.print(plain(f"there is a destination {name} already", "red"))
        raise typer.Exit(1)
    if secret:
        print(secret)  # noqa: T201  # for pipes: the secret alone on standard output


@app.command()
def change(
    name: calls.NameArgument,
    *,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    words: Words = None,
    filter_: FilterOption = None,
    concurrency: Concurrency = None,
    max_per_hour: MaxPerHour = None,
    pace_seconds: Pace = None,
    max_age_hours: MaxAge = None,
    give_up_hours: GiveUp = None,
    on_unknown: OnUnknownOption = None,
    owner: Owner = None,
    unset: Unset = None,
) -> None:
    """Change what was added by command or over HTTP; what is not named stays.

    Example: wiredesk destinations change partner --max-per-hour 10 --unset max-age-hours
    """
    limits = (max_per_hour, pace_seconds, max_age_hours, give_up_hours)
    given = _given(filter_, concurrency, *limits, on_unknown)
    given |= {} if owner is None else {"owner": owner}
    dropped = {one.replace("-", "_") for one in unset or ()}
    asyncio.run(_change(state, config, name, words or [], given, dropped))


@app.command()
def rotate(
    name: calls.NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    overlap_hours: Overlap = OVERLAP_HOURS,
    as_json: JsonOption = False,
) -> None:
    """Make a new secret and show it once. The old one stays good for a day, then ends by itself.

    Example: wiredesk destinations rotate partner --overlap-hours 48
    """
    made = asyncio.run(_rotate(state, config, name, timedelta(hours=overlap_hours)))
    if as_json:
        console.print_json(data=made)
    else:
        print(made["secret"])  # noqa: T201  # for pipes: the secret alone on standard output


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

    First posts that have waited for more than a week are old news, and are not sent.

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


def _given(
    filter_: str | None,
    concurrency: int | None,
    max_per_hour: int | None,
    pace_seconds: float | None,
    max_age_hours: float | None,
    give_up_hours: float | None,
    on_unknown: str | None,
) -> dict[str, Any]:
    """The fields that were named."""
    fields = {
        "filter": filter_,
        "concurrency": concurrency,
        "max_per_hour": max_per_hour,
        "pace_seconds": pace_seconds,
        "max_age_hours": max_age_hours,
        "give_up_hours": give_up_hours,
        "on_unknown": on_unknown,
    }
    return {name: value for name, value in fields.items() if value is not None}


async def _add(state: StateOption, config: ConfigOption, destination: Destination) -> bool:
    async with open_post(state, config) as post:
        return await post.destinations.add(destination)


async def _change(
    state: StateOption,
    config: ConfigOption,
    name: str,
    words: list[str],
    given: dict[str, Any],
    dropped: set[str],
) -> None:
    async with open_post(state, config) as post:
        plug = channel_named((await calls.find(post, name)).channel)
        settings = read_settings(plug, words)
        if dropped - UNSETTABLE:
            raise typer.BadParameter(f"--unset: there are {', '.join(sorted(UNSETTABLE))}")

        def changed(one: Destination) -> Destination:
            kept = {field: value for field, value in one if field not in dropped}
            update = kept | given | {"settings": {**one.settings, **settings}}
            return enrolled({one.channel: plug}, update)

        with as_usage_errors():
            await post.destinations.change(name, changed)
    console.print(f"changed: {name}")


async def _rotate(
    state: StateOption, config: ConfigOption, name: str, overlap: timedelta
) -> dict[str, Any]:
    secret, now = new_secret(), datetime.now(UTC)

    def changed(one: Destination) -> Destination:
        return one.model_copy(update={"settings": rotated(one.settings, secret, now, overlap)})

    async with open_post(state, config) as post:
        destination = await calls.find(post, name)
        if not shares_secrets(channel_named(destination.channel)):
            raise typer.BadParameter(f"channel {destination.channel} shares no secret")
        await post.destinations.change(name, changed)
    return {"secret": secret, "old_until": (now + overlap).isoformat() if overlap else None}


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
        [waiting] = await post.ledger.waiting_for([name])
        await post.destinations.remove(name)
    console.print(f"removed: {name}; never sent: {waiting}")
