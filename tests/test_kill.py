"""kill -9, again and again: nothing is lost, nothing is emitted twice."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from shared.article import Article
from shared.embedded import EmbeddedRedis
from shared.events import Event
from shared.streams import ENRICHED, RECEIVED, Keys, dead_letters
from tests.processes import Process
from tests.stored import as_stored

EVENTS, POISON = 3_000, 5
WORKER_KILLS, REDIS_KILLS = 20, 3
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # so that a restarted enrich has no past to read
KEYS = Keys()
SEED = 20261123


def story(number: int) -> Article:
    place = random.Random(number).choice(["台北", "高雄", "花蓮", "台南"])
    return Article(
        uri=f"urn:kill:{number}",
        headline=f"{place}捷運第{number}號列車測試完成",
        body_text=f"{place}市政府今日宣布，第{number}號列車完成測試，預計明年通車。",
        urgency=2 if number % 20 == 0 else 5,
        date_published=LONG_AGO,
    )


def poison(number: int) -> dict[bytes, bytes]:
    """An entry that can never be worked on, each in another way."""
    fields = as_stored(Event.begin(RECEIVED, story(number), LONG_AGO))
    body = fields[b"body"]
    ways = [b"{", b"[]", body.replace(b"urn:kill", b"urn kill"), "臺灣".encode("big5"), b""]
    return {**fields, b"body": ways[number % len(ways)]}


def fill(redis: Redis, rng: random.Random) -> set[str]:
    """All events in random order; returns the uris of the poisoned ones."""
    numbers = list(range(EVENTS))
    rng.shuffle(numbers)
    spoiled = set(numbers[100 : EVENTS - 100 : (EVENTS - 200) // POISON][:POISON])
    pipe = redis.pipeline(transaction=False)
    for number in numbers:
        article = story(number)
        lane = "flash" if article.is_flash else "routine"
        event = Event.begin(RECEIVED, article, LONG_AGO)
        entry = poison(number) if number in spoiled else as_stored(event)
        pipe.xadd(KEYS.stream(RECEIVED, lane, 0), entry)
    pipe.execute()
    return {story(number).uri for number in spoiled}


def done(redis: Redis) -> int:
    streams = KEYS.streams(ENRICHED) + [dead_letters(s) for s in KEYS.streams(RECEIVED)]
    return sum(redis.xlen(stream) for stream in streams)


def uris(redis: Redis, streams: list[str]) -> Counter[str]:
    entries = [fields for stream in streams for _, fields in redis.xrange(stream)]
    return Counter(fields[b"uri"].decode() for fields in entries)


def wait_for(redis_url: str, count: int, seconds: float) -> int:
    """Wait until so many events are done, or so many seconds have passed; how many are done."""
    give_up = time.monotonic() + seconds
    with Redis.from_url(redis_url) as redis:
        while (now := done(redis)) < count and time.monotonic() < give_up:
            time.sleep(0.02)
    return now


@contextmanager
def workers(count: int, folder: Path, redis_url: str) -> Iterator[list[Process]]:
    environ = {"WIREDESK_REDIS__URL": redis_url, "WIREDESK_ENRICH__PORT": "0"}
    found = [Process("enrich", folder / f"enrich-{n}.log", environ) for n in range(count)]
    with ExitStack() as stack:
        for worker in found:
            worker.start()
            stack.callback(worker.stop)
        yield found


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_under_20_kills_of_workers_and_3_of_redis(
    tmp_path: Path, redis_server: Path
) -> None:
    rng = random.Random(SEED)
    kills = ["worker"] * WORKER_KILLS + ["redis"] * REDIS_KILLS
    rng.shuffle(kills)
    with EmbeddedRedis(tmp_path / "redis", server=redis_server) as server:
        with Redis.from_url(server.url) as redis:
            spoiled = fill(redis, rng)
        with workers(2, tmp_path, server.url) as both:
            step = EVENTS // (len(kills) + 2)
            for number, victim in enumerate(kills, start=1):
                wait_for(server.url, step * number, seconds=15)
                if victim == "redis":
                    kill_redis(server)
                    continue
                worker = rng.choice(both)
                worker.kill()
                worker.start()
            assert wait_for(server.url, EVENTS, seconds=90) == EVENTS
        with Redis.from_url(server.url) as redis:
            out, dead = uris(redis, KEYS.streams(ENRICHED)), uris(redis, graves())
            left = [
                redis.xpending(stream, "enrich")["pending"] for stream in KEYS.streams(RECEIVED)
            ]
    assert {uri for uri, count in out.items() if count > 1} == set()
    assert set(out) == {story(number).uri for number in range(EVENTS)} - spoiled
    assert dead == Counter(spoiled)
    assert left == [0, 0]


def graves() -> list[str]:
    return [dead_letters(stream) for stream in KEYS.streams(RECEIVED)]


def kill_redis(server: EmbeddedRedis) -> None:
    """kill -9 of redis-server, and a start on what is on the disk."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.pid is not None:
        time.sleep(0.01)
    server.start()
