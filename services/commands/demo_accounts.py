"""An account on every platform of the sandbox, for a demonstration; whichever there are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from services.commands.deliveries import open_post
from services.demo.wall import Platform
from services.instance import opened_to_loopback
from services.publish import channels
from services.publish.delivery.channel import Channel
from services.publish.delivery.destinations import Destination
from services.publish.delivery.enrol import channel_settings
from services.sandbox.app import PLUGS as PLATFORMS
from shared.http import HttpSettings, PublicClient, public_client
from shared.plugs import find_plugs
from shared.settings import Settings

MOST_AGE_HOURS = 12.0
"""The newsroom sends five days at once; followers are told of half a day."""


def environment(settings: Settings) -> dict[str, str]:
    """What lets publish call this machine."""
    opened = opened_to_loopback(settings.section("http", HttpSettings))
    return {"WIREDESK_HTTP__ALLOW_NETWORKS": ",".join(map(str, opened.allow_networks))}


async def add_accounts(state: Path, address: str) -> None:
    """Let the installation post to every platform of the sandbox at that address."""
    async with open_post(state, None) as post:
        for destination in _accounts(address):
            await post.destinations.add(destination)


async def followed(address: str) -> list[Platform]:
    """What each platform's channel can do."""
    async with public_client(HttpSettings(allow_networks=())) as http:
        return [_followed(destination, http) for destination in _accounts(address)]


def _accounts(address: str) -> Iterator[Destination]:
    for name, platform in PLATFORMS.items():
        yield Destination(
            name=name,
            channel=name,
            settings=dict(platform.settings(address)),
            created=datetime.now(UTC),
            max_age_hours=MOST_AGE_HOURS,
        )


def _followed(destination: Destination, http: PublicClient) -> Platform:
    plug = find_plugs(channels)[destination.channel]
    settings = channel_settings(plug, destination.settings)
    channel: Channel = plug.open_channel(settings, http)
    return Platform(destination.name, edits=channel.caps.edits, deletes=channel.caps.deletes)
