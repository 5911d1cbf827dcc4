"""`wiredesk send` and `wiredesk withdraw`: in by hand, through the same door as machines."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.progress import track
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.instance import Instance
from shared.http import own_client

STYLES = {"accepted": "green", "held": "yellow", "duplicate": "dim", "stale": "dim"}
MEDIA_TYPES = {".json": "application/json", ".txt": "text/plain", ".ndjson": "application/json"}
FEW = 3


@dataclass(frozen=True)
class Sent:
    """What became of one file, or of one article in it."""

    file: str
    outcome: str
    uri: str = ""
    version: int | None = None
    detail: str = ""

    @property
    def is_taken(self) -> bool:
        return self.outcome in ("accepted", "held", "duplicate", "stale")


def send(
    files: Annotated[list[Path], typer.Argument(help="Files to send; - is standard input.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    format_: Annotated[str, typer.Option("--format", help="Format, when it is not obvious.")] = "",
    uri: Annotated[str, typer.Option(help="The article's uri, for formats without one.")] = "",
    version: Annotated[int | None, typer.Option(help="The version, likewise.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Send articles to ingest, through the same formats as over HTTP.

    Example: wiredesk send story.json page.txt
    """
    _refuse_unreadable(files)
    instance = Instance.find(state, config)
    query = {"format": format_, "uri": uri, "version": str(version or "")}
    query = {name: value for name, value in query.items() if value}
    sent = asyncio.run(_send_all(instance, files, query, quiet=as_json))
    _print(sent, as_json=as_json)
    if not all(outcome.is_taken for outcome in sent):
        raise typer.Exit(1)


def withdraw(
    uri: Annotated[str, typer.Argument(help="The article to take away, for good.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the log, not shown to readers.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Kill a story: off the website, the feeds and every list.

    Example: wiredesk withdraw urn:news:1234 --reason "source withdrew"
    """
    sent = asyncio.run(_kill(Instance.find(state, config), uri, reason))
    _print(sent, as_json=as_json)
    if not all(outcome.is_taken for outcome in sent):
        raise typer.Exit(1)


def _refuse_unreadable(files: Sequence[Path]) -> None:
    """Before anything is sent: nobody wants to find out which half of a list has gone."""
    for file in files:
        if str(file) != "-" and not (file.is_file() and os.access(file, os.R_OK)):
            raise typer.BadParameter(f"{file} is no file that can be read")


async def _send_all(
    instance: Instance, files: Sequence[Path], query: dict[str, str], *, quiet: bool
) -> list[Sent]:
    """One after the other: a file may hold a later version of what an earlier one holds."""
    shown = track(files, "sending", console=console, disable=len(files) < FEW or quiet)
    async with own_client(instance.ingest, instance.key) as client:
        return [sent for file in shown for sent in await _send_one(client, file, query)]


async def _kill(instance: Instance, uri: str, reason: str) -> list[Sent]:
    path = f"/v1/articles/{quote(uri, safe='')}"
    async with own_client(instance.ingest, instance.key) as client:
        try:
            answer = await client.delete(path, params={"reason": reason})
        except httpx.TransportError as error:
            return [_unreachable(uri, client, error)]
    return _outcomes(uri, answer)


async def _send_one(client: httpx.AsyncClient, file: Path, query: dict[str, str]) -> list[Sent]:
    body = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
    media_type = MEDIA_TYPES.get(file.suffix.lower(), "application/octet-stream")
    try:
        answer = await client.post(
            "/v1/articles", content=body, params=query, headers={"Content-Type": media_type}
        )
    except httpx.TransportError as error:
        return [_unreachable(file.name, client, error)]
    return _outcomes(file.name, answer)


def _unreachable(name: str, client: httpx.AsyncClient, error: httpx.TransportError) -> Sent:
    reason = f"ingest does not answer at {client.base_url}: {str(error) or type(error).__name__}"
    return Sent(name, "unreachable", detail=reason)


def _read(file: Path) -> bytes:
    return file.read_bytes()


def _outcomes(name: str, answer: httpx.Response) -> list[Sent]:
    refused = f"refused ({answer.status_code})"
    if "json" not in answer.headers.get("content-type", ""):
        return [Sent(name, refused, detail=f"this is not ingest: {answer.text[:80]}")]
    told: dict[str, Any] = answer.json()
    if answer.is_success:
        rows: Sequence[dict[str, Any]] = told.get("outcomes", [told])
        return [Sent(name, row["outcome"], row["uri"], row["version"]) for row in rows]
    faults = [f"{fault['field']}: {fault['reason']}" for fault in told.get("errors", [])]
    return [Sent(name, refused, detail="\n".join(faults) or told["detail"])]


def _print(sent: Sequence[Sent], *, as_json: bool) -> None:
    if as_json:
        console.print_json(data=[outcome.__dict__ for outcome in sent])
        return
    table = Table("file", "outcome", "uri", "version", "remark", header_style="bold")
    table.columns[2].overflow = "fold"  # people copy it
    for row in sent:
        outcome = plain(row.outcome, STYLES.get(row.outcome, "red"))
        version = "" if row.version is None else str(row.version)
        table.add_row(plain(row.file), outcome, plain(row.uri), version, plain(row.detail))
    console.print(table)
