"""Kills in a rush: how long a killed story can still be found, and when subscribers are told.

Stories come at a steady rate, and every second one is killed: the newest that all subscribers have,
so that it stands on the front page, in all feeds, and on cards beside others. Times count from the
answer to the DELETE, until no file of the site names it, and until the first call to a subscriber.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from random import Random
from time import monotonic, time

import httpx

from bench.gold_set import read
from bench.process import resident_mb
from tests.faults.receivers import Call, Receivers
from tests.installation import Installation, installation

SUBSCRIBERS = 5
KILL_EVERY_SECONDS = 1.0
LOOK_SECONDS, LATE_LOOK_SECONDS = 0.025, 3.0
GIVE_UP_SECONDS = 300.0
HIRED_SECONDS = 1.0
"""Couriers are hired twice a second."""
SERVICES = ("ingest", "enrich", "publish")


NEWS = read("dev")
"""Stories of an invented newsroom. Their paragraphs are mixed, so that each is another one."""
PARAGRAPHS = [paragraph for story in NEWS for paragraph in story.paragraphs]


def story(number: int) -> dict[str, object]:
    """A story of a newspaper, the same each time."""
    chance = Random(number)
    like = chance.choice(NEWS)
    body = "".join(f"<p>{one}</p>" for one in chance.sample(PARAGRAPHS, 6))
    return {
        "uri": f"urn:burst:{number}",
        "headline": f"{like.headline}{mark(number)}",
        "section": like.section,
        "byline": like.byline,
        "body_html": body,
    }


def mark(number: int) -> str:
    """What a reader would know a story by; it stands in its headline alone."""
    return f"（{number:05}）"


@dataclass
class Seen:
    """What came of a run. Times are in seconds."""

    accepted: dict[str, float] = field(default_factory=dict)
    """When each story was answered 202, by uri."""
    refused: int = 0
    site: list[float] = field(default_factory=list)
    webhooks: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    """From 202 to the subscribers, for stories that were not killed."""
    drained: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)


class Burst:
    """One run on one installation."""

    def __init__(self, here: Installation, receivers: Receivers, ingest: httpx.AsyncClient) -> None:
        self._here = here
        self._ingest = ingest
        self._receivers = receivers
        self._killed: dict[str, float] = {}
        """When the DELETE of each was answered, by uri."""
        self.seen = Seen()

    async def run(
        self, per_second: float, seconds: float, tell: Callable[[float], object] = float
    ) -> None:
        """Send and kill, then wait until everybody has been told everything.

        `tell` hears how many of the seconds are over.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kill_again_and_again(seconds))
            began, number = monotonic(), 0
            while (now := monotonic()) < began + seconds:
                group.create_task(self._send(number))
                number += 1
                tell(now - began)
                await asyncio.sleep(began + number / per_second - monotonic())
        ended = monotonic()
        await _until(self._is_drained)
        self.seen.drained = monotonic() - ended
        self._count_calls()

    async def _send(self, number: int) -> None:
        answer = await self._ingest.post("/v1/articles", json=story(number))
        while answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.seen.refused += 1
            await asyncio.sleep(float(answer.headers["retry-after"]))
            answer = await self._ingest.post("/v1/articles", json=story(number))
        self.seen.accepted[answer.raise_for_status().json()["uri"]] = monotonic()

    async def _kill_again_and_again(self, seconds: float) -> None:
        began = monotonic()
        async with asyncio.TaskGroup() as group:
            while (now := monotonic()) < began + seconds:
                if uri := self._newest():
                    await self._kill(uri, group)
                self._note_memory()
                await asyncio.sleep(now + KILL_EVERY_SECONDS - monotonic())

    def _newest(self) -> str:
        """The newest story that all subscribers have; empty before there is one."""
        told = dict.fromkeys((call.uri, call.path) for call in self._receivers.calls())
        has = Counter(uri for uri, _ in told)
        everybody = [uri for uri, times in has.items() if times == SUBSCRIBERS]
        return next((uri for uri in reversed(everybody) if uri not in self._killed), "")

    async def _kill(self, uri: str, group: asyncio.TaskGroup) -> None:
        words = mark(int(uri.rpartition(":")[2])).encode()
        answer = await self._ingest.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})
        answer.raise_for_status()
        self._killed[uri] = monotonic()
        accepted = time() - (monotonic() - self.seen.accepted[uri])
        group.create_task(self._watch(words, accepted, self._killed[uri]))

    async def _watch(self, words: bytes, accepted: float, killed: float) -> None:
        """Note how long the story can still be found in any file, and look once more later.

        Whatever names it was written after it was `accepted`, on the clock that files go by.
        """
        gone = killed
        for wait in (0.0, LATE_LOOK_SECONDS):
            await asyncio.sleep(wait)
            files = await asyncio.to_thread(_naming, self._here.state / "site", words, accepted)
            while files and monotonic() < killed + GIVE_UP_SECONDS:
                gone = monotonic()
                await asyncio.sleep(LOOK_SECONDS)
                files = [file for file in files if _names(file, words)]
        self.seen.site.append(gone - killed)

    async def _is_drained(self) -> bool:
        """Whether every subscriber was told of every story, and of every kill."""
        await asyncio.sleep(LOOK_SECONDS)
        told = {(call.path, call.uri) for call in self._receivers.calls()}
        kills = {(call.path, call.uri) for call in self._receivers.calls() if _is_kill(call)}
        wanted = self.seen.accepted.keys() | self._killed.keys()
        all_kills = len(kills) >= SUBSCRIBERS * len(self._killed)
        return all_kills and len(told) >= SUBSCRIBERS * len(wanted)

    def _count_calls(self) -> None:
        first: dict[tuple[str, str, bool], float] = {}
        for call in self._receivers.calls():
            first.setdefault((call.path, call.uri, _is_kill(call)), call.at)
        for (_, uri, is_kill), at in first.items():
            if is_kill:
                self.seen.webhooks.append(at - self._killed[uri])
            elif uri not in self._killed:
                self.seen.told.append(at - self.seen.accepted[uri])

    def _note_memory(self) -> None:
        for pid, words in self._here.children().items():
            name = next((one for one in SERVICES if f"services {one}" in words), "Redis")
            self.seen.memory[name] = max(resident_mb(pid), self.seen.memory.get(name, 0))


