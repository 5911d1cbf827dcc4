"""`wiredesk status`: is it moving, how late, what is parked?"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict
from functools import partial
from time import sleep
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.instance import Instance
from services.publish.delivery.withdrawals import WithdrawalSettings
from shared.hop import StreamSettings
from shared.overview import LATE_SECONDS, GroupRow, Overview, overview
from shared.redis import connect
from shared.streams import PREFIX, Keys

WATCH_SECONDS = 1.0
COLOURS = {"well": "green", "warning": "yellow", "critical": "red"}


def status(
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep looking.")] = False,
) -> None:
    """Show streams, groups, what waits and what is parked. Exit code 1 when something is wrong.

    Example: wiredesk status --watch
    """
    instance = Instance.find(state, config)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    patience = instance.settings.section("withdrawals", WithdrawalSettings).proof_seconds
    look = partial(_look, instance.redis_url, keys, patience)
    seen = asyncio.run(look())
    if as_json:
        console.print_json(data=asdict(seen) | {"worst": seen.worst})
    elif watch:
        _watch(look)
    else:
        console.print(_shown(seen))
    if seen.worst == "critical":
        raise typer.Exit(1)


async def _look(redis_url: str, keys: Keys, proof_seconds: float) -> Overview:
    async with connect(redis_url) as redis:
        return await overview(redis, keys, proof_seconds)


def _watch(look: Callable[[], Coroutine[object, object, Overview]]) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(_shown(asyncio.run(look())), refresh=True)
            sleep(WATCH_SECONDS)


def _shown(seen: Overview) -> Group:
    table = Table("stream", "group", "entries", "unread", "pending", "oldest", "consumers")
    table.columns[0].no_wrap = True
    for row in seen.groups:
        table.add_row(*_cells(row))
    lines = [f"[{COLOURS[seen.worst]}]{seen.worst}[/]   held for embargo or schedule: {seen.held}"]
    lines += [
        f"[red]{count} parked[/] from {stream}   see: wiredesk dead list"
        for stream, count in seen.dead.items()
    ]
    return Group(table, *lines, *_withdrawals(seen))


def _withdrawals(seen: Overview) -> Iterator[str]:
    if seen.withdrawals:
        colour = "red" if seen.is_withdrawal_late else "yellow"
        since = f"the oldest for {seen.oldest_withdrawal_seconds:.0f} s"
        yield (
            f"[{colour}]withdrawals outstanding: {seen.withdrawals}[/], {since}"
            "   see: wiredesk withdrawals"
        )


def _cells(row: GroupRow) -> tuple[str | Text, ...]:
    unread = "unknown" if row.lag is None else str(row.lag)
    late = row.oldest_pending_seconds > LATE_SECONDS
    oldest = f"{row.oldest_pending_seconds:.0f} s" if row.pending else ""
    consumers = str(row.consumers) if row.consumers or not row.is_ours else "[red]none[/]"
    return (
        row.stream.removeprefix(f"{PREFIX}:").replace("article.", ""),
        plain(row.group),
        str(row.length),
        unread,
        str(row.pending),
        f"[yellow]{oldest}[/]" if late else oldest,
        consumers,
    )
