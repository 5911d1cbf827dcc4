"""Opening a channel: its plug, the checked settings of a destination, and a place to remember."""

from types import ModuleType

from pydantic import BaseModel

from services.publish.delivery.channel import Channel, Remembering
from services.publish.delivery.memory import Memory
from shared.http import PublicClient


def opened(plug: ModuleType, settings: BaseModel, http: PublicClient, memory: Memory) -> Channel:
    """The channel for one destination. One that remembers nothing need not know of `memory`."""
    channel: Channel = plug.open_channel(settings, http)
    if isinstance(channel, Remembering):
        channel.remember_in(memory)
    return channel
