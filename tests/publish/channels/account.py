"""One account of a real channel at the sandbox: real couriers, a real Redis, and a clock by hand.

async with open_account(redis, "discord") as account:
    await account.publish(story(1))
    ... account.posts ... account.world.order(Fault(platform="discord", kind="lost")) ...
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

from redis.asyncio import Redis

from services.publish import channels
from services.publish.delivery.channel import Announcement, Channel
from services.publish.delivery.courier import Courier
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.line import Lines
from services.publish.delivery.office import Office
from services.publish.delivery.opening import opened
from services.publish.delivery.row import Op, Row, want
from services.sandbox.app import PLUGS as PLATFORMS
from services.sandbox.faults import Fault
from services.sandbox.serving import sandbox
from services.sandbox.world import Call, Post, World
from shared.article import Article, Correction, Tag
from shared.http import HttpSettings, PublicClient, public_client
from shared.plugs import find_plugs
from shared.streams import Keys
from shared.tasks import end
from tests.publish.posting import is_current

CHANNELS = find_plugs(channels)
NOW = 1_795_000_000_000
MOST_ROUNDS = 2_000
STEP_MS = 5_000
SITE = "https://news.example.tw/news/"


def story(version: int, uri: str = "tag:example.tw,2026:a", **fields: Any) -> Article:  # noqa: ANN401
    """A version of a story; from the second on it is a correction of what was wrong."""
    wrong = Correction(kind="correction", text="通車時間應為上午七時。") if version > 1 else None
    told: dict[str, Any] = {
        "uri": uri,
        "version": version,
        "headline": f"跨河便橋通車　通勤省下二十分鐘（第{version}版）",
        "description": "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。",
        "language": "zh-Hant-TW",
        "tags": (Tag(name="便橋"), Tag(name="C-130運輸機")),
        "correction": wrong,
    }
    return Article.model_validate(told | fields)


@dataclass
class Account:
    """What is wanted there is carried until nothing is due any more, as fast as the clock goes."""

    redis: Redis
    world: World
    http: PublicClient
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    now: int = NOW
    articles: dict[str, Article] = field(default_factory=dict)
    """What the desk has of each article."""

    def __post_init__(self) -> None:
        self.world.now = lambda: self.now
        self.ledger = Ledger(self.redis, Keys())
        self.destinations = Destinations(self.redis)
        words = PLATFORMS[self.kind].settings(self.world.address)
        self.destination = Destination(
            name="account",
            channel=self.kind,
            settings={**words, **self.settings},
            created=datetime.now(UTC),
        )
        self.office = Office(
            self.ledger,
            self.destinations,
            Lines(self.redis, self.ledger),
            self.announce,
            is_current,
            lambda: self.now,
        )

    def channel(self) -> Channel:
        """A new one, as after a start."""
        plug = CHANNELS[self.kind]
        settings = plug.Settings.model_validate(self.destination.settings)
        memory = self.destinations.memory(self.destination.name)
        return opened(_timed(plug, lambda: self.now), settings, self.http, memory)

    def couriers(self) -> list[Courier]:
        """New ones, as after a start: kills first."""
        return [
            Courier(self.office, self.destination, self.channel(), kills=kills)
            for kills in (True, False)
        ]

    async def announce(self, row: Row) -> Announcement | None:
        article, url = self.articles[row.uri], SITE + row.uri.rpartition(":")[2]
        if row.sending_op == "put" and row.state == "sending":
            if article.version != row.sending_version:
                return None
            return Announcement(article, "put", url, row.is_first)
        kill = Article(uri=row.uri, version=row.sending_version, pubstatus="canceled")
        return Announcement(kill, "kill", url, first=False)

    async def want(self, article: Article, op: Op = "put") -> None:
        self.articles[article.uri] = article
        wanted = Row(
            article.uri, "account", article.version, op, wanted_at=self.now, due_at=self.now
        )
        known = await self.ledger.rows([(article.uri, "account")])
        row = want(known[0] if known else None, wanted)
        if row:
            assert await self.ledger.replace([Change(row)]) == [True]

    async def publish(self, article: Article) -> Row:
        """Want it, and carry until nothing is due."""
        await self.want(article)
        return await self.carry(article.uri)

    async def kill(self, article: Article) -> Row:
        """Want it gone, and carry until nothing is due."""
        await self.want(article, "kill")
        return await self.carry(article.uri)

    async def stand(self, article: Article, text: str = "") -> None:
        """It stands there already, as if it had been posted long ago."""
        name = str(len(self.world.posts) + 1)
        self.world.put(Post(self.kind, "@daily", name, text, self.now))
        self.articles[article.uri] = article
        row = Row(article.uri, "account", article.version, "put", self.now, state="delivered")
        sent = {"sent_version": article.version, "reached": article.version, "remote_id": name}
        stands = replace(row, sending_version=article.version, **sent)
        assert await self.ledger.replace([Change(stands)]) == [True]

    async def crash(self) -> None:
        """A courier claims and calls, and is gone before it has an answer to write down."""
        before = self.called("post")
        task = asyncio.create_task(self.couriers()[1].run())
        async with asyncio.timeout(10):
            while self.called("post") == before:
                await asyncio.sleep(0.001)
        await end([task])

    async def carry(self, uri: str, hours: float = 100.0) -> Row:
        """Carry what is due, whenever it is due, for so many hours at most."""
        until = self.now + int(hours * 3_600_000)
        couriers = self.couriers()
        for _ in range(MOST_ROUNDS):
            carried = [await courier.round() for courier in couriers]
            rows = await self.ledger.of_destination("account")
            due = min((row.due_at for row in rows if row.due_at), default=0)
            is_stopped = (await self._state()).state != "active"
            if not due or due > until or (is_stopped and not any(row.is_kill for row in rows)):
                break
            if due > self.now:
                self.now = due
            elif not any(carried):
                self.now += STEP_MS  # it rests
        else:
            raise AssertionError("it never comes to an end")
        return await self.row(uri)

    async def row(self, uri: str) -> Row:
        [row] = await self.ledger.rows([(uri, "account")])
        return row

    async def resume(self) -> None:
        """A person has mended it."""
        await self.destinations.resume("account")

    async def _state(self) -> Destination:
        return await self.destinations.get("account") or self.destination

    async def stopped(self) -> str:
        """Why it was stopped, or ""."""
        found = await self._state()
        self.destination = found
        return found.reason if found.state != "active" else ""

    def order(self, kind: Any, **words: Any) -> None:  # noqa: ANN401
        """A fault for this platform."""
        self.world.order(Fault(platform=self.kind, kind=kind, **words))

    @property
    def posts(self) -> list[Post]:
        """What stands there, oldest first."""
        return self.world.of(self.kind)

    @property
    def made(self) -> int:
        """How many posts there ever were."""
        return len(self.world.posts)

    def calls(self, act: str) -> list[Call]:
        return [one for one in self.world.calls if one.act == act]

    def called(self, act: str) -> int:
        return len(self.calls(act))


def _timed(plug: ModuleType, clock: Callable[[], int]) -> Any:  # noqa: ANN401  # a module
    """The plug, whose channels live by this clock."""
    return SimpleNamespace(
        open_channel=lambda settings, http: plug.open_channel(settings, http, clock)
    )


@asynccontextmanager
async def open_account(redis: Redis, kind: str, **settings: Any) -> AsyncIterator[Account]:  # noqa: ANN401
    """An account at a sandbox of its own."""
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with sandbox() as world, public_client(loopback) as http:
        account = Account(redis, world, http, kind, settings)
        await account.destinations.add(account.destination)
        yield account
