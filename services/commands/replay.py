"""`wiredesk replay`: have deliveries made again, those of one story or all that match."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import time_ns
from typing import Annotated, Any

import typer
from rich.table import Table

from services.commands.deliveries import Post, open_post
from services.commands.destination_settings import as_usage_errors, channel_named
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.span import read_instant
from services.commands.terminal import console, plain
from services.publish.delivery.by_hand import replay as sent_again
from services.publish.delivery.caps import Way
from services.publish.delivery.channel import Channel
from services.publish.delivery.destinations import Destination
from services.publish.delivery.filter import Filter, matches
from services.publish.delivery.ledger import Change
from services.publish.delivery.row import Row
from shared.http import public_client

AT_ONCE = 500


class Mode(StrEnum):
    """What is sent again."""

    IF_NOT_DELIVERED = "if_not_delivered"
    FORCE = "force"


@dataclass(frozen=True)
class Choice:
    """Which deliveries are meant. Empty = any. Instants are milliseconds since 1970."""

    uri: str
    to: str
    states: frozenset[str]
    since: int
    until: int
    match: str
    filter: Filter | None

    def takes(self, row: Row) -> bool:
        """Whether the row is meant, as far as it knows itself."""
        in_state = not self.states or row.state in self.states
        in_time = self.since <= row.wanted_at and (not self.until or row.wanted_at < self.until)
        return in_state and in_time and self.match in row.uri


Since = Annotated[
    str, typer.Option(help="Only what was accepted since: 2026-11-23T09:00, 90m, 24h, 7d.")
]
Until = Annotated[str, typer.Option(help="Only what was accepted before.")]
States = Annotated[
    list[str] | None,
    typer.Option("--in", help="Only rows in this state; more than once.", metavar="STATE"),
]
Match = Annotated[str, typer.Option(help="Only uris with this text in them.")]
Wanted = Annotated[
    str, typer.Option("--filter", help="Only live articles it lets through.", metavar="EXPR")
]
ModeOption = Annotated[Mode, typer.Option(help="force: also what was delivered, under new ids.")]


def replay(
    uri: Annotated[str, typer.Argument(help="One article; all without it.")] = "",
    to: Annotated[str, typer.Option("--to", help="One destination.", metavar="NAME")] = "",
    *,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    states: States = None,
    since: Since = "",
    until: Until = "",
    match: Match = "",
    filter_: Wanted = "",
    mode: ModeOption = Mode.IF_NOT_DELIVERED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send again what failed, is unknown or was given up, under the same ids.

    A receiver that has it drops it by its id. What may have arrived is first looked for, where the
    platform can be searched. Shows the count and asks before anything is sent.

    Example: wiredesk replay urn:news:1234 --to partner
    """
    if not (uri or to or since or match or filter_ or states):
        raise typer.BadParameter("say which: a URI, --to, --in, --since, --match or --filter")
    with as_usage_errors():
        wishes = Filter.parse(filter_) if filter_ else None
    choice = Choice(
        uri,
        to,
        frozenset(states or ()),
        read_instant(since, "--since"),
        read_instant(until, "--until"),
        match,
        wishes,
    )
    asyncio.run(_replay(state, config, choice, mode, ask=not yes, dry=dry_run, as_json=as_json))


async def _replay(
    state: StateOption,
    config: ConfigOption,
    choice: Choice,
    mode: Mode,
    *,
    ask: bool,
    dry: bool,
    as_json: bool,
) -> None:
    async with open_post(state, config) as post:
        changes = await _changes(post, choice, mode)
        if not as_json:
            console.print(_table(changes) if changes else "nothing matches")
        if changes and ask and not dry:
            typer.confirm(f"send again: {len(changes)}?", abort=True, err=as_json)
        done = 0 if dry else await _written(post, changes)
    if as_json:
        console.print_json(data=_document(changes, mode, done, dry=dry))
    elif changes and not dry:
        console.print(f"replay: {done} of {len(changes)}")


async def _changes(post: Post, choice: Choice, mode: Mode) -> list[Change]:
    destinations = await post.destinations.all()
    if choice.to and choice.to not in destinations:
        console.print(plain(f"there is no destination {choice.to}", "red"))
        raise typer.Exit(1)
    named = [one for name, one in destinations.items() if choice.to in ("", name)]
    found: list[Change] = []
    for destination in named:
        rows = [row for row in await _rows(post, destination, choice) if choice.takes(row)]
        way, now = await _way(post, destination), time_ns() // 1_000_000
        again = [(sent_again(row, now, way, force=mode is Mode.FORCE), row) for row in rows]
        found += [Change(changed, before=row) for changed, row in again if changed]
    return found


async def _rows(post: Post, destination: Destination, choice: Choice) -> Sequence[Row]:
    if choice.uri:
        rows: Sequence[Row] = await post.ledger.rows([(choice.uri, destination.name)])
    else:
        rows = await post.ledger.of_destination(destination.name)
    if choice.filter is None:
        return rows
    live = await post.live([row.uri for row in rows])
    wanted = choice.filter
    return [row for row in rows if row.uri in live and matches(wanted, live[row.uri])]


async def _way(post: Post, destination: Destination) -> Way:
    """What the destination's channel can do, and what it is to do with what is unknown."""
    plug = channel_named(destination.channel)
    settings = plug.Settings.model_validate(destination.settings)
    async with public_client(post.http) as http:
        channel: Channel = plug.open_channel(settings, http)
        return Way(channel.caps, destination.on_unknown)


async def _written(post: Post, changes: Sequence[Change]) -> int:
    parts = [changes[at : at + AT_ONCE] for at in range(0, len(changes), AT_ONCE)]
    return sum([sum(await post.ledger.replace(part)) for part in parts])


def _counts(changes: Iterable[Change]) -> dict[tuple[str, str], int]:
    """How many rows of each destination are in each state now."""
    earlier = [change.before for change in changes]
    return Counter((row.destination, row.state) for row in earlier if row)


def _table(changes: Sequence[Change]) -> Table:
    table = Table("destination", "state", "deliveries")
    for (name, condition), count in sorted(_counts(changes).items()):
        table.add_row(plain(name), condition, str(count))
    return table


def _document(changes: Sequence[Change], mode: Mode, done: int, *, dry: bool) -> dict[str, Any]:
    counts = [
        {"destination": name, "state": condition, "deliveries": count}
        for (name, condition), count in sorted(_counts(changes).items())
    ]
    return {"mode": mode, "dry_run": dry, "matched": len(changes), "sent": done, "counts": counts}
