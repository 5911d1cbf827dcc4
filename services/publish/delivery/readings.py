"""What the desk says at this moment, though it was read through before.

Fifty destinations are told of the same article. Each call asks the desk whether its row is still
the one that was read, which is one number; the article is read and parsed once.
"""

from collections.abc import Sequence

from services.publish.delivery.together import Together
from services.publish.desk import Desk
from services.publish.desk_row import Row

KEEP = 256
AT_ONCE = 128


class Readings:
    """Rows of the desk, never older than the question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._read: dict[str, Row] = {}
        self._rev = Together(desk.revs, AT_ONCE)
        self._row = Together(self._rows, AT_ONCE)

    async def __call__(self, uri: str) -> Row | None:
        """The row as it is now, or None when the desk knows nothing of the article."""
        rev = await self._rev(uri)
        known = self._read.get(uri)
        if known is not None and known.rev == rev:
            return known
        row = await self._row(uri) if rev else None
        if row is not None:
            self._keep(row)
        return row

    async def _rows(self, uris: Sequence[str]) -> Sequence[Row | None]:
        found = await self._desk.rows(uris)
        return [found.get(uri) for uri in uris]

    def _keep(self, row: Row) -> None:
        self._read.pop(row.uri, None)
        self._read[row.uri] = row
        if len(self._read) > KEEP:
            self._read.pop(next(iter(self._read)))
