"""Wiring of the console: operators sign in with a key, and look at what wiredesk would do.

/sign-in, /sign-out    the door
/preview               what each destination would show of a story
/console.css           how it looks
"""

from pydantic import PositiveInt
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from services.console.door import Door
from services.console.pages import style
from services.console.previews import Previews
from services.console.sessions import Sessions
from services.preview.story import NOWHERE, Newsroom
from shared.bus import Bus
from shared.doorkeeper import Entrance
from shared.hop import StreamSettings
from shared.http import HttpSettings
from shared.keyring import Keyring
from shared.redis import RedisSettings
from shared.service import Service
from shared.settings import Settings
from shared.streams import Keys

HOME = "/preview"


class ConsoleSettings(Entrance):
    """Settings `[console]`."""

    max_body_bytes: PositiveInt


def build(settings: Settings) -> Service:
    """The service, not started. Call inside a running event loop."""
    own = settings.section("console", ConsoleSettings)
    streams = settings.section("streams", StreamSettings)
    bus = Bus(settings.section("redis", RedisSettings).url.get_secret_value(), streams)
    sessions = Sessions(bus.redis, Keyring(bus.redis, own.plain_keys))
    door = Door(sessions, home=HOME, max_body=own.max_body_bytes)
    newsroom = Newsroom(settings, bus.redis, Keys(streams.partitions), NOWHERE)
    previews = Previews(newsroom, settings.section("http", HttpSettings))
    return Service(
        "console",
        bus,
        [
            Route("/", _home),
            Route("/console.css", style),
            *door.routes(),
            Route(HOME, door.guarded(previews.page)),
            Route(HOME, door.guarded_post(previews.of_text), methods=["POST"]),
        ],
    )


async def _home(_: Request) -> Response:
    return RedirectResponse(HOME, 303)
