"""One chaos run: an installation under load, deaths by plan, and a judgement by the oracle.

Real processes under the real supervisor. They write into a folder in memory when the machine has
room in one: a process that is killed loses nothing that the system has taken, disk or not.
"""

import asyncio
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from redis import Redis
from redis.exceptions import RedisError

from shared.embedded import remembered_url
from tests.chaos.crash_points import BOARD, Board, Point
from tests.chaos.evidence import Evidence
from tests.chaos.newsroom import Newsroom, Progress
from tests.chaos.oracle import Finding, finals_of, judge
from tests.chaos.plan import Death, Plan, Victim, body_of, lists_of
from tests.chaos.reaper import Reaper
from tests.chaos.site_walk import walk
from tests.chaos.stored import parked, stored_rows, unrest
from tests.chaos.subscriber import Subscriber
from tests.installation import ROOT, Installation, started
from tests.processes import QUICK_STREAMS
from tests.publish.receiver import Receiver

DESTINATION = "chaos"
LIST_LENGTH = 12
MEMORY = Path("/dev/shm")  # noqa: S108  # Linux' file system in memory, if there is one
BYTES_AN_ARTICLE = 100_000
LOOK_SECONDS = 0.2
QUIET_LOOKS = 3
SETTLE_SECONDS = 180.0
SETTINGS = {
    **QUICK_STREAMS,
    "WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8",
    "WIREDESK_LOGS__LEVEL": "WARNING",
    "WIREDESK_SITE__LIST_LENGTH": str(LIST_LENGTH),
    "WIREDESK_ENRICH__CORPUS_DAYS": "1",
    "WIREDESK_STREAMS__KEEP_HOURS": "0.01",
    "WIREDESK_STREAMS__BATCH": "16",
}
Tell = Callable[[int], None]
"""Told how many events were acknowledged so far."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    seed: int
    evidence: Evidence
    findings: list[Finding]
    dead: Counter[Victim]
    points: Counter[Point]
    missed: list[Death]
    seconds: float
    settle_seconds: float


def run(plan: Plan, folder: Path, *, give_up_seconds: float, tell: Tell) -> Outcome:
    """Do it. What the services said is in `folder` afterwards."""
    with roomy(folder, len(plan.stories)) as state:
        try:
            return asyncio.run(_run(plan, state, give_up_seconds=give_up_seconds, tell=tell))
        finally:
            for log in state.glob("*.log*"):
                shutil.copy(log, folder)


@contextmanager
def roomy(folder: Path, articles: int) -> Iterator[Path]:
    """A new folder in memory, or in `folder` where there is no room in memory."""
    fits = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > articles * BYTES_AN_ARTICLE
    with TemporaryDirectory(dir=MEMORY if fits else folder, prefix="chaos-") as made:
        yield Path(made) / "state"


async def _run(plan: Plan, state: Path, *, give_up_seconds: float, tell: Tell) -> Outcome:
    began, progress = monotonic(), Progress()
    board_file = state.with_name("board")
    board = Board(board_file)
    with _installation(state, board_file) as here:
        async with Receiver() as receiver:
            reaper = Reaper(here, board, lambda: len(progress.answers))
            subscriber = Subscriber(receiver, strike=reaper.strike, arrived=progress.arrived)
            subscriber.trust(_subscribe(here, receiver.url))
            newsroom = _newsroom(plan, here, began + give_up_seconds)
            await _tumult(plan, newsroom, reaper, progress, tell)
            all_sent = monotonic()
            is_settled = await _settled(here)
            settle_seconds = monotonic() - all_sent
            seen = Evidence(
                answers=progress.answers,
                unanswered=newsroom.unanswered,
                notices=subscriber.notices,
                is_settled=is_settled,
            )
            await asyncio.to_thread(_look_around, plan, here, seen)
    return Outcome(
        seed=plan.seed,
        evidence=seen,
        findings=judge(seen),
        dead=reaper.dead,
        points=reaper.points,
        missed=reaper.missed,
        seconds=monotonic() - began,
        settle_seconds=settle_seconds,
    )


def _installation(state: Path, board: Path) -> AbstractContextManager[Installation]:
    python_path = os.pathsep.join((str(ROOT / "tests/chaos/start_up"), str(ROOT)))
    settings = {**SETTINGS, "PYTHONPATH": python_path, BOARD: str(board)}
    command = [sys.executable, "-m", "tests.chaos.up", str(state)]
    return started(command, state, settings)


def _subscribe(here: Installation, url: str) -> str:
    """The receiver as a destination; returns its secret."""
    words = ("--channel", "webhook", "--set", f"url={url}")
    said = here.run("destinations", "add", DESTINATION, *words).stdout
    return next(word for word in said.split() if word.startswith("whsec_"))


def _newsroom(plan: Plan, here: Installation, give_up: float) -> Newsroom:
    body = partial(body_of, plan, started=datetime.now(UTC))
    return Newsroom(here.addresses["ingest"], here.key, body, give_up)


async def _tumult(
    plan: Plan, newsroom: Newsroom, reaper: Reaper, progress: Progress, tell: Tell
) -> None:
    """Send everything, and let die who has to, until both are done."""
    sending = asyncio.create_task(asyncio.to_thread(newsroom.send_all, iter(plan.sends), progress))
    killing = asyncio.create_task(reaper.work(plan.deaths))
    while not sending.done():
        tell(len(progress.answers))
        await asyncio.wait([sending], timeout=LOOK_SECONDS)
    await sending
    tell(len(progress.answers))
    if newsroom.unanswered:
        killing.cancel()
    await asyncio.wait([killing])


async def _settled(here: Installation) -> bool:
    """Wait until nothing is under way any more, seen several times in a row."""
    give_up, quiet = monotonic() + SETTLE_SECONDS, 0
    while quiet < QUIET_LOOKS and monotonic() < give_up:
        await asyncio.sleep(LOOK_SECONDS)
        quiet = 0 if await asyncio.to_thread(_unrest, here) else quiet + 1
    return quiet >= QUIET_LOOKS


def _unrest(here: Installation) -> list[str]:
    try:
        with _redis(here) as redis:
            return unrest(redis, DESTINATION)
    except RedisError as error:
        return [repr(error)]


def _redis(here: Installation) -> Redis:
    return Redis.from_url(remembered_url(here.state / "redis") or "")


def _look_around(plan: Plan, here: Installation, seen: Evidence) -> None:
    """Add what the site and Redis show in the end."""
    told = {notice.url for notice in seen.notices if notice.url}
    seen.pages, seen.listings = walk(here.addresses["site"], told)
    live = {uri for uri, final in finals_of(seen).items() if not final.is_killed}
    seen.wanted_listings = lists_of(plan, live, LIST_LENGTH)
    seen.half_written = [str(file) for file in (here.state / "site").rglob(".*.new")]
    with _redis(here) as redis:
        seen.stored = stored_rows(redis, (story.uri for story in plan.stories), DESTINATION)
        seen.parked = parked(redis)
