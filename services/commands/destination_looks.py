"""`wiredesk destinations list` and `show`: how they are."""

import asyncio
from time import time_ns
from typing import Any

from rich.table import Table
from rich.text import Text

from services.commands.deliveries import Post, instant, open_post
from services.commands.destination_calls import NameArgument, find, told
from services.commands.destination_settings import LIMITS
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish import channels
from services.publish.delivery.call_log import CallLog
from services.publish.delivery.destinations import Destination
from services.publish.delivery.enrol import shown
from services.publish.delivery.survey import Standing
from shared.plugs import find_plugs

STYLES = {"well": "green", "failing": "yellow", "resting": "yellow", "retired": "dim"}
BAD = "red"


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
    table = Table("name", "channel", "is", "filter", "waiting", "last call")
    table.columns[0].overflow = "fold"  # people copy it
    for row in rows:
        table.add_row(
            plain(row["name"]),
            plain(row["channel"]),
            _condition(row),
            plain(row["filter"] or "everything"),
            plain(_waiting(row)),
            plain(_last(row)),
        )
    console.print(table if rows else "no destinations yet: wiredesk destinations add NAME")


def show(
    name: NameArgument,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one destination: how it is, what it wants, its settings without secrets, its brakes.

    Example: wiredesk destinations show partner
    """
    row = asyncio.run(_one(state, config, name))
    if as_json:
        console.print_json(data=row)
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    for label, value in _facts(row):
        table.add_row(label, value if isinstance(value, Text) else plain(value))
    console.print(table)


async def _all(state: StateOption, config: ConfigOption) -> list[dict[str, Any]]:
    async with open_post(state, config) as post:
        return await _told(post, list((await post.destinations.all()).values()))


async def _one(state: StateOption, config: ConfigOption, name: str) -> dict[str, Any]:
    async with open_post(state, config) as post:
        [row] = await _told(post, [await find(post, name)])
        return row


async def _told(post: Post, some: list[Destination]) -> list[dict[str, Any]]:
    log = CallLog(post.redis, post.keys)
    lasts = [(await log.page(one.name, 1)).calls for one in some]
    return [
        _row(standing) | {"last": told(last[0]) if last else None}
        for standing, last in zip(await post.survey.of(some), lasts, strict=True)
    ]


def _row(standing: Standing) -> dict[str, Any]:
    """All there is to say of it, its secrets apart."""
    one, health = standing.destination, standing.health
    plug = find_plugs(channels).get(one.channel)
    told = one.model_dump(
        mode="json", include={"name", "channel", "state", "reason", "until", *LIMITS}
    )
    return told | {
        "condition": standing.condition,
        "filter": str(one.filter),
        "settings": shown(plug, one.settings) if plug else {},
        "owner": one.owner,
        "configured": one.configured,
        "waiting": standing.waiting,
        "in_line": standing.in_line,
        "next_turn_ms": standing.next_turn,
        "failures": health.failures,
        "failing_since_ms": health.failing_since,
        "error": health.error,
    }


def _condition(row: dict[str, Any]) -> Text:
    """One word in its colour, and why."""
    text = Text(row["condition"], style=STYLES.get(row["condition"], BAD))
    if since := instant(row["failing_since_ms"]):
        text.append(f" since {since}", style="default")
    if why := row["reason"] or row["error"]:
        text.append(f"\n{why}", style="default")
    return text


def _waiting(row: dict[str, Any]) -> str:
    if not row["in_line"]:
        return str(row["waiting"] or "")
    late = row["next_turn_ms"] > time_ns() // 1_000_000
    next_turn = f"\nnext {instant(row['next_turn_ms'])}" if late else ""
    return f"{row['waiting']}, {row['in_line']} in line{next_turn}"


def _last(row: dict[str, Any]) -> str:
    last = row["last"]
    return f"{last['outcome']} {instant(last['at_ms'])}" if last else ""


def _facts(row: dict[str, Any]) -> list[tuple[str, str | Text]]:
    origin = "the settings file" if row["configured"] else "added at run time"
    owner = f", by the key {row['owner']}" if row["owner"] else ""
    hours = row["give_up_hours"]
    return [
        ("name", row["name"]),
        ("channel", row["channel"]),
        *(
            (f"  {name}", str(value))
            for name, value in row["settings"].items()
            if value is not None
        ),
        ("from", origin + owner),
        ("is", _condition(row)),
        ("filter", row["filter"] or "everything"),
        ("waiting", _waiting(row) or "nothing"),
        ("calls at once", str(row["concurrency"])),
        ("first posts an hour", str(row["max_per_hour"] or "any number")),
        ("between first posts", f"{row['pace_seconds']:g} s"),
        ("oldest article", f"{row['max_age_hours']:g} h" if row["max_age_hours"] else "any age"),
        ("old news after", "never" if hours is None else f"{hours:g} h of waiting"),
        ("if nobody knows", row["on_unknown"]),
        ("last call", _last(row) or "none"),
    ]
