"""Plugs: formats, sources, steps and channels are found by folder.

Adding one is adding one file; its name is the plug's name in configuration, logs and metrics.
"""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def find_plugs(package: ModuleType) -> dict[str, ModuleType]:
    """Import every module of a package's folder. Returns them by name, in alphabetical order."""
    names = sorted(info.name for info in iter_modules(package.__path__))
    return {name: import_module(f"{package.__name__}.{name}") for name in names}
