"""Destinations of the settings file: the tables `[destinations.NAME]`.

They are read when publish starts, and stand in the store beside those that were added at run time.
Every setting of a channel may instead come from a file: `secrets_file = "/run/secrets/partner"`.

    in the file                 in the store afterwards
    new                         added
    changed, or added by hand   as the file says; paused stays paused
    gone                        retired: no more news, and kills still reach it, because somebody
                                who tidies a file has not decided that a killed story may stand
                                there. `destinations remove` forgets it for good.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog

from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.enrol import SETTINGS, Plugs, enrolled, is_list
from shared.errors import Invalid, Misconfigured
from shared.logs import Happened
from shared.settings import Settings, read_secret

SECTION, FILE = "destinations", "_file"
BY = "settings"
log = structlog.get_logger()


def configured(settings: Settings, plugs: Plugs, now: datetime) -> dict[str, Destination]:
    """All that the file says, by name. Raises Misconfigured with every fault of a table."""
    tables = settings.values.get(SECTION, {})
    return {name: _read(settings, plugs, name, table, now) for name, table in tables.items()}


def _read(settings: Settings, plugs: Plugs, name: str, table: object, now: datetime) -> Destination:
    origin = settings.origins[SECTION, name]
    place = f"{origin}: [{SECTION}.{name}]"
    if not isinstance(table, dict):
        raise Misconfigured(f"{place}: must be a table")
    own = {"name": name, "created": now, "configured": True}
    if wrong := table.keys() & {*own, "state", "reason", "until", "owner"}:
        raise Misconfigured(f"{place} {', '.join(sorted(wrong))}: not to be written here")
    plug, written = plugs.get(str(table.get("channel"))), table.get(SETTINGS, {})
    if plug is not None and isinstance(written, dict):
        written = _with_files(plug, written, place, Path(origin).parent)
    try:
        return enrolled(plugs, {**table, **own, SETTINGS: written})
    except Invalid as error:
        told = [f"{place} {fault.field}: {fault.reason}" for fault in error.fields]
        raise Misconfigured("\n".join(told)) from None


def _with_files(
    plug: ModuleType, written: Mapping[str, Any], place: str, folder: Path
) -> dict[str, Any]:
    """The settings, with what stands in files; a list has one item a line."""
    found = dict(written)
    for key in [key for key in written if key.endswith(FILE)]:
        name = key.removesuffix(FILE)
        if name in written:
            raise Misconfigured(f"{place} {SETTINGS}.{key}: {name} is written here as well")
        text = read_secret(f"{place} {SETTINGS}.{key}", str(folder / str(found.pop(key))))
        found[name] = text.split() if is_list(plug, name) else text
    return found


async def settle(destinations: Destinations, wanted: Mapping[str, Destination]) -> None:
    """Let the store be as the file says. Safe to repeat, by several processes at once."""
    known = await destinations.all()
    for name, one in wanted.items():
        if await destinations.configure(name, partial(_taken_over, one)):
            changed = name in known
            happened = Happened.DESTINATION_CHANGED if changed else Happened.DESTINATION_ADDED
            log.info(happened, destination=name, by=BY)
    for name in [name for name, one in known.items() if one.configured and name not in wanted]:
        if await destinations.retire(name):
            log.warning(Happened.DESTINATION_RETIRED, destination=name, by=BY)


def _taken_over(new: Destination, old: Destination | None) -> Destination:
    """What the file says, with what happened to it at run time."""
    if old is None:
        return new
    kept: dict[str, object] = {"created": old.created}
    if old.state in ("paused", "disabled"):
        kept |= {"state": old.state, "reason": old.reason, "until": old.until}
    return new.model_copy(update=kept)
