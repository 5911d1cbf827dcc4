"""The map of the wire: every stream, lane, group and key. Reading this file tells the whole system.

    sources -> [inbox] -> ingest -> article.received -> enrich -> article.enriched
                                              -> publish -> article.published -> deliveries

Every key of an article carries the hash tag `{p}`, p = crc32(uri) % partitions, so that all scripts
about one article touch one slot of a Redis Cluster.
"""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

Lane = Literal["flash", "routine"]
LANES: tuple[Lane, Lane] = ("flash", "routine")
"""Flash first: kills, withholds and urgency 1 to 3 never wait behind routine news."""

PREFIX = "wiredesk"
INBOX = f"{PREFIX}:inbox"
"""Where other programs may XADD raw articles as JSON in the field `json`."""

RECEIVED = "article.received"
ENRICHED = "article.enriched"
PUBLISHED = "article.published"
EVENTS = (RECEIVED, ENRICHED, PUBLISHED)

GROUPS = {INBOX: "ingest", RECEIVED: "enrich", ENRICHED: "publish", PUBLISHED: "deliver"}
"""Who reads what. Groups with other names are other programs', and none of our business."""

KEYRING = f"{PREFIX}:keys"
"""Hash: digest -> key of a newsroom system."""
DESTINATIONS = f"{PREFIX}:destinations"
"""Hash: name -> destination, as JSON with its secrets."""
DESTINATION_HEALTH = f"{PREFIX}:destination-health"
"""Hash: name -> how a destination has been failing; healthy ones are not in it."""
DESTINATION_TURNS = f"{PREFIX}:destination-turns"
"""Hash: name -> which first posts went out lately, for destinations with a brake."""
DESTINATION_MEMORY = f"{PREFIX}:destination-memory"
"""Hash: name -> what its channel keeps between starts, as JSON; logins are in it."""
CARRIERS = f"{PREFIX}:carriers"
"""Sorted set: publish processes that deliver, by when they last said so in milliseconds."""
CONSOLE = f"{PREFIX}:console"
"""Beginning of the keys of sessions at the console, and of tries to sign in."""
INSTALLATION = f"{PREFIX}:installation"
"""A key that every embedded Redis holds, so that a start can tell an emptied one from a new one."""


@dataclass(frozen=True)
class Keys:
    """Names the keys of one installation. `partitions` is fixed when it is set up."""

    partitions: int = 1

    def partition(self, uri: str) -> int:
        """The partition an article lives in, for ever."""
        return crc32(uri.encode()) % self.partitions

    def stream(self, event: str, lane: Lane, partition: int) -> str:
        """The stream of one event, lane and partition."""
        return f"{PREFIX}:{{{partition}}}:{event}:{lane}"

    def streams(self, event: str) -> list[str]:
        """All streams of one event, flash lanes first."""
        return [self.stream(event, lane, p) for lane in LANES for p in range(self.partitions)]

    def read_by(self) -> dict[str, str]:
        """Every stream that a group of ours reads, with the name of that group."""
        events = {s: GROUPS[event] for event in EVENTS for s in self.streams(event)}
        return {INBOX: GROUPS[INBOX], **events}

    def of(self, uri: str, *parts: str) -> str:
        """A key about one article, e.g. `of(uri, "ledger")`."""
        return ":".join((PREFIX, f"{{{self.partition(uri)}}}", *parts, uri))

    def shared(self, partition: int, *parts: str) -> str:
        """A key that many articles of a partition share, e.g. `shared(0, "held")`."""
        return ":".join((PREFIX, f"{{{partition}}}", *parts))

    def every(self, *parts: str) -> list[str]:
        """The key `shared` in each partition."""
        return [self.shared(p, *parts) for p in range(self.partitions)]


def line(destination: str) -> str:
    """Sorted set: uris whose first post a brake holds back, longest wanted first."""
    return f"{PREFIX}:line:{destination}"


def dead_letters(stream: str) -> str:
    """Where the entries of a stream are parked: in the same slot, so one script can do it."""
    return f"{stream}:dead" if "{" in stream else f"{{{stream}}}:dead"


def heartbeat(consumer: str) -> str:
    """Where a consumer says that it is alive."""
    return f"{PREFIX}:alive:{consumer}"
