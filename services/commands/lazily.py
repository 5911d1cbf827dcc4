"""Commands that are imported when they are called.

So `wiredesk send` does not wait for the dictionaries of enrich.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup

Command = Any
"""Typer has a click of its own, whose types are not public."""


class Commands(Mapping[str, Command]):
    """Commands by name. `places` says where each is: `module:function`, or `module:app`."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        place = self._places[name]
        if name not in self._made:
            self._made[name] = _made(name, place)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def lazily(places: Mapping[str, str], **settings: Any) -> typer.Typer:  # noqa: ANN401  # Typer's own
    """An app of these commands; `settings` are those of `typer.Typer`."""

    class Group(TyperGroup):
        def __init__(self, **words: Any) -> None:  # noqa: ANN401  # Typer's own
            super().__init__(**words)
            self.commands = cast("MutableMapping[str, Command]", Commands(places))

    app = typer.Typer(cls=Group, **settings)
    app.callback()(_nothing)  # without one Typer would take an app without commands for a mistake
    return app


def _made(name: str, place: str) -> Command:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)
    home = typer.Typer(add_completion=False, rich_markup_mode=None)
    home.callback()(_nothing)
    if isinstance(found, typer.Typer):
        home.add_typer(found, name=name)
    else:
        home.command(name)(found)
    return typer.main.get_group(home).commands[name]


def _nothing() -> None:
    pass
