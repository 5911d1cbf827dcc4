"""`wiredesk up` for a chaos run: on free ports, and what dies comes back soon, however often.

python -m tests.chaos.up STATE
"""

import asyncio
import sys
from pathlib import Path

from services.commands.service import set_up_logs
from services.commands.up import open_sockets, supervise
from services.instance import State, load_settings
from services.merged_log import MergedLog

SERVICES = ("ingest", "enrich", "publish", "console")
LONGEST_REST = 0.25
"""A real one waits up to 10 s before it starts again what dies again and again."""


def main(state: Path) -> None:
    """Run until SIGTERM."""
    settings = load_settings(None)
    set_up_logs("up", settings)
    place = State(state.resolve())
    with place.claimed():
        place.make_key()
        sockets = open_sockets(settings, dict.fromkeys(SERVICES, 0))
        lines = MergedLog(place.log, show=False)
        supervisor = supervise(place, None, settings, sockets, lines)
        for rest in supervisor.rests:
            rest.longest = LONGEST_REST
        asyncio.run(supervisor.run())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
