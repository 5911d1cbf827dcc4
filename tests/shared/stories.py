"""Stories in an embedded Redis: what the tests write, and count again after a restart."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.embedded import EmbeddedRedis

WRITES = 200


def client_of(url: str) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0))


def write(server: EmbeddedRedis) -> None:
    with client_of(server.url) as client:
        for number in range(WRITES):
            client.set(f"story:{number}", "颱風逼近，花東戒備")


def stories(server: EmbeddedRedis) -> int:
    with client_of(server.url) as client:
        return sum(1 for _ in client.scan_iter("story:*", count=WRITES))
