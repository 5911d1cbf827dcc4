"""Pin every dependency anew, with hashes, for all platforms and all Pythons we run on.

requirements.txt       what runs wiredesk, and what installs it from its own folder
requirements-dev.txt   the same versions, and the tools of the groups `test` and `lint`

No address may stand in them: the machine that installs decides where it gets its packages.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
OLDEST_PYTHON = "3.11"
BUILD_TOOLS = "hatchling\neditables\n"
"""`pip install --no-build-isolation -e .` wants these to be there already."""

COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--upgrade", "--universal"),
    *("--python-version", OLDEST_PYTHON, "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--no-annotate"),
)


def lock(folder: Path) -> None:
    """Write both files into the folder that holds pyproject.toml.

    Raises CalledProcessError when there is no solution, ValueError when an address got in.
    """
    _compile(folder, RUNTIME, "pyproject.toml", "-", stdin=BUILD_TOOLS)
    _compile(folder, DEVELOPMENT, RUNTIME, "--group", "test", "--group", "lint")
    for name in (RUNTIME, DEVELOPMENT):
        if addresses := addresses_in((folder / name).read_text(encoding="utf-8")):
            raise ValueError(f"{name} holds an address: {addresses[0]}")


def addresses_in(text: str) -> list[str]:
    """The lines that say where a package comes from, instead of which one it is."""
    marks = ("://", " @ ", "--index", "--extra-index", "--find-links")
    return [line for line in text.splitlines() if any(mark in line for mark in marks)]


def _compile(folder: Path, target: str, *sources: str, stdin: str = "") -> None:
    command = [sys.executable, "-m", *COMPILE, "--output-file", target, *sources]
    subprocess.run(command, cwd=folder, input=stdin, text=True, check=True)


if __name__ == "__main__":
    lock(ROOT)
