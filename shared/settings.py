"""Settings: `wiredesk.default.toml` < `wiredesk.toml` < `WIREDESK_SECTION__KEY` environment.

The defaults file is loaded, so it cannot drift from the code; it is also the documentation.
`WIREDESK_SECTION__KEY_FILE` names a file that holds the value: for secrets. Tables of tables
(`[destinations.NAME]`) stand in the file alone, and their owner reads them.
Only this module reads the environment. Every section is handed to its owner as a model.
"""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from shared import logs
from shared.errors import Misconfigured

PREFIX = "WIREDESK_"
DEFAULTS = "wiredesk.default.toml"
TABLES_OF_TABLES = ("destinations",)
Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True)
class Settings:
    """All settings, and for each the place it was written in."""

    values: Mapping[str, Mapping[str, Any]]
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None, environ: Mapping[str, str]) -> Self:
        """Read the three layers. Raises Misconfigured naming file, key and reason."""
        known, defaults = _defaults()
        layers = [defaults]
        if path is not None:
            layers.append(_read_toml(path))
        layers.append(_from_environment(environ, defaults))
        _refuse_unknown_sections(layers, known)
        return cls(*_merge(layers))

    def section(self, name: str, model: type[Section]) -> Section:
        """One section, checked. Its secrets are hidden from all logs from now on."""
        try:
            section = model.model_validate(self.values.get(name, {}))
        except ValidationError as error:
            raise Misconfigured(self._explain(name, error)) from None
        hide_secrets(section)
        return section

    def _explain(self, section: str, error: ValidationError) -> str:
        lines = []
        for fault in error.errors(include_url=False, include_input=False):
            key = str(fault["loc"][0]) if fault["loc"] else ""
            origin = self.origins.get((section, key), "settings")
            lines.append(f"{origin}: [{section}] {key}: {fault['msg']}")
        return "\n".join(lines)


def hide_secrets(model: BaseModel) -> None:
    """Take the secrets of checked settings out of all logs from now on."""
    for value in model.__dict__.values():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, SecretStr):
                logs.hide(one.get_secret_value())


Layer = dict[tuple[str, str], tuple[object, str]]


def _defaults() -> tuple[Collection[str], Layer]:
    """The names of all sections, and what stands in them."""
    tables = tomllib.loads(files("shared").joinpath(DEFAULTS).read_text("utf-8"))
    return tables.keys(), _flatten(tables, DEFAULTS)


def _read_toml(path: Path) -> Layer:
    try:
        return _flatten(tomllib.loads(path.read_text("utf-8")), str(path))
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: not TOML: {error}") from error


def _refuse_unknown_sections(layers: list[Layer], known: Collection[str]) -> None:
    """A section nobody owns would be read by nobody; its owner refuses unknown keys itself."""
    for layer in layers[1:]:
        for (section, _), (_, origin) in layer.items():
            if section not in known:
                raise Misconfigured(f"{origin}: [{section}]: unknown; known are {', '.join(known)}")


def _flatten(tables: Mapping[str, object], origin: str) -> Layer:
    layer: Layer = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise Misconfigured(f"{origin}: {section}: must stand in a [section]")
        layer |= {(section, key): (value, origin) for key, value in table.items()}
    return layer


def _from_environment(environ: Mapping[str, str], defaults: Layer) -> Layer:
    layer: Layer = {}
    for name, text in environ.items():
        section, separator, key = name.removeprefix(PREFIX).lower().partition("__")
        if not name.startswith(PREFIX) or not separator:
            continue
        if section in TABLES_OF_TABLES:
            raise Misconfigured(f"{name}: [{section}] is written in a settings file, not here")
        value = text
        if key.endswith("_file") and (section, key) not in defaults:
            key, value = key.removesuffix("_file"), read_secret(name, text)
        default = defaults.get((section, key), ("", ""))[0]
        layer[section, key] = (_listed(name, value) if isinstance(default, list) else value, name)
    return layer


def read_secret(name: str, path: str) -> str:
    """What stands in a file. Raises Misconfigured naming the setting that names the file."""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{name}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Misconfigured(f"{name}: {path} is not UTF-8 text") from None


def _listed(name: str, text: str) -> object:
    """A list written in the environment: JSON, or words between commas."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise Misconfigured(f"{name}: not a JSON list: {error}") from error
    return [word.strip() for word in text.split(",") if word.strip()]


def _merge(layers: list[Layer]) -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], str]]:
    values: dict[str, dict[str, Any]] = {}
    origins: dict[tuple[str, str], str] = {}
    for layer in layers:
        for (section, key), (value, origin) in layer.items():
            values.setdefault(section, {})[key] = value
            origins[section, key] = origin
    return values, origins
