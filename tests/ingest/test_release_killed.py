"""kill -9 of ingest while stories are held: each leaves once, and none before its time."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from services.ingest.ledger import Ledger
from shared.article import Article
from shared.events import Event
from shared.streams import RECEIVED, Keys
from tests.processes import Process

KEYS = Keys()
ROUTINE = KEYS.stream(RECEIVED, "routine", 0)
STORIES = 60


async def hold(redis: AsyncRedis, name: str, due: datetime) -> None:
    ledger = Ledger(redis, KEYS)
    for number in range(STORIES):
        uri = f"urn:{name}:{number}"
        story = Article(uri=uri, headline=f"第{number}則", embargoed=due)
        assert (await ledger.accept(story, datetime.now(UTC))).outcome == "held"


def left(redis: Redis) -> list[tuple[str, datetime]]:
    """What has left, and when Redis wrote it."""
    return [
        (
            Event.parse(fields).article.uri,
            datetime.fromtimestamp(int(entry_id.split(b"-")[0]) / 1000, UTC),
        )
        for entry_id, fields in redis.xrange(ROUTINE)
    ]


def until_left(redis: Redis, count: int, seconds: float) -> None:
    give_up = monotonic() + seconds
    while redis.xlen(ROUTINE) < count and monotonic() < give_up:
        sleep(0.002)


def sleep_until(moment: datetime) -> None:
    sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def until_up(logs: Sequence[Path]) -> None:
    while not all(log.exists() and "service.started" in log.read_text() for log in logs):
        sleep(0.05)


@pytest.mark.timeout(120)
async def test_stories_held_over_kills_and_restarts_of_ingest_leave_once_and_not_too_early(
    redis: AsyncRedis, redis_url: str, tmp_path: Path
) -> None:
    environ = {"WIREDESK_REDIS__URL": redis_url, "WIREDESK_INGEST__PORT": "0"}
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    one, two = (Process("ingest", log, environ) for log in logs)
    one.start()
    two.start()
    until_up(logs)
    with Redis.from_url(redis_url) as looking:
        due = datetime.now(UTC) + timedelta(seconds=3)
        await hold(redis, "first", due)
        until_left(looking, 5, seconds=20)
        one.kill()  # in the middle of letting them go
        until_left(looking, STORIES, seconds=5)
        first = left(looking)
        later = datetime.now(UTC) + timedelta(seconds=2)
        await hold(redis, "second", later)
        two.kill()  # and nobody is there when the time comes
        sleep_until(later + timedelta(seconds=0.5))
        assert looking.xlen(ROUTINE) == STORIES
        one.start()
        until_left(looking, 2 * STORIES, seconds=30)
        everything = left(looking)
    one.stop()
    assert Counter(uri for uri, _ in everything) == Counter(
        f"urn:{name}:{number}" for name in ("first", "second") for number in range(STORIES)
    )
    assert min(when for _, when in first) >= due
    assert min(when for uri, when in everything if "second" in uri) >= later
