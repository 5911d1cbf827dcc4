"""`wiredesk withdrawals` and `acknowledge`: what is not proven away yet, and who looks after it."""

import asyncio
from time import time_ns
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table

from services.commands.deliveries import instant, open_post
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.commands.withdrawal_report import Report, as_document, read_report
from services.publish.delivery.by_hand import acknowledge as acknowledged
from services.publish.delivery.ledger import Change
from services.publish.delivery.row import Row

SHOWN = 100


def withdrawals(
    state: StateOption = DEFAULT_STATE, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the killed stories that are not proven away everywhere, oldest first.

    Exit code 1 = there are some. At most 100 are shown.

    Example: wiredesk withdrawals
    """
    found = asyncio.run(_outstanding(state, config))
    if as_json:
        console.print_json(data=[as_document(report) for report in found])
    else:
        console.print(_table(found) if found else "nothing is outstanding")
    if found:
        raise typer.Exit(1)


def acknowledge(
    uri: Annotated[str, typer.Argument(help="The article.")],
    to: Annotated[str, typer.Option("--to", help="The destination.", metavar="NAME")],
    reason: Annotated[str, typer.Option(help="What you found or did; kept and shown.")],
    remote_id: Annotated[
        str, typer.Option(help="Of a post that is there: its id at the platform.")
    ] = "",
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
) -> None:
    """Say that you have looked after a delivery that nothing else can settle.

    A withdrawal that cannot be proven is given up, and alarms nobody any more. A post of which
    nobody knew whether it arrived counts as delivered.

    Example: wiredesk acknowledge urn:news:1234 --to partner --reason "they deleted it by hand"
    """
    row = asyncio.run(_acknowledge(state, config, uri, to, reason, remote_id))
    if row is None:
        console.print(plain(f"{to} has nothing of {uri} that waits for a person", "red"))
        raise typer.Exit(1)
    console.print(plain(f"acknowledged: {to} is {row.state}"))


async def _outstanding(state: StateOption, config: ConfigOption) -> list[Report]:
    async with open_post(state, config) as post:
        waiting = await post.withdrawals.outstanding(0, SHOWN)
        found = [await read_report(post, uri) for uri, _ in waiting[:SHOWN]]
    # What was proven a moment ago is still in the list until publish looks at it again.
    return [report for report in found if report and not report.is_over]


def _table(found: list[Report]) -> Group:
    table = Table("since", "uri", "place", "proof")
    table.columns[1].overflow = table.columns[2].overflow = "fold"  # people copy them
    for report in found:
        uri = report.withdrawal.uri
        first: tuple[Any, ...] = (instant(report.withdrawal.accepted_at), plain(uri))
        for place in report.places:
            if not place.is_done:
                table.add_row(*first, plain(place.place), plain(place.proof))
                first = ("", "")
    return Group(table, "what to do: wiredesk withdraw URI --report")


async def _acknowledge(
    state: StateOption, config: ConfigOption, uri: str, to: str, reason: str, remote_id: str
) -> Row | None:
    """The row as it is now. Tried again while others change it."""
    async with open_post(state, config) as post:
        while rows := await post.ledger.rows([(uri, to)]):
            changed = acknowledged(rows[0], reason, time_ns() // 1_000_000, remote_id)
            if changed is None:
                return None
            [done] = await post.ledger.replace([Change(changed)])
            if done:
                return changed
    return None
