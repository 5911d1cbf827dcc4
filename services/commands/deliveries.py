"""What commands see of deliveries: the destinations, their rows, and how a row is shown."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time_ns
from typing import Any
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from rich.table import Table

from services.commands.terminal import plain
from services.instance import Instance
from services.publish.delivery.destinations import Destinations
from services.publish.delivery.ledger import Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.survey import Survey
from services.publish.delivery.withdrawals import Withdrawals
from services.publish.desk import Desk
from shared.article import Article
from shared.hop import StreamSettings
from shared.http import HttpSettings
from shared.redis import connect
from shared.settings import Settings
from shared.streams import Keys

STYLES = {"delivered": "green", "cancelled": "dim", "dead": "red", "unknown": "red"}


@dataclass(frozen=True)
class Post:
    """The stores of an installation's deliveries."""

    destinations: Destinations
    ledger: Ledger
    settings: Settings
    redis: Redis
    keys: Keys
    http: HttpSettings
    """What its destinations may call."""

    @property
    def withdrawals(self) -> Withdrawals:
        """What was taken away, and how far that came."""
        return Withdrawals(self.redis, self.keys)

    @property
    def survey(self) -> Survey:
        """How destinations stand."""
        lines = Lines(self.redis, self.ledger)
        return Survey(self.destinations, self.ledger, lines, lambda: time_ns() // 1_000_000)

    async def live(self, uris: Iterable[str]) -> dict[str, Article]:
        """The articles that readers can see now, by uri."""
        rows = await Desk(self.redis, self.keys, ZoneInfo("UTC")).rows(uris)
        return {uri: row.article for uri, row in rows.items() if row.article}


@asynccontextmanager
async def open_post(state: Path, config: Path | None) -> AsyncIterator[Post]:
    """The stores of the installation that `--state` and `--config` name."""
    instance = Instance.find(state, config)
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    async with connect(instance.redis_url) as redis:
        yield Post(
            Destinations(redis), Ledger(redis, keys), instance.settings, redis, keys, instance.http
        )


def table_of(rows: Iterable[dict[str, Any]]) -> Table:
    """Deliveries as they are told (`shared/deliveries.py`), for a person."""
    table = Table("destination", "wanted", "sent", "state", "tries", "error", "proof")
    for row in rows:
        state = plain(row["state"], STYLES.get(row["state"], "yellow"))
        sent = _version(row["sent"]) if row["sent"] else ""
        tries, error = str(row["tries"]), plain(row["error"])
        wanted = _version(row["wanted"])
        table.add_row(plain(row["destination"]), wanted, sent, state, tries, error, row["proof"])
    return table


def instant(millis: int) -> str:
    """Milliseconds since 1970 for a person; "" for 0."""
    return f"{datetime.fromtimestamp(millis / 1000).astimezone():%m-%d %H:%M:%S}" if millis else ""


def _version(one: dict[str, Any]) -> str:
    return f"{one['op']} {one['version']}"