def _is_kill(call: Call) -> bool:
    return call.type == "article.withdrawn"


def _naming(site: Path, words: bytes, since: float) -> list[Path]:
    """The files written since then that hold the words."""
    return [file for file in _written_since(site, since) if _names(file, words)]


def _written_since(folder: Path, since: float) -> Iterator[Path]:
    for one in os.scandir(folder):
        if one.is_dir(follow_symlinks=False):
            yield from _written_since(Path(one.path), since)
        elif one.name.endswith((".html", ".xml", ".json")):
            with suppress(FileNotFoundError):  # replaced or taken away meanwhile
                if one.stat().st_mtime >= since:
                    yield Path(one.path)


def _names(file: Path, words: bytes) -> bool:
    try:
        return words in file.read_bytes()
    except FileNotFoundError:
        return False


async def _until(claim: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while not await claim():
            pass


@asynccontextmanager
async def burst(folder: Path) -> AsyncIterator[Burst]:
    """An empty installation with its subscribers, ready for a burst."""
    settings = {"WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8"}
    with (
        Receivers(folder / "calls") as receivers,
        installation(folder / "state", **settings) as here,
    ):
        for number in range(SUBSCRIBERS):
            words = ("destinations", "add", f"subscriber-{number}", "--channel", "webhook")
            added = here.run(*words, "--set", f"url={receivers.url}/{number}")
            assert added.returncode == 0, added.stderr
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=here.addresses["ingest"],
            headers={"Authorization": f"Bearer {here.key}"},
            timeout=30,
            limits=limits,
        ) as ingest:
            await asyncio.sleep(HIRED_SECONDS)
            yield Burst(here, receivers, ingest)
