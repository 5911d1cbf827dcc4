"""Burst: a minute of ten times the normal rate, a story killed every second. How fast is it gone?

A whole installation as `wiredesk up` starts it, with subscribers. What is killed is the newest
story that everybody has, so that it stands on the front page, in all feeds, and on cards beside
others. From the answer to the DELETE until no file of the site names it, and until each subscriber
was told.
"""

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic, time

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.receivers import Call, Receivers
from bench.sample import PARAGRAPHS
from bench.whole import Whole, whole
from services.publish.delivery.destinations import Destination, Destinations
from services.publish.delivery.signature import new_secret
from shared.embedded import remembered_url
from shared.redis import connect

NORMAL_PER_SECOND, TIMES = 2.0, 10
SECONDS, QUICK_SECONDS = 60.0, 5.0
SUBSCRIBERS = 5
KILL_EVERY_SECONDS = 1.0
LOOK_SECONDS, LATE_LOOK_SECONDS = 0.025, 3.0
GIVE_UP_SECONDS = 300.0
MOST_SITE_S, MOST_WEBHOOK_S = 2.0, 5.0
SECTIONS = ("生活", "社會", "財經", "運動")
TAGS = ("颱風", "地震", "股市", "捷運", "選舉", "棒球", "半導體", "觀光")


def story(number: int) -> dict[str, object]:
    """A story of a newspaper, the same each time."""
    chance = Random(number)  # noqa: S311
    return {
        "uri": f"urn:burst:{number}",
        "headline": headline(number),
        "section": chance.choice(SECTIONS),
        "byline": "記者陳怡君／花蓮報導",
        "body_html": "".join(f"<p>{one}</p>" for one in chance.sample(PARAGRAPHS, 5)),
        "tags": chance.sample(TAGS, 2),
    }


def headline(number: int) -> str:
    """What a reader would know a story by; no other story's holds it."""
    return f"{TAGS[number % len(TAGS)]}最新消息　第{number}號快報"


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

    def __init__(self, here: Whole, receivers: Receivers) -> None:
        self._here = here
        self._receivers = receivers
        self._killed: dict[str, float] = {}
        """When the DELETE of each was answered, by uri."""
        self.seen = Seen()

    async def run(self, per_second: float, seconds: float, progress: Progress) -> None:
        """Send and kill, then wait until everybody has been told everything."""
        task = progress.add_task("burst", total=seconds)
        async with self._here.client("ingest") as client, asyncio.TaskGroup() as group:
            group.create_task(self._kill_again_and_again(client, seconds))
            began, number = monotonic(), 0
            while (now := monotonic()) < began + seconds:
                group.create_task(self._send(client, number))
                number += 1
                progress.update(task, completed=now - began)
                self._note_memory()
                await asyncio.sleep(began + number / per_second - monotonic())
        ended = monotonic()
        progress.update(task, completed=seconds, description="draining")
        await _until(self._is_drained)
        self.seen.drained = monotonic() - ended
        self._count_calls()

    async def _send(self, client: httpx.AsyncClient, number: int) -> None:
        while (answer := await client.post("/v1/articles", json=story(number))).status_code == 503:
            self.seen.refused += 1
            await asyncio.sleep(float(answer.headers["retry-after"]))
        self.seen.accepted[answer.raise_for_status().json()["uri"]] = monotonic()

    async def _kill_again_and_again(self, client: httpx.AsyncClient, seconds: float) -> None:
        began = monotonic()
        async with asyncio.TaskGroup() as group:
            while (now := monotonic()) < began + seconds:
                if uri := self._newest():
                    await self._kill(client, uri, group)
                await asyncio.sleep(now + KILL_EVERY_SECONDS - monotonic())

    def _newest(self) -> str:
        """The newest story that all subscribers have; empty before there is one."""
        told = dict.fromkeys((call.uri, call.path) for call in self._receivers.calls())
        has = Counter(uri for uri, _ in told)
        everybody = [uri for uri, times in has.items() if times == SUBSCRIBERS]
        return next((uri for uri in reversed(everybody) if uri not in self._killed), "")

    async def _kill(self, client: httpx.AsyncClient, uri: str, group: asyncio.TaskGroup) -> None:
        words = headline(int(uri.rpartition(":")[2])).encode()
        await client.delete(f"/v1/articles/{uri}", params={"reason": "撤稿"})
        self._killed[uri] = monotonic()
        group.create_task(self._watch(words, self._killed[uri]))

    async def _watch(self, words: bytes, killed: float) -> None:
        """Note how long the story can still be found in any file, and look once more later."""
        since, gone = time() - LATE_LOOK_SECONDS, killed
        for wait in (0.0, LATE_LOOK_SECONDS):
            await asyncio.sleep(wait)
            files = await asyncio.to_thread(_naming, self._here.site, words, since)
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
        for name, megabytes in self._here.memory().items():
            self.seen.memory[name] = max(megabytes, self.seen.memory.get(name, 0))


