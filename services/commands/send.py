"""`wiredesk send`: in by hand, through the same door as machines."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

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
    if as_json:
        console.print_json(data=[asdict(outcome) for outcome in sent])
    else:
        print_sent(sent)
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


async def _send_one(client: httpx.AsyncClient, file: Path, query: dict[str, str]) -> list[Sent]:
    body = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
    media_type = MEDIA_TYPES.get(file.suffix.lower(), "application/octet-stream")
    try:
        answer = await client.post(
            "/v1/articles", content=body, params=query, headers={"Content-Type": media_type}
        )
    except httpx.TransportError as error:
        return [unreachable(file.name, client, error)]
    return outcomes(file.name, answer)


def unreachable(name: str, client: httpx.AsyncClient, error: httpx.TransportError) -> Sent:
    """What is told when ingest does not answer."""
    reason = f"ingest does not answer at {client.base_url}: {str(error) or type(error).__name__}"
    return Sent(name, "unreachable", detail=reason)


def _read(file: Path) -> bytes:
    return file.read_bytes()


def outcomes(name: str, answer: httpx.Response) -> list[Sent]:
    """What ingest's answer says of each article."""
    refused = f"refused ({answer.status_code})"
    if "json" not in answer.headers.get("content-type", ""):
        return [Sent(name, refused, detail=f"this is not ingest: {answer.text[:80]}")]
    told: dict[str, Any] = answer.json()
    if answer.is_success:
        rows: Sequence[dict[str, Any]] = told.get("outcomes", [told])
        return [Sent(name, row["outcome"], row["uri"], row["version"]) for row in rows]
    faults = [f"{fault['field']}: {fault['reason']}" for fault in told.get("errors", [])]
    return [Sent(name, refused, detail="\n".join(faults) or told["detail"])]


def print_sent(sent: Sequence[Sent]) -> None:
    """What became of everything that was sent, as a table."""
    table = Table("file", "outcome", "uri", "version", "remark", header_style="bold")
    table.columns[2].overflow = "fold"  # people copy it
    for row in sent:
        outcome = plain(row.outcome, STYLES.get(row.outcome, "red"))
        version = "" if row.version is None else str(row.version)
        table.add_row(plain(row.file), outcome, plain(row.uri), version, plain(row.detail))
    console.print(table)
