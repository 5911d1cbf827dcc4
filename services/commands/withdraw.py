"""`wiredesk withdraw`: take a story away, and see at which destination it is gone."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.commands.deliveries import Post, open_post
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.send import Sent, outcomes, print_sent, unreachable
from services.commands.terminal import console, plain, stand_of
from services.instance import Instance
from services.publish.delivery.row import Row
from shared.http import own_client

WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.2
STYLES = {"accepted": "green", "gone": "green", "impossible": "red"}
TAKEN_AWAY = ("delivered", "cancelled")


@dataclass(frozen=True)
class Removal:
    """How far a kill has come at one destination.

    `proof`: `accepted` it said yes; `gone` nothing of it stands there; `sent` it has not said yes;
    `impossible` the destination was removed, nobody can tell it; `waiting` for the call.
    """

    destination: str
    proof: str
    is_done: bool = False
    tries: int = 0
    error: str = ""


def withdraw(
    uri: Annotated[str, typer.Argument(help="The article to take away, for good.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the log, not shown to readers.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for proof.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Kill a story: off the website, the feeds, every list and every destination that has it.

    A rewrite of it is an article of its own: it stays, and is shown, so that you can decide.
    Shows for up to 30 seconds what each destination says. Exit code 1 = something is outstanding.

    Example: wiredesk withdraw urn:news:1234 --reason "source withdrew"
    """
    [sent], rewrites = asyncio.run(_kill(Instance.find(state, config), uri, reason))
    if not as_json:
        print_sent([sent])
        for other in rewrites:
            console.print(plain(f"rewritten as {other['uri']}  {stand_of(other)}", "yellow"))
    waits = sent.is_taken and not no_wait
    removals = asyncio.run(_follow(state, config, sent, quiet=as_json)) if waits else []
    if as_json:
        told = {"rewritten_as": rewrites, "deliveries": [asdict(one) for one in removals]}
        console.print_json(data=asdict(sent) | told)
    if not (sent.is_taken and all(removal.is_done for removal in removals)):
        raise typer.Exit(1)


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
    state: StateOption, config: ConfigOption, sent: Sent, *, quiet: bool
) -> list[Removal]:
    """Look until nothing more can come, or the time is over."""
    give_up = monotonic() + WAIT_SECONDS
    async with open_post(state, config) as post:
        with Live(console=Console(quiet=quiet), auto_refresh=False) as live:
            while True:
                removals = await _look(post, sent)
                live.update(_table(removals), refresh=True)
                moving = [one for one in removals if one.proof in ("waiting", "sent")]
                if not moving or monotonic() > give_up:
                    return removals
                await asyncio.sleep(LOOK_SECONDS)


async def _look(post: Post, sent: Sent) -> list[Removal]:
    """Where it stands now. A kill takes a moment through all services before it is planned."""
    known = (await post.destinations.all()).keys()
    rows = {row.destination: row for row in await post.ledger.of_article(sent.uri)}
    killed = {name: row for name, row in rows.items() if _is_killed(row, sent)}
    is_planned = bool(killed) or sent.outcome != "accepted"
    names = rows.keys() if is_planned else rows.keys() | known
    return [
        _removal(killed[name], is_known=name in known)
        if name in killed
        else Removal(name, "waiting")
        for name in sorted(names)
    ]


def _is_killed(row: Row, sent: Sent) -> bool:
    return row.is_kill and row.want_version >= (sent.version or 0)


def _removal(row: Row, *, is_known: bool) -> Removal:
    is_done = row.state in TAKEN_AWAY
    proof = row.proof or "waiting" if is_done or is_known else "impossible"
    return Removal(row.destination, proof, is_done, row.attempt, row.error)


def _table(removals: Sequence[Removal]) -> Table | str:
    table = Table("destination", "proof", "tries", "error")
    for one in removals:
        proof = plain(one.proof, STYLES.get(one.proof, "yellow"))
        table.add_row(plain(one.destination), proof, str(one.tries), plain(one.error))
    return table if removals else "no destination was concerned"
