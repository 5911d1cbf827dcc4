"""A destination as a person describes it in words: which channel, its settings, its filter."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, get_origin

import typer
from pydantic import ValidationError

from services.publish import channels
from services.publish.delivery.filter import Filter
from services.publish.delivery.signature import new_secret
from shared.errors import Misconfigured
from shared.plugs import find_plugs

WEBHOOK = "webhook"


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
        found[key] = value.split(",") if _is_list(plug, key) else value
    return found


def with_secret(channel: str, settings: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The settings with a secret in them, and the secret when it was made here, else ""."""
    if channel != WEBHOOK or "secrets" in settings:
        return dict(settings), ""
    secret = new_secret()
    return {**settings, "secrets": [secret]}, secret


def check(plug: ModuleType, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401  # the plug's own
    """The settings as the channel takes them. Raises BadParameter naming every bad field."""
    try:
        return plug.Settings.model_validate(settings)
    except ValidationError as error:
        raise typer.BadParameter(faults(error)) from None


def read_filter(expression: str) -> Filter:
    """The filter. Raises BadParameter saying what cannot be read."""
    try:
        return Filter.parse(expression)
    except Misconfigured as error:
        raise typer.BadParameter(str(error)) from None


def faults(error: ValidationError) -> str:
    """What is wrong, field by field. What was written is not repeated: it may be a secret."""
    told = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in told)


def _is_list(plug: ModuleType, key: str) -> bool:
    field = plug.Settings.model_fields.get(key)
    return field is not None and get_origin(field.annotation) in (tuple, list)
