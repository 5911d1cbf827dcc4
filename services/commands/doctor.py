"""`wiredesk doctor`: is this installation set up so that nothing can be lost?"""

import asyncio
import importlib.util
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Any, Literal

import typer
from redis.exceptions import RedisError, ResponseError
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.instance import Instance, State, load_settings
from shared.errors import Misconfigured
from shared.redis import RedisSettings, connect
from shared.redis_server import find_server

Verdict = Literal["well", "warning", "wrong"]
COLOURS = {"well": "green", "warning": "yellow", "wrong": "red"}
OLDEST_REDIS = (6, 2)
MAX_SKEW_SECONDS = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do when it is not well."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""


def doctor(
    state: StateOption = DEFAULT_STATE, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Look for what could lose or delay news: Redis' settings, clocks, packages, folders.

    Example: wiredesk doctor
    """
    url = load_settings(config).section("redis", RedisSettings).url.get_secret_value()
    findings = [*_here(state, url), *asyncio.run(_redis(state, config))]
    if as_json:
        console.print_json(data=[asdict(finding) for finding in findings])
    else:
        table = Table("looked at", "", "found", "what to do")
        for one in findings:
            colour = COLOURS[one.verdict]
            verdict = plain(one.verdict, colour)
            table.add_row(one.name, verdict, plain(one.detail), plain(one.advice))
        console.print(table)
    if any(finding.verdict == "wrong" for finding in findings):
        raise typer.Exit(1)


def _here(state: Path, redis_url: str) -> Iterator[Finding]:
    """What can be seen without Redis."""
    for name in ("services", "shared"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).parent if spec and spec.origin else Path()
        ours = (origin.parent / "services" / "cli.py").exists()
        advice = "" if ours else "another package took the name: install wiredesk by itself"
        yield Finding(f"package {name}", "well" if ours else "wrong", str(origin), advice)
    if not redis_url:
        yield _embedded()
    key = State(state).key
    if key.exists():
        private = key.stat().st_mode & 0o077 == 0
        advice = "" if private else f"chmod 600 {key}"
        yield Finding("local key", "well" if private else "wrong", str(key), advice)


def _embedded() -> Finding:
    try:
        return Finding("redis-server", "well", str(find_server()))
    except Misconfigured as error:
        return Finding("redis-server", "wrong", str(error), "install redis-server, or set its url")


async def _redis(state: Path, config: Path | None) -> list[Finding]:
    try:
        url = Instance.find(state, config).redis_url
        async with connect(url) as redis:
            server: Any = await redis.info()
            seconds, micros = await redis.time()
            policies = await _policies(redis)
    except Misconfigured as error:
        return [Finding("Redis", "warning", str(error))]
    except (RedisError, OSError) as error:
        return [Finding("Redis", "wrong", str(error), "start it, or mend [redis] url")]
    skew = abs(time() - seconds - micros / 1e6)
    return [
        _version(server["redis_version"]),
        *_durability(server, policies),
        Finding("clock", "well" if skew < MAX_SKEW_SECONDS else "warning", f"{skew:.3f} s apart"),
    ]


async def _policies(redis: Any) -> dict[str, str]:  # noqa: ANN401  # single and cluster clients differ
    try:
        names = ("appendfsync", "maxmemory-policy")
        return {name: (await redis.config_get(name)).get(name, "") for name in names}
    except ResponseError:  # managed servers do not let clients ask
        return {}


def _version(text: str) -> Finding:
    version = tuple(int(part) for part in text.split(".")[:2])
    well = version >= OLDEST_REDIS
    return Finding(
        "Redis version", "well" if well else "wrong", text, "" if well else "6.2 or newer"
    )


def _durability(server: dict[str, Any], policies: dict[str, str]) -> Iterator[Finding]:
    aof = bool(server.get("aof_enabled"))
    yield Finding(
        "append-only file",
        "well" if aof else "wrong",
        "on" if aof else "off",
        "" if aof else "appendonly yes: without it a restart loses everything",
    )
    wanted = {
        "appendfsync": ("always", "everysec loses up to a second at a power cut"),
        "maxmemory-policy": ("noeviction", "any other policy throws accepted news away"),
    }
    for name, (value, why) in wanted.items():
        found = policies.get(name, "unknown")
        well = found == value
        yield Finding(name, "well" if well else "warning", found, "" if well else f"{value}: {why}")