def _is_kill(call: Call) -> bool:
    return call.type == "article.withdrawn"


def _naming(site: Path, words: bytes, since: float) -> list[Path]:
    """The files written since then that hold the words."""
    return [file for file in _written_since(site, since) if _names(file, words)]


def _written_since(folder: Path, since: float) -> Iterator[Path]:
    for one in os.scandir(folder):
        if one.is_dir(follow_symlinks=False):
            yield from _written_since(Path(one.path), since)
        elif one.name.endswith((".html", ".xml", ".json")) and one.stat().st_mtime >= since:
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


async def measure(per_second: float, seconds: float, progress: Progress) -> Seen:
    """One run on an empty installation."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        receivers = stack.enter_context(Receivers(folder / "calls"))
        here = stack.enter_context(whole(folder, WIREDESK_HTTP__ALLOW_NETWORKS="127.0.0.0/8"))
        await _subscribe(here, receivers)
        burst = Burst(here, receivers)
        await burst.run(per_second, seconds, progress)
        return burst.seen


async def _subscribe(here: Whole, receivers: Receivers) -> None:
    async with connect(remembered_url(here.state / "redis") or "") as redis:
        for number in range(SUBSCRIBERS):
            settings = {"url": f"{receivers.url}/{number}", "secrets": [new_secret()]}
            name, now = f"subscriber-{number}", datetime.now(UTC)
            await Destinations(redis).add(
                Destination(name=name, channel="webhook", settings=settings, created=now)
            )
    await asyncio.sleep(1)  # couriers are hired twice a second


def _table(seen: Seen, per_second: float, seconds: float) -> Table:
    load = os.getloadavg()[0]
    title = f"kills while {per_second:g} stories/s come for {seconds:g} s, seconds"
    memory = ", ".join(f"{name} {mb:.0f}" for name, mb in sorted(seen.memory.items()))
    told = f"{len(seen.accepted):,} accepted, {seen.refused} asked to come back"
    drained = f"the last told {seen.drained:.1f} s after the burst"
    machine = f"{os.cpu_count()} cores, load {load:.1f}"
    table = Table(title=title, caption=f"{told}; {drained}\nmost MB: {memory}\n{machine}")
    table.add_column("")
    for column in ("count", "p50", "p99", "max", "at most"):
        table.add_column(column, justify="right")
    rows = (
        ("site and feeds without it", seen.site, f"{MOST_SITE_S:g}"),
        ("first webhook try of the kill", seen.webhooks, f"{MOST_WEBHOOK_S:g}"),
        ("other stories, told to subscribers", seen.told, ""),
    )
    for name, times, most in rows:
        steps = quantiles(times, n=100)
        cells = (f"{one:.2f}" for one in (steps[49], steps[98], max(times)))
        table.add_row(name, f"{len(times):,}", *cells, most)
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds")
    parser.add_argument("--normal", type=float, default=NORMAL_PER_SECOND, help="stories a second")
    words, _ = parser.parse_known_args()
    per_second, seconds = TIMES * words.normal, QUICK_SECONDS if words.quick else SECONDS
    console = Console()
    with Progress(console=console, transient=True) as progress:
        seen = asyncio.run(measure(per_second, seconds, progress))
    console.print(_table(seen, per_second, seconds))


if __name__ == "__main__":
    main()
