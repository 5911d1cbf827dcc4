"""A destination as somebody describes it, in the settings file, by command or over HTTP.

It is checked as a whole, with the settings of its channel; whoever asks hears of every fault.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from services.publish.delivery.destinations import Destination
from services.publish.delivery.faults import bad_fields, invalid
from services.publish.delivery.signature import new_secret
from shared.errors import BadField, Invalid

Plugs = Mapping[str, ModuleType]
"""The channels, by name."""
SETTINGS = "settings"
SECRETS = "secrets"
"""The setting of a channel that shares secrets with its receivers."""


def enrolled(plugs: Plugs, fields: Mapping[str, object]) -> Destination:
    """The destination of these fields. Raises Invalid with every bad field."""
    faults: list[BadField] = []
    plug = plugs.get(str(fields.get("channel")))
    fields = {**defaults_of(plug), **fields}
    if plug is None:
        faults.append(BadField("channel", f"there are {', '.join(plugs)}"))
    else:
        faults += _faults_of(plug, fields.get(SETTINGS))
    try:
        destination = Destination.model_validate(fields)
    except ValidationError as error:
        raise invalid([*faults, *_without_doubles(bad_fields(error), faults)]) from None
    if faults:
        raise invalid(faults)
    return destination


def defaults_of(plug: ModuleType | None) -> Mapping[str, object]:
    """What a destination of that channel has where nothing is said; else as `Destination` says."""
    settings = getattr(plug, "Settings", None)
    return getattr(settings, "DEFAULTS", {})


def channel_settings(plug: ModuleType, settings: Mapping[str, Any]) -> BaseModel:
    """The settings as the channel takes them. Raises Invalid."""
    if faults := _faults_of(plug, settings):
        raise invalid(faults)
    checked: BaseModel = plug.Settings.model_validate(settings)
    return checked


def shown(plug: ModuleType, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without secrets, as anybody may see them who may see the destination."""
    try:
        checked = channel_settings(plug, settings)
    except Invalid:
        return {}
    hidden = {name for name, value in checked if _holds_secret(value)}
    return checked.model_dump(mode="json", exclude=hidden)


def shares_secrets(plug: ModuleType) -> bool:
    """Whether its receivers and we share secrets that can be changed."""
    return SECRETS in plug.Settings.model_fields


def with_secret(plug: ModuleType, settings: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The settings with a secret, and the secret if it was made here; else ""."""
    if not shares_secrets(plug) or SECRETS in settings:
        return dict(settings), ""
    secret = new_secret()
    return {**settings, SECRETS: [secret]}, secret


def is_list(plug: ModuleType, name: str) -> bool:
    """Whether a setting of the channel is a list."""
    field = plug.Settings.model_fields.get(name)
    return field is not None and get_origin(field.annotation) in (tuple, list)


def _faults_of(plug: ModuleType, settings: object) -> list[BadField]:
    try:
        plug.Settings.model_validate(settings)
    except ValidationError as error:
        return bad_fields(error, SETTINGS)
    return []


def _without_doubles(found: list[BadField], known: list[BadField]) -> list[BadField]:
    names = {fault.field for fault in known}
    return [fault for fault in found if fault.field not in names]


def _holds_secret(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_secret, value))
    return isinstance(value, SecretStr)
