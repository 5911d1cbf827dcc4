"""RULE: which file stands behind a site path, and which paths are none of ours?

    /                        index.html
    /section/生活/            section/生活/index.html
    /section/生活/feed.xml    section/生活/feed.xml
    /news/20261123/k3f9…     news/20261123/k3f9….html, unless .410.html or .404.html stands there

A component is letters, digits and hyphens of any script: no dot, so no `..`, no hidden file and no
file name inside a folder's name; no separator, no NUL, no control character.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from services.publish.lists import MAX_SLUG_BYTES

Status = Literal[200, 404, 410]

COMPONENT = re.compile(r"[^\W_](?:[^\W_]|-)*")
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}\.[a-z0-9]{1,8}")
INDEX = "index.html"
ENDINGS: dict[Status, str] = {410: ".410.html", 404: ".404.html", 200: ".html"}
"""What an article's file ends in, by the status it is answered with; the first one found wins."""
WITHDRAWN: tuple[Status, ...] = (410, 404)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder under the root, and a file name in it."""

    folder: tuple[str, ...]
    name: str


def file_at(path: str) -> Place | None:
    """The place of a list page (`/tag/ai/`) or a named file (`/tag/ai/feed.xml`), or None."""
    *folder, name = _parts(path)
    if not _are_components(folder):
        return None
    name = name or INDEX
    return Place(tuple(folder), name) if FILE_NAME.fullmatch(name) else None


def page_at(path: str, ending: str) -> Place | None:
    """The place of an article's page with that ending, or None when no article can be there."""
    *folder, name = _parts(path)
    if not _are_components([*folder, name]):
        return None
    return Place(tuple(folder), name + ending)


def pages_at(path: str) -> Iterator[tuple[Status, Place]]:
    """Where a reader looks for an article's page, in this order; the first that is there answers.

    The endings of a withdrawn page come twice: a withdrawal in between puts the notice where the
    reader has been already, and takes the page away where the reader comes next.
    """
    for status in (*ENDINGS, *WITHDRAWN):
        if place := page_at(path, ENDINGS[status]):
            yield status, place


def _parts(path: str) -> list[str]:
    """What stands between the slashes. Without the first slash it is no path: `.` is no name."""
    return path[1:].split("/") if path.startswith("/") else ["."]


def _are_components(parts: list[str]) -> bool:
    return all(COMPONENT.fullmatch(part) and len(part.encode()) <= MAX_SLUG_BYTES for part in parts)
