"""RULE: which changes come next for a reader, over all partitions?

The one with the lowest number. Each moves the reader's cursor in its own partition only, so what
another partition tells meanwhile, under whatever number, is never skipped.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.publish.changes.change import Change, from_json
from services.publish.changes.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Told:
    """One change as it was read, and how far its reader has come with it."""

    change: Change
    number: int
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes in order. `next` is the cursor after them: it moves only past what was read."""

    changes: tuple[Told, ...]
    next: Cursor


def page_of(at: Cursor, parts: Sequence[Sequence[tuple[int, bytes]]], limit: int) -> Page:
    """The first changes after `at`, of what each partition has after it, by number, as kept."""
    changes = tuple(islice(_in_order(at, parts), limit))
    return Page(changes, changes[-1].cursor if changes else at)


def _in_order(at: Cursor, parts: Sequence[Sequence[tuple[int, bytes]]]) -> Iterator[Told]:
    queues = (
        [(number, partition, kept) for number, kept in part] for partition, part in enumerate(parts)
    )
    for number, partition, kept in heapq.merge(*queues):
        at = at.past(partition, number)
        yield Told(from_json(kept), number, at)
