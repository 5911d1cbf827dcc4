"""A destination as a person describes it in words: which channel, its settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import typer

from services.publish import channels
from services.publish.delivery.enrol import is_list
from shared.errors import Invalid, Misconfigured
from shared.plugs import find_plugs

LIMITS = frozenset(
    {
        "concurrency",
        "max_per_hour",
        "pace_seconds",
        "max_age_hours",
        "give_up_hours",
        "on_unknown",
    }
)
"""What a destination may and may not, by the names of its fields."""


def channel_named(name: str) -> ModuleType:
    """The plug of a channel. Raises BadParameter with those there are."""
    plugs = find_plugs(channels)
    if name not in plugs:
        raise typer.BadParameter(f"no channel {name}; there are {', '.join(plugs)}")
    return plugs[name]


def read_settings(plug: ModuleType, words: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` words as the channel's settings, not checked. Commas part the items of a list."""
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise typer.BadParameter("write --set KEY=VALUE, e.g. --set url=https://…")
        found[key] = value.split(",") if is_list(plug, key) else value
    return found


@contextmanager
def as_usage_errors() -> Iterator[None]:
    """What cannot be taken is a usage error: it names every field, and repeats no secret."""
    try:
        yield
    except (Invalid, Misconfigured) as error:
        raise typer.BadParameter(str(error)) from None
