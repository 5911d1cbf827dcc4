"""`wiredesk destinations test`, `show` and `replay`: the calls to one destination."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from time import monotonic, time_ns
from typing import Annotated

import httpx
import typer
from rich.table import Table

from services.commands.deliveries import Post, instant, open_post
from services.commands.destination_settings import channel_named, check
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish.delivery.channel import Channel, Testable
from services.publish.delivery.destinations import Destination
from services.publish.delivery.ledger import Change
from services.publish.delivery.row import Row, replay as sent_again
from shared.http import HttpSettings, public_client

NameArgument = Annotated[str, typer.Argument(help="As `wiredesk destinations list` names it.")]
SHOWN = 20
REPLAYED = ("dead", "unknown", "delivered")


@dataclass(frozen=True)
class Tested:
    """What a test came to. `status` is None when there was no answer."""

    status: int | None
    ms: int
    verdict: str
    error: str


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


def show(
    name: NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what came of the last 20 calls to a destination, newest first.

    Example: wiredesk destinations show partner
    """
    lines = asyncio.run(_attempts(state, config, name))
    if as_json:
        console.print_json(data=lines)
        return
    table = Table("time", "uri", "version", "try", "outcome", "error")
    table.columns[1].overflow = "fold"  # people copy it
    for line in lines:
        version = f"{line['op']} {line['version']}"
        words = (instant(int(line["at_ms"])), line["uri"], version, line["try"])
        table.add_row(*map(plain, (*words, line["outcome"], line["error"])))
    console.print(table if lines else "no calls yet")


def replay(
    name: NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    match: Annotated[str, typer.Option("--match", help="Only uris with this text in them.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send again what is dead, unknown or delivered, under the same ids; all, or what matches.

    Example: wiredesk destinations replay partner --match urn:news:1234
    """
    asyncio.run(_replay(state, config, name, match, yes=yes))


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
    settings = check(plug, destination.settings)
    async with public_client(post.settings.section("http", HttpSettings)) as http:
        channel: Channel = plug.open_channel(settings, http)
        yield channel


async def _test(state: StateOption, config: ConfigOption, name: str) -> Tested:
    async with open_post(state, config) as post:
        destination = await find(post, name)
        async with _opened(post, destination) as channel:
            if not isinstance(channel, Testable):
                raise typer.BadParameter(f"channel {destination.channel} has no test")
            return await _tested(channel, channel)


async def _tested(channel: Channel, testable: Testable) -> Tested:
    began = monotonic()
    try:
        answer: httpx.Response | Exception = await testable.test()
    except (httpx.HTTPError, OSError) as error:
        answer = error
    ms = round((monotonic() - began) * 1000)
    outcome = channel.classify(answer, "put")
    status = answer.status_code if isinstance(answer, httpx.Response) else None
    return Tested(status, ms, outcome.verdict, outcome.error)


async def _attempts(state: StateOption, config: ConfigOption, name: str) -> list[dict[str, str]]:
    async with open_post(state, config) as post:
        await find(post, name)
        return [dict(line) for line in await post.ledger.attempts(name, SHOWN)]


async def _replay(
    state: StateOption, config: ConfigOption, name: str, match: str, *, yes: bool
) -> None:
    async with open_post(state, config) as post:
        destination = await find(post, name)
        rows = await _replayable(post, destination, match)
        if not rows:
            console.print("nothing matches")
            return
        if not yes:
            counts = Counter(row.state for row, _ in rows).items()
            what = ", ".join(f"{count} {condition}" for condition, count in counts)
            typer.confirm(f"send again to {name}: {what}?", abort=True)
        done = await post.ledger.replace([Change(again) for _, again in rows])
    console.print(f"replay: {sum(done)} of {len(rows)}")


async def _replayable(post: Post, destination: Destination, match: str) -> list[tuple[Row, Row]]:
    """What can be sent again: each row as it is, and as it is to become."""
    async with _opened(post, destination) as channel:
        repeatable = channel.caps.idempotency != "none"
    now = time_ns() // 1_000_000
    rows = [row for row in await post.ledger.of_destination(destination.name) if match in row.uri]
    pairs = [
        (row, sent_again(row, now, repeatable=repeatable)) for row in rows if row.state in REPLAYED
    ]
    return [(row, again) for row, again in pairs if again is not None]
