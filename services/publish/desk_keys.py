"""The map of the desk's keys. All keys about one article lie in its partition."""

from dataclasses import dataclass

from services.publish.live import Listing, ListKind
from shared.remade import REMADE, STIRRED
from shared.streams import Keys


@dataclass(frozen=True, slots=True)
class DeskKeys:
    """Names every key the desk uses."""

    keys: Keys

    def row(self, uri: str) -> str:
        """Hash: the article's row (`desk_row.py`)."""
        return self.keys.of(uri, "desk")

    def linked_by(self, uri: str) -> str:
        """Set: the articles that show this one as a related card."""
        return self.keys.of(uri, "linked_by")

    def rewrites(self, uri: str) -> str:
        """Set: the articles that say they evolved from this one. Ingest writes it."""
        return self.keys.of(uri, "rewrites")

    def held(self, partition: int) -> str:
        """Sorted set: the articles that wait in ingest. Ingest writes it."""
        return self.keys.shared(partition, "held")

    def expiring(self, partition: int) -> str:
        """Sorted set: live articles that will expire, by milliseconds of that."""
        return self.keys.shared(partition, "expiring")

    def expired(self, partition: int) -> str:
        """Sorted set: live articles that have expired, by milliseconds of that."""
        return self.keys.shared(partition, "expired")

    def stirred(self, partition: int) -> str:
        """Sorted set: articles whose related links must be made anew. Enrich reads it."""
        return self.keys.shared(partition, STIRRED)

    def remade(self, partition: int) -> str:
        """Hash: uri -> related links made anew (`shared/remade.py`). Enrich writes it."""
        return self.keys.shared(partition, REMADE)

    def list(self, partition: int, listing: Listing) -> str:
        """Sorted set: live articles of a list by milliseconds of first publication."""
        return self.keys.shared(partition, "list", listing.name)

    def killed(self, partition: int, listing: Listing) -> str:
        """Sorted set: killed articles that once stood in a list, by milliseconds of the kill."""
        return self.keys.shared(partition, "killed", listing.name)

    def labels(self, partition: int, kind: ListKind) -> str:
        """Hash: slug -> label of every list of a kind."""
        return self.keys.shared(partition, "labels", kind)

    def dirty(self, partition: int) -> str:
        """Sorted set: what must be rebuilt, by the token of its latest mark."""
        return self.keys.shared(partition, "dirty")

    def marks(self, partition: int) -> str:
        """Counter: where tokens come from."""
        return self.keys.shared(partition, "marks")
