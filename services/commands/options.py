"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

StateOption = Annotated[
    Path,
    typer.Option("--state", help="Folder where `wiredesk up` keeps everything.", metavar="DIR"),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default ./wiredesk.toml.", metavar="FILE"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

DEFAULT_STATE = Path("var")
