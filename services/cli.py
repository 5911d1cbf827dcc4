"""The one command, `wiredesk`. Exit codes: 0 well, 1 failed, 2 usage."""

import sys
from typing import NoReturn

import typer
from redis.exceptions import RedisError
from rich.console import Console

from services.commands import (
    dead,
    demo,
    destinations,
    doctor,
    explain,
    keys,
    replay,
    sandbox,
    send,
    status,
    trace,
    up,
    withdraw,
    withdrawals,
)
from services.commands.terminal import plain
from shared.errors import WiredeskError
from shared.redis import is_outage

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="News syndication: one article event in; every page and feed right, corrected, or gone."
    "\n\nExample: wiredesk demo",
)
RUN, ASK, MEND = "Run", "Ask", "Mend"

app.command(rich_help_panel=RUN)(up.up)
app.command(rich_help_panel=RUN)(demo.demo)
for _name in up.SERVICES:
    app.command(_name, rich_help_panel=RUN)(up.one_service(_name))
app.command(rich_help_panel=RUN)(sandbox.sandbox)
app.command(rich_help_panel=RUN)(send.send)
app.command(rich_help_panel=RUN)(withdraw.withdraw)
app.command(rich_help_panel=ASK)(trace.trace)
app.command(rich_help_panel=ASK)(explain.explain)
app.command(rich_help_panel=ASK)(status.status)
app.command(rich_help_panel=ASK)(withdrawals.withdrawals)
app.command(rich_help_panel=ASK)(doctor.doctor)
app.command(rich_help_panel=MEND)(replay.replay)
app.command(rich_help_panel=MEND)(withdrawals.acknowledge)
app.add_typer(dead.app, name="dead", rich_help_panel=MEND)
app.add_typer(keys.app, name="keys", rich_help_panel=MEND)
app.add_typer(destinations.app, name="destinations", rich_help_panel=MEND)


def main() -> None:
    """Run the command line; an error made on purpose is told without a traceback."""
    try:
        app()
    except WiredeskError as error:
        _fail(str(error))
    except RedisError as error:
        if not is_outage(error):
            raise
        _fail(f"Redis does not answer: {error}. Does `wiredesk up` run?")


def _fail(reason: str) -> NoReturn:
    Console(stderr=True, emoji=False).print(plain(reason, "red"), soft_wrap=True)
    sys.exit(1)
