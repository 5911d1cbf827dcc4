"""One account at a platform, its ledger in a real Redis, its two couriers, and a clock by hand."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis

from services.publish.delivery.caps import Caps, OnUnknown
from services.publish.delivery.channel import Announcement
from services.publish.delivery.courier import Courier
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.office import Office
from services.publish.delivery.row import Op, Row, want
from shared.article import Article
from shared.streams import Keys
from shared.tasks import end
from tests.publish.social import Platform, Social, social

URI = "tag:example.tw,2026:a"
MOST_ROUNDS = 200


@dataclass
class Posting:
    """What is wanted there is carried until nothing is due any more, as fast as the clock goes."""

    redis: Redis
    caps: Caps
    on_unknown: OnUnknown = "hold"
    now: int = 1_795_000_000_000
    versions: dict[str, int] = field(default_factory=dict)
    """What the desk has of each article."""

    def __post_init__(self) -> None:
        self.platform = Platform(lambda: self.now)
        self.channel: Social = social(self.platform, self.caps)
        self.ledger = Ledger(self.redis, Keys())
        self.destination = Destination(
            name="account",
            channel="social",
            settings={},
            created=datetime.now(UTC),
            on_unknown=self.on_unknown,
        )
        self.destinations = Destinations(self.redis)
        self.office = Office(
            self.ledger,
            self.destinations,
            Lines(self.redis, self.ledger),
            self.announce,
            is_current,
            lambda: self.now,
        )

    def couriers(self) -> list[Courier]:
        """New ones, as after a start: kills first."""
        return [
            Courier(self.office, self.destination, self.channel, kills=kills)
            for kills in (True, False)
        ]

    async def announce(self, row: Row) -> Announcement | None:
        if row.sending_op == "put" and row.state == "sending":
            if self.versions[row.uri] != row.sending_version:
                return None
            article = Article(uri=row.uri, headline=f"第{row.sending_version}版")
        else:
            article = Article(uri=row.uri, pubstatus="canceled")
        return Announcement(article, row.sending_op, f"https://a.example/{row.uri}", row.is_first)

    async def want(self, version: int, op: Op = "put", uri: str = URI) -> None:
        self.versions[uri] = version
        wanted = Row(uri, "account", version, op, wanted_at=self.now, due_at=self.now)
        known = await self.ledger.rows([(uri, "account")])
        row = want(known[0] if known else None, wanted)
        if row:
            assert await self.ledger.replace([Change(row)]) == [True]

    async def publish(self, version: int, op: Op = "put") -> Row:
        """Want it, and carry until nothing is due."""
        await self.want(version, op)
        return await self.carry()

    async def crash(self) -> None:
        """A courier claims and calls, and is gone before it has an answer to write down."""
        before = len(self.platform.calls)
        task = asyncio.create_task(self.couriers()[1].run())
        while len(self.platform.calls) == before:
            await asyncio.sleep(0)
        await end([task])

    async def carry(self, hours: float = 100.0) -> Row:
        """Carry what is due, whenever it is due, for so many hours at most."""
        end = self.now + int(hours * 3_600_000)
        couriers = self.couriers()
        for _ in range(MOST_ROUNDS):
            for courier in couriers:
                await courier.round()
            due = [row.due_at for row in await self.ledger.of_destination("account") if row.due_at]
            if not due or min(due) > end:
                break
            self.now = max(self.now, *(min(due),))
        return await self.row()

    async def row(self, uri: str = URI) -> Row:
        [row] = await self.ledger.rows([(uri, "account")])
        return row

    async def write(self, row: Row) -> None:
        assert await self.ledger.replace([Change(row)]) == [True]


async def is_current(article: Article) -> bool:
    return True
