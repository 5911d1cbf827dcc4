"""What Redis holds when everything is over, and whether it has come to rest."""

from collections.abc import Iterable, Iterator

from redis import Redis
from redis.client import Pipeline

from shared.streams import EVENTS, GROUPS, Keys, dead_letters
from tests.chaos.evidence import Stored

KEYS = Keys()
AT_ONCE = 500
Hash = dict[bytes, bytes]


def unrest(redis: Redis, destination: str) -> list[str]:
    """Why it is not over yet: entries not worked on, deliveries due, pages to rebuild."""
    reasons = [reason for event in EVENTS for reason in unread(redis, event)]
    counted = {name: redis.zcard(key) for name, key in _waiting(destination).items()}
    return reasons + [f"{count} {name}" for name, count in counted.items() if count]


def unread(redis: Redis, event: str) -> Iterator[str]:
    """What of a stream nobody has worked on yet."""
    for stream in KEYS.streams(event):
        if not redis.exists(stream):
            continue
        [group] = [g for g in redis.xinfo_groups(stream) if g["name"].decode() == GROUPS[event]]
        last = redis.xinfo_stream(stream)["last-generated-id"]
        if group["pending"] or group["last-delivered-id"] != last:
            yield f"{stream}: {group['pending']} pending, read to {group['last-delivered-id']!r}"


def _waiting(destination: str) -> dict[str, str]:
    return {
        "pages and lists to build": KEYS.shared(0, "dirty"),
        "deliveries": KEYS.shared(0, "due", destination),
        "deliveries of kills": KEYS.shared(0, "due-kill", destination),
    }


def stored_rows(redis: Redis, uris: Iterable[str], destination: str) -> dict[str, Stored]:
    """The rows of each story."""
    wanted = list(uris)
    rows: dict[str, Stored] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        with redis.pipeline(transaction=False) as pipe:
            for uri in some:
                _ask(pipe, uri, destination)
            hashes = iter(pipe.execute())
        rows |= {uri: _stored(next(hashes), next(hashes), next(hashes)) for uri in some}
    return rows


def parked(redis: Redis) -> list[str]:
    """The causes of all dead letters."""
    graves = [dead_letters(stream) for stream in KEYS.read_by()]
    return [fields[b"error"].decode() for grave in graves for _, fields in redis.xrange(grave)]


def _ask(pipe: Pipeline, uri: str, destination: str) -> None:
    pipe.hgetall(KEYS.of(uri, "ledger"))
    pipe.hgetall(KEYS.of(uri, "desk"))
    pipe.hgetall(KEYS.of(uri, "delivery", destination))


def _stored(ledger: Hash, desk: Hash, delivery: Hash) -> Stored:
    return Stored(
        ledger=_pair(ledger, b"version", b"state"),
        desk=_pair(desk, b"version", b"state"),
        delivery=_pair(delivery, b"want_version", b"state"),
    )


def _pair(row: Hash, version: bytes, state: bytes) -> tuple[int, str]:
    return int(row.get(version, b"0")), row.get(state, b"").decode()
