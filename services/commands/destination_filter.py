"""`wiredesk destinations filter`: what a filter would have let through, and to set it."""

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pydantic import BaseModel, ConfigDict
from rich.table import Table

from services.commands.deliveries import Post, open_post
from services.commands.destination_calls import find
from services.commands.destination_settings import as_usage_errors
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.publish.delivery.filter import Filter
from services.publish.delivery.rehearsal import Rehearsal, rehearse
from services.publish.desk import Desk
from services.publish.recent import recent

DAYS = 7


class Printed(BaseModel):
    """Where the newspaper is printed: of the settings `[site]` what is needed here."""

    model_config = ConfigDict(frozen=True)

    timezone: str


def try_filter(
    name: Annotated[
        str | None, typer.Argument(help="Whose filter; not needed with --filter.")
    ] = None,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    expression: Annotated[
        str | None, typer.Option("--filter", help="A filter to try, or to set.", metavar="EXPR")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what it would have matched.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look back.")] = DAYS,
    as_json: JsonOption = False,
) -> None:
    """Show what a filter would have matched in the last week; with a name and --filter, set it.

    It is tried on the articles that are live now. --dry-run changes nothing.

    Example: wiredesk destinations filter partner --filter "section:運動 urgency:<=3" --dry-run
    """
    if name is None and expression is None:
        raise typer.BadParameter("name a destination, or write --filter EXPR")
    sets = None if dry_run or expression is None else name
    told = asyncio.run(_run(state, config, name, expression, sets, days))
    if as_json:
        console.print_json(data=told)
        return
    _print(told, days)


async def _run(
    state: StateOption,
    config: ConfigOption,
    name: str | None,
    expression: str | None,
    sets: str | None,
    days: int,
) -> dict[str, Any]:
    """Look, and set the filter of the destination `sets`, if any."""
    async with open_post(state, config) as post:
        destination = await find(post, name) if name is not None else None
        with as_usage_errors():
            wishes = Filter.parse(expression) if expression is not None else None
        if wishes is None:
            wishes = destination.filter if destination else Filter()
        found = await _rehearsed(post, wishes, timedelta(days=days))
        if sets is not None:
            chosen = wishes
            await post.destinations.change(
                sets, lambda one: one.model_copy(update={"filter": chosen})
            )
    return {"filter": str(wishes), "changed": sets, **_as_json(found)}


async def _rehearsed(post: Post, wishes: Filter, back: timedelta) -> Rehearsal:
    zone = ZoneInfo(post.settings.section("site", Printed).timezone)
    desk = Desk(post.redis, post.keys, zone)
    since = datetime.now(UTC) - back
    found = rehearse(wishes, [live async for live in recent(post.redis, post.keys, desk, since)])
    local = [replace(one, published=one.published.astimezone(zone)) for one in found.latest]
    return replace(found, latest=tuple(local))


def _as_json(found: Rehearsal) -> dict[str, Any]:
    sections = [
        {"section": name, "matched": matched, "of": of} for name, matched, of in found.sections
    ]
    latest = [{**asdict(one), "published": one.published.isoformat()} for one in found.latest]
    return {**asdict(found), "sections": sections, "latest": latest}


def _print(told: dict[str, Any], days: int) -> None:
    matched, of = told["matched"], told["looked_at"]
    share = f", {matched / of:.0%}" if of else ""
    console.print(plain(told["filter"] or "everything", "bold"))
    console.print(
        plain(
            f"{matched} of {of} articles of the last {days} days{share}; "
            f"at most {told['busiest_hour']} in one hour"
        )
    )
    if of:
        sections = Table("section", "matched", "of")
        for row in told["sections"]:
            style = "" if row["matched"] else "dim"
            cells = (row["section"] or "none", row["matched"], row["of"])
            sections.add_row(*(plain(cell, style) for cell in cells))
        console.print(sections)
    if told["latest"]:
        console.print(_latest(told["latest"]))
    if told["changed"]:
        console.print(plain(f"changed: {told['changed']}"))


def _latest(rows: list[dict[str, Any]]) -> Table:
    table = Table("published", "section", "headline", "uri")
    table.columns[3].overflow = "fold"  # people copy it
    for row in rows:
        published = f"{datetime.fromisoformat(row['published']):%m-%d %H:%M}"
        table.add_row(published, *(plain(row[name]) for name in ("section", "headline", "uri")))
    return table
