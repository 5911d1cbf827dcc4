"""`wiredesk withdraw`: take a story away, and see at which place it is proven gone."""

import asyncio
from dataclasses import asdict
from time import monotonic
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.live import Live

from services.commands.deliveries import open_post
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.send import Sent, outcomes, print_sent, unreachable
from services.commands.terminal import console, plain, stand_of
from services.commands.withdrawal_report import Report, as_document, as_table, read_report
from services.instance import Instance
from shared.http import own_client

FOLLOWED = ("accepted", "duplicate")
WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.2


def withdraw(
    uri: Annotated[str, typer.Argument(help="The article to take away, for good.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the log, not shown to readers.")] = "",
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    report: Annotated[
        bool, typer.Option("--report", help="Withdraw nothing; show how far it came.")
    ] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for proof.", min=0.0)] = WAIT_SECONDS,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for proof.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Kill a story: off the website, the feeds, every list and every destination that has it.

    A rewrite of it is an article of its own: it stays, and is shown, so that you can decide.
    Shows how it goes, until every place is proven or the wait is over. Exit code 1 = something is
    outstanding; it goes on all the same, and `--report` shows it later.

    Example: wiredesk withdraw urn:news:1234 --reason "source withdrew"
    """
    if report:
        _show_report(state, config, uri, as_json=as_json)
        return
    if not reason.strip():
        raise typer.BadParameter("a withdrawal needs one", param_hint="--reason")
    [sent], rewrites = asyncio.run(_kill(Instance.find(state, config), uri, reason))
    if not as_json:
        print_sent([sent])
        for other in rewrites:
            console.print(plain(f"rewritten as {other['uri']}  {stand_of(other)}", "yellow"))
    follows = sent.outcome in FOLLOWED and not no_wait
    seen = asyncio.run(_follow(state, config, sent, wait, quiet=as_json)) if follows else None
    if as_json:
        told = as_document(seen) if seen else {"deliveries": [], "outlets": []}
        console.print_json(data=told | asdict(sent) | {"rewritten_as": rewrites})
    if not sent.is_taken or (follows and not (seen and seen.is_over)):
        raise typer.Exit(1)


def _show_report(state: StateOption, config: ConfigOption, uri: str, *, as_json: bool) -> None:
    seen = asyncio.run(_read(state, config, uri))
    if seen is None:
        console.print(plain(f"{uri} was never withdrawn here", "red"))
        raise typer.Exit(1)
    if as_json:
        console.print_json(data=as_document(seen))
    else:
        console.print(plain(f"{uri}  withdrawn: {seen.withdrawal.reason}", "bold"))
        console.print(as_table(seen))
    if not seen.is_over:
        raise typer.Exit(1)


async def _read(state: StateOption, config: ConfigOption, uri: str) -> Report | None:
    async with open_post(state, config) as post:
        return await read_report(post, uri)


async def _kill(
    instance: Instance, uri: str, reason: str
) -> tuple[list[Sent], list[dict[str, Any]]]:
    """What became of the kill, and the articles that evolved from the one it kills."""
    path = f"/v1/articles/{quote(uri, safe='')}"
    async with own_client(instance.ingest, instance.key) as client:
        try:
            answer = await client.delete(path, params={"reason": reason})
            known = await client.get(path)
        except httpx.TransportError as error:
            return [unreachable(uri, client, error)], []
    rewrites = known.json().get("rewritten_as", []) if known.is_success else []
    return outcomes(uri, answer), rewrites


async def _follow(
    state: StateOption, config: ConfigOption, sent: Sent, wait: float, *, quiet: bool
) -> Report | None:
    """Look until nothing more can come, or the time is over."""
    give_up = monotonic() + wait
    async with open_post(state, config) as post:
        with Live(console=Console(quiet=quiet, emoji=False), auto_refresh=False) as live:
            while True:
                seen = await read_report(post, sent.uri)
                if seen:
                    live.update(as_table(seen), refresh=True)
                if (seen and seen.is_over) or monotonic() > give_up:
                    return seen
                await asyncio.sleep(LOOK_SECONDS)
