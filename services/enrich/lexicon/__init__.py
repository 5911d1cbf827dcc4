"""The words enrichment knows beforehand: plain text files, one idea a file.

Each file says in its head what it is, where it comes from and under which licence. Lines that
start with `#` are remarks; everything else is entries between white space. An editor adds a word
by adding it to a file, in Traditional or Simplified writing: readers fold what they load.
"""

from functools import cache
from importlib.resources import files


@cache
def lines(name: str) -> tuple[tuple[str, ...], ...]:
    """The lines of `<name>.txt`, each cut at white space; remarks and empty lines left out."""
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return tuple(tuple(row) for row in rows if row)


@cache
def entries(name: str) -> tuple[str, ...]:
    """All entries of `<name>.txt`, in the order of the file."""
    return tuple(entry for line in lines(name) for entry in line)
