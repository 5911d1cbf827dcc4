"""The sandbox as a run uses it: who posts there, which answers fail, and what stands there."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx

from services.publish import channels
from services.publish.delivery.caps import Caps
from services.publish.delivery.destinations import Destination
from services.publish.delivery.enrol import enrolled
from services.sandbox.app import PLUGS as PLATFORMS
from shared.http import HttpSettings, public_client
from shared.plugs import find_plugs
from tests.chaos.crash_points import AFTER_SEND, Board
from tests.chaos.evidence import marks_in
from tests.chaos.social.evidence import Seen, Terms

CHANNELS = find_plugs(channels)
ENDLESS = 1_000_000
ACTS = ("post", "edit", "delete")
LOOK_SECONDS = 0.02


async def terms_of(address: str) -> dict[str, Terms]:
    """What every platform can do, as its channel says. Each is a destination of the same name."""
    found = {}
    async with public_client(HttpSettings(allow_networks=())) as http:
        for name, platform in PLATFORMS.items():
            plug = CHANNELS[name]
            settings = plug.Settings.model_validate(platform.settings(address))
            caps: Caps = plug.open_channel(settings, http).caps
            is_blind = caps.idempotency == "none" and not caps.finds
            has_key_only = caps.idempotency == "key" and not (caps.finds or caps.edits)
            found[name] = Terms(caps.edits, caps.deletes, is_blind, has_key_only)
    return found


def destination(name: str, terms: Terms, address: str) -> Destination:
    """The account at that platform, without brakes: a run is to end within minutes."""
    fields = {
        "name": name,
        "channel": name,
        "settings": PLATFORMS[name].settings(address),
        "created": datetime.now(UTC),
        "concurrency": terms.calls,
        "on_unknown": "resend" if terms.resends else "hold",
        "max_per_hour": None,
        "max_age_hours": None,
        "pace_seconds": 0,
    }
    return enrolled(CHANNELS, fields)


class Outside:
    """The sandbox at an address. Which calls it fails follows from the seed."""

    def __init__(self, http: httpx.AsyncClient, seed: int) -> None:
        self._http = http
        self._rng = Random(seed)

    async def order(self, name: str, shares: Mapping[str, float]) -> None:
        """Let so many of the calls fail, by kind, as long as the run lasts."""
        for kind, share in shares.items():
            for act in ACTS if share else ():
                words = {"chance": share, "seed": self._rng.randrange(ENDLESS)}
                await self._fault(platform=name, kind=kind, act=act, times=ENDLESS, **words)

    async def withheld(self) -> dict[str, int]:
        """By platform, the posts that were taken and not answered because of that."""
        found: dict[str, int] = {}
        for fault in await self._orders():
            if fault["act"] == "post" and fault["chance"] < 1:
                name = fault["platform"]
                found[name] = found.get(name, 0) + ENDLESS - fault["times"]
        return found

    async def strike(self, board: Board, names: list[str], kill: Callable[[], bool]) -> None:
        """Let who is to die after it has sent have its post taken, and no answer."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if board.armed != AFTER_SEND:
                continue
            name = self._rng.choice(names)
            await self._fault(platform=name, kind="hang", act="post")
            while board.armed == AFTER_SEND and await self._hangs(name):
                await asyncio.sleep(LOOK_SECONDS)
            kill()

    async def _hangs(self, name: str) -> bool:
        """Whether the order has not met a call yet."""
        mine = [fault for fault in await self._orders() if fault["chance"] == 1]
        return any(fault["platform"] == name for fault in mine)

    async def posts(self) -> list[Seen]:
        """All posts there ever were, in the order in which they were made."""
        told = (await self._http.get("/-/posts")).json()
        return [_seen(post) for post in sorted(told, key=lambda post: post["made_at"])]

    async def _orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._http.get("/-/faults")).json()
        return found

    async def _fault(self, **words: object) -> None:
        (await self._http.post("/-/faults", json=words)).raise_for_status()


def _seen(post: Mapping[str, Any]) -> Seen:
    said = tuple(marks_in([text]) for text in post["texts"])
    is_deleted = bool(post["deleted_at"])
    return Seen(post["platform"], post["id"], post["made_at"], said, is_deleted)
