"""RULE: which keys must change, and what must be rebuilt, when one row becomes another?

The commands are safe to repeat, and the row is written last: whatever breaks off in between is
done again in full when the event comes again.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.publish.desk_keys import DeskKeys
from services.publish.desk_row import Row, to_hash
from shared.remade import CHANGED, LOST

Command = list[str]

PAGE, LIST = "page:", "list:"
"""A mark is `page:<uri>` or `list:<name of the list>`."""


@dataclass(frozen=True, slots=True)
class Changes:
    """All that follows from one change of a row."""

    marks: tuple[str, ...]
    """What must be rebuilt."""
    linkers: bool
    """Whether the pages that show it as a card must be rebuilt too."""
    stirs: int
    """How much calls for new related links on those pages; 0 = nothing does."""
    urgent: bool
    """Whether it goes before everything that waits to be rebuilt."""
    commands: tuple[Command, ...]

    @property
    def keys(self) -> list[str]:
        """Every key the commands touch, once."""
        return list(dict.fromkeys(command[1] for command in self.commands))

    def as_json(self) -> str:
        """What the script reads."""
        return json.dumps(
            {
                "marks": self.marks,
                "linkers": self.linkers,
                "stirs": self.stirs,
                "urgent": self.urgent,
                "commands": self.commands,
            },
            ensure_ascii=False,
        )


def changes(keys: DeskKeys, old: Row | None, new: Row) -> Changes:
    """What to do so that `new` stands where `old` stood, with the next `rev`."""
    new = replace(new, rev=(old.rev if old else 0) + 1)
    listings = dict.fromkeys((*new.listed, *(old.listed if old else ())))
    if new.state == "gone" or (old and old.state == "gone"):
        listings |= dict.fromkeys(new.stood_in)
    pages = (new.uri, *_originals(old, new))
    aged = bool(old and old.expired != new.expired)
    return Changes(
        marks=(*(PAGE + uri for uri in pages), *(LIST + one.name for one in listings)),
        # Of a story the desk had never heard of, pages may show what the newsroom announced.
        linkers=old is None or _face(old) != _face(new),
        stirs=_stirs(old, new),
        urgent=new.article is None or new.article.is_flash or aged,
        commands=tuple(_commands(keys, old, new)),
    )


def relinking(keys: DeskKeys, old: Row, new: Row) -> Changes:
    """What to do so that other related links stand; only its own page shows them.

    It is marked in any case: a page that is being built tells no change of a row that moved on.
    """
    new = replace(new, rev=old.rev + 1)
    partition, row = keys.keys.partition(new.uri), _flat(to_hash(new).items())
    return Changes(
        marks=(PAGE + new.uri,),
        linkers=False,
        stirs=0,
        urgent=False,
        commands=(*_links(keys, partition, old, new), ["HSET", keys.row(new.uri), *row]),
    )


def links_of(row: Row | None) -> frozenset[str]:
    """The articles whose cards a row's page shows."""
    related = row.article.related if row and row.article else ()
    return frozenset(link.uri for link in related if link.uri)


def _originals(old: Row | None, new: Row) -> list[str]:
    """The articles whose pages lead on to this one: those it evolved from, before and now."""
    if _face(old) == _face(new) and _original(old) == _original(new):
        return []
    return [uri for uri in dict.fromkeys((_original(old), _original(new))) if uri]


def _original(row: Row | None) -> str | None:
    return row.article.evolved_from if row and row.article else None


def _stirs(old: Row | None, new: Row) -> int:
    """Of a story that came, enrich has said so: it knows whom it is like."""
    if old is None or _face(old) is None or _face(old) == _face(new):
        return 0
    return CHANGED if _face(new) else LOST


def _face(row: Row | None) -> tuple[str, str, str] | None:
    """What other pages show of an article."""
    if row is None or row.article is None or row.expired:
        return None
    return row.path, row.article.headline, row.article.description


def _commands(keys: DeskKeys, old: Row | None, new: Row) -> Iterator[Command]:
    partition = keys.keys.partition(new.uri)
    yield from _membership(keys, partition, old, new)
    yield from _tombstones(keys, partition, new)
    yield from _expiry(keys, partition, old, new)
    yield from _links(keys, partition, old, new)
    yield ["HSET", keys.row(new.uri), *_flat(to_hash(new).items())]


def _membership(keys: DeskKeys, partition: int, old: Row | None, new: Row) -> Iterator[Command]:
    # Out of all lists and into the new ones: the script is one instant, nobody sees a gap.
    for listing in old.listed if old else ():
        yield ["ZREM", keys.list(partition, listing), new.uri]
    for listing in new.listed:
        yield ["ZADD", keys.list(partition, listing), _milliseconds(new.published), new.uri]
        yield ["HSET", keys.labels(partition, listing.kind), listing.slug, listing.label]


def _tombstones(keys: DeskKeys, partition: int, new: Row) -> Iterator[Command]:
    for listing in new.stood_in:
        key = keys.killed(partition, listing)
        if new.state == "gone":
            yield ["ZADD", key, _milliseconds(new.since), new.uri]
        elif new.state == "live":
            yield ["ZREM", key, new.uri]


def _expiry(keys: DeskKeys, partition: int, old: Row | None, new: Row) -> Iterator[Command]:
    """Where the watch finds it: among those to expire, among the expired, or in neither."""
    before, after = (row.article.expires if row and row.article else None for row in (old, new))
    for key, here in ((keys.expiring(partition), False), (keys.expired(partition), True)):
        if after and new.expired is here:
            yield ["ZADD", key, _milliseconds(after), new.uri]
        elif before or after:
            yield ["ZREM", key, new.uri]


def _links(keys: DeskKeys, partition: int, old: Row | None, new: Row) -> Iterator[Command]:
    before, after = links_of(old), links_of(new)
    for command, uris in (("SREM", before - after), ("SADD", after)):
        for uri in sorted(uris):
            if keys.keys.partition(uri) == partition:
                yield [command, keys.linked_by(uri), new.uri]


def _milliseconds(instant: datetime | None) -> str:
    return str(int(instant.timestamp() * 1000)) if instant else "0"


def _flat(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [word for pair in pairs for word in pair]
