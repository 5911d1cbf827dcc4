"""The one command, `wiredesk`. Exit codes: 0 well, 1 failed, 2 usage."""

import sys
from typing import NoReturn

from redis.exceptions import RedisError
from rich.console import Console

from services.commands.lazily import lazily
from services.commands.terminal import plain
from shared.errors import WiredeskError
from shared.redis import is_outage

HOME = "services.commands"
COMMANDS = {
    "up": f"{HOME}.up:up",
    "demo": f"{HOME}.demo:demo",
    "ingest": f"{HOME}.service:ingest",
    "enrich": f"{HOME}.service:enrich",
    "publish": f"{HOME}.service:publish",
    "console": f"{HOME}.service:console",
    "sandbox": f"{HOME}.sandbox:sandbox",
    "send": f"{HOME}.send:send",
    "withdraw": f"{HOME}.withdraw:withdraw",
    "trace": f"{HOME}.trace:trace",
    "explain": f"{HOME}.explain:explain",
    "new-words": f"{HOME}.new_words:propose",
    "preview": f"{HOME}.preview:preview",
    "status": f"{HOME}.status:status",
    "withdrawals": f"{HOME}.withdrawals:withdrawals",
    "doctor": f"{HOME}.doctor:doctor",
    "replay": f"{HOME}.replay:replay",
    "acknowledge": f"{HOME}.withdrawals:acknowledge",
    "dead": f"{HOME}.dead:app",
    "keys": f"{HOME}.keys:app",
    "destinations": f"{HOME}.destinations:app",
}
"""In the order of the help: what runs, what asks, what mends."""
app = lazily(
    COMMANDS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="News syndication: one article event in; every page and feed right, corrected, or gone."
    "\n\nExample: wiredesk demo",
)


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
