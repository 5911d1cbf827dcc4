"""`wiredesk trace`: where is this article now, and how did it get there?"""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer
from redis.asyncio import Redis
from rich.table import Table

from services.commands.deliveries import table_of
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain, stand_of
from services.ingest.ledger import Ledger
from services.instance import Instance
from shared.deliveries import deliveries_of
from shared.hop import StreamSettings
from shared.redis import connect
from shared.streams import Keys

KNOWN = {"step", "version", "trace"}


def trace(
    uri: Annotated[str, typer.Argument(help="The article's uri.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every step of an article through all services, and what each destination has of it.

    Example: wiredesk trace urn:news:1234
    """
    instance = Instance.find(state, config)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    found = asyncio.run(_look(instance.redis_url, keys, uri))
    if found is None:
        console.print(plain(f"{uri} was never accepted here", "red"))
        raise typer.Exit(1)
    if as_json:
        console.print_json(data=found)
    else:
        _print(found)


async def _look(redis_url: str, keys: Keys, uri: str) -> dict[str, Any] | None:
    async with connect(redis_url) as redis:
        ledger = Ledger(redis, keys)
        row = await ledger.read(uri)
        if row is None:
            return None
        rewrites = await ledger.rewrites(uri)
        steps = await _steps(redis, keys.of(uri, "timeline"))
        deliveries = await deliveries_of(redis, keys, uri)
    others = [{"uri": other, **one.told()} for other, one in rewrites.items()]
    known: dict[str, Any] = {"uri": uri, **row.told(), "rewritten_as": others}
    return known | {"steps": steps, "deliveries": deliveries}


async def _steps(redis: Redis, key: str) -> list[dict[str, Any]]:
    entries: Any = await redis.xrange(key)
    return [
        {"at_ms": int(entry_id.split(b"-")[0])}
        | {name.decode(): value.decode() for name, value in fields.items()}
        for entry_id, fields in entries
    ]


def _print(found: dict[str, Any]) -> None:
    table = Table("time", "after", "step", "version", "details", header_style="bold")
    before = None
    for step in found["steps"]:
        at = datetime.fromtimestamp(step["at_ms"] / 1000).astimezone()
        after = "" if before is None else f"+{step['at_ms'] - before} ms"
        details = {name: step[name] for name in step if name not in KNOWN | {"at_ms"}}
        if details.get("pubstatus") == "usable":
            del details["pubstatus"]
        words = "  ".join(f"{name}={value}" for name, value in details.items())
        time = f"{at:%H:%M:%S.%f}"[:-3]
        table.add_row(time, after, step["step"], step["version"], plain(words))
        before = step["at_ms"]
    console.print(plain(f"{found['uri']}  {stand_of(found)}", "bold"))
    if "evolved_from" in found:
        console.print(plain(f"evolved from {found['evolved_from']}"))
    for other in found["rewritten_as"]:
        console.print(plain(f"rewritten as {other['uri']}  {stand_of(other)}"))
    console.print(table)
    if found["deliveries"]:
        console.print(table_of(found["deliveries"]))
