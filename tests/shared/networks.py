"""A network in which nobody answers, resolvers that say what a test wants, and a visitor."""

import socket
from collections.abc import Sequence

import httpcore
import httpx

from shared.http import HttpSettings, PublicClient, Resolve, new_request

LOOPBACK = "127.0.0.1"
NOTHING_OPENED = HttpSettings.model_validate({"allow_networks": []})
LOOPBACK_OPENED = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})


class NoNetwork(httpcore.AsyncNetworkBackend):
    """A network in which nobody answers, and which knows whom it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        *_: object,
        **__: object,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append((host, port))
        raise httpcore.ConnectError("nobody answers")


def answering(*answers: Sequence[str]) -> Resolve:
    """A resolver that gives these answers one after the other, and then the last for ever."""
    waiting = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return resolve


async def worst(host: str, port: int) -> Sequence[str]:
    """Numbers in all their spellings as the system reads them; every name is this machine."""
    host.encode("idna")
    try:
        found = socket.getaddrinfo(host, 80, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return [LOOPBACK]
    return [str(sockaddr[0]) for *_, sockaddr in found]


async def visit(client: PublicClient, url: str) -> httpx.Response:
    return await client.call(new_request("GET", url))
