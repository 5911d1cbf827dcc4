"""RULE: what a reader of the changes asks for, and which part of the question is wrong.

after   a cursor; without it, or `since`, /v1/changes begins at the beginning
since   an instant, instead of a cursor: everything told from then on
limit   1 to 1000 changes in one answer
wait    0 to 30 seconds, when there is nothing yet
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.publish.changes.cursor import BadCursor, Cursor, read
from shared.errors import BadField

LIMIT, MAX_LIMIT = 100, 1000
MAX_WAIT_SECONDS = 30.0
WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
SECONDS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")
VALUE_CHARS = 100
NO_CURSOR = "no cursor of ours: take `next` or `cursor` of an answer as it is; to begin, omit it"
HAS_ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$", re.IGNORECASE)


class BadQuery(ValueError):
    """The question cannot be answered. `fields` names all that is wrong with it."""

    def __init__(self, fields: Iterable[BadField]) -> None:
        super().__init__("the question cannot be answered")
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class Query:
    """A question that can be answered. At most one of `after` and `since` is given."""

    after: Cursor | None = None
    since: int | None = None
    """Microseconds since 1970."""
    limit: int = LIMIT
    wait: float = 0.0


def parse(pairs: Iterable[tuple[str, str]], *, names: Iterable[str]) -> Query:
    """The question that the parameters of a URL ask. `names` are those it may have.

    Raises BadQuery. A parameter nobody knows is refused: a mistyped `after` would otherwise begin
    at the beginning.
    """
    given = list(pairs)
    known = {name: _PARSERS[name] for name in names}
    bad = [_unknown(name, text, known) for name, text in given if name not in known]
    found: dict[str, object] = {}
    for name, text in given:
        if name not in known:
            continue
        if name in found or {name, *found} >= {"after", "since"}:
            bad.append(BadField(name, "once only, and `after` or `since`, not both", text))
            continue
        try:
            found[name] = known[name](text)
        except ValueError as error:
            bad.append(BadField(name, str(error), text[:VALUE_CHARS]))
    if bad:
        raise BadQuery(bad)
    return Query(**found)  # type: ignore[arg-type]  # each parser gives its field's type


def cursor_in(field: str, text: str) -> Cursor:
    """The cursor that stands in a header. Raises BadQuery."""
    try:
        return _cursor(text)
    except ValueError as error:
        raise BadQuery([BadField(field, str(error), text[:VALUE_CHARS])]) from error


def _unknown(name: str, text: str, known: Iterable[str]) -> BadField:
    told = ", ".join(known)
    reason = f"not known here; {told}" if told else "no parameters here: write `?` in a uri as %3F"
    return BadField(name[:VALUE_CHARS], reason, text[:VALUE_CHARS])


def _cursor(text: str) -> Cursor:
    try:
        return read(text)
    except BadCursor:
        raise ValueError(NO_CURSOR) from None


def _instant(text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or not HAS_ZONE.search(text):
        raise ValueError("an instant with its zone is expected, e.g. 2026-11-23T09:30:00Z")
    return max(0, int(when.timestamp() * 1_000_000))


def _limit(text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise ValueError(f"a whole number from 1 to {MAX_LIMIT} is expected")
    return int(text)


def _wait(text: str) -> float:
    if not SECONDS.fullmatch(text) or float(text) > MAX_WAIT_SECONDS:
        raise ValueError(f"0 to {MAX_WAIT_SECONDS:g} seconds are expected")
    return float(text)


_PARSERS = {"after": _cursor, "since": _instant, "limit": _limit, "wait": _wait}
