"""Embargo: how long after its time a held story has left ingest, and is live on the website.

All stories of a run end their embargo in the same moment, the hardest case there is. Ingest, enrich
and publish run in one process on an embedded Redis; the times are those of Redis' entry ids.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import httpx
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from bench import sample
from services.enrich import app as enrich
from services.ingest import app as ingest
from services.publish import app as publish
from shared import logs
from shared.embedded import EmbeddedRedis
from shared.settings import Settings
from shared.streams import Keys

KEY = "wd_bench_0123456789abcdef"
SERVICES: tuple[ModuleType, ...] = (publish, enrich, ingest)
STEPS = {"ingest.released": "left ingest", "publish.live": "live and announced"}
STORIES, QUICK_STORIES = 100, 10
SECONDS_TO_SEND = 6.0
MOST_P95_SECONDS = 1.0
Lags = dict[str, list[float]]


def lags_of(stories: int) -> Lags:
    """Seconds from the end of the embargo to each step, for every story."""
    logs.configure("bench", level="ERROR", pretty=False)
    with TemporaryDirectory() as folder, EmbeddedRedis(Path(folder) / "redis") as server:
        return asyncio.run(_run(server.url, Path(folder) / "site", stories))


async def _run(redis_url: str, folder: Path, stories: int) -> Lags:
    async with _door(redis_url, folder) as door, Redis.from_url(redis_url) as redis:
        due = datetime.now(UTC) + timedelta(seconds=SECONDS_TO_SEND)
        articles = [sample.article(number) for number in range(stories)]
        held = [
            one.model_copy(update={"embargoed": due, "date_published": None}) for one in articles
        ]
        bodies = [one.model_dump_json(exclude_defaults=True) for one in held]
        await asyncio.gather(*(door.post("/v1/articles", content=body) for body in bodies))
        lags: Lags = {step: [] for step in STEPS}
        for article in articles:
            for step, at in (await _steps(redis, article.uri)).items():
                lags[step].append(at - due.timestamp())
        return lags


@asynccontextmanager
async def _door(redis_url: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Ingest's HTTP door, with all services behind it."""
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_INGEST__KEYS": KEY,
        "WIREDESK_SITE__FOLDER": str(folder),
    }
    settings = Settings.load(None, environ)
    async with AsyncExitStack() as stack:
        apps = [service.build(settings).app() for service in SERVICES]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=apps[-1]),
            base_url="http://ingest",
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        yield await stack.enter_async_context(client)


async def _steps(redis: Redis, uri: str) -> dict[str, float]:
    """When each step was made, in seconds since 1970, once all have been."""
    while True:
        entries: Any = await redis.xrange(Keys().of(uri, "timeline"))
        made = {fields[b"step"].decode(): int(at.split(b"-")[0]) / 1000 for at, fields in entries}
        if STEPS.keys() <= made.keys():
            return {step: made[step] for step in STEPS}
        await asyncio.sleep(0.05)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few stories")
    stories = QUICK_STORIES if parser.parse_known_args()[0].quick else STORIES
    lags = lags_of(stories)
    conditions = f"fsync always, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    title = f"{stories} stories whose embargo ends in one moment, seconds after it"
    table = Table(title=title, caption=conditions)
    table.add_column("step")
    for column in ("min", "p50", "p95", "max"):
        table.add_column(column, justify="right")
    for step, words in STEPS.items():
        parts = quantiles(lags[step], n=20)
        cells = (min(lags[step]), parts[9], parts[18], max(lags[step]))
        table.add_row(words, *(f"{cell:.3f}" for cell in cells))
    table.add_section()
    table.add_row("target for the first", ">= 0", "", f"< {MOST_P95_SECONDS:g}")
    Console().print(table)


if __name__ == "__main__":
    main()
