"""Outgoing requests: how long and how much of us a stranger may take, and what he is told."""

import asyncio
import gzip
import os
import socket
import time
import zlib
from collections.abc import Sequence

import httpx
import pytest

from shared.errors import Misconfigured
from shared.http import AddressRefused, HttpSettings, new_request, public_client
from shared.settings import Settings
from tests.publish.receiver import Behaviour, Receiver, answer, drip, flood, hang, reset
from tests.shared.networks import LOOPBACK, LOOPBACK_OPENED, NOTHING_OPENED, answering, visit


async def test_a_name_that_does_not_exist_may_exist_later() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with public_client(NOTHING_OPENED, resolve=resolve) as client:
        with pytest.raises(httpx.ConnectError, match="not known") as caught:
            await visit(client, "http://nobody.test/")
    assert not isinstance(caught.value, AddressRefused)


async def test_opened_networks_are_called_on_any_port() -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        assert (await visit(client, receiver.url)).status_code == 204
        [request] = receiver.received
        assert request.headers["accept-encoding"] == "identity"


async def test_what_is_not_opened_stays_shut() -> None:
    async with Receiver() as receiver, public_client(NOTHING_OPENED) as client:
        with pytest.raises(AddressRefused):
            await visit(client, receiver.url)
        assert receiver.connections == 0


async def test_host_and_certificate_keep_the_name() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4_096))
        writer.close()

    server = await asyncio.start_server(listen, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    resolve = answering([LOOPBACK])
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED, resolve=resolve) as client:
        await visit(client, f"http://daily.test:{receiver.port}/")
        assert receiver.received[0].headers["host"] == f"daily.test:{receiver.port}"
        with pytest.raises(httpx.ConnectError):
            await visit(client, f"https://daily.test:{port}/")
    assert b"daily.test" in await hello
    server.close()


async def test_proxies_of_the_environment_are_ignored() -> None:
    os.environ["HTTP_PROXY"] = os.environ["ALL_PROXY"] = "http://127.0.0.1:9"
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        assert (await visit(client, receiver.url)).status_code == 204


@pytest.mark.parametrize("behaviour", [hang, drip])
async def test_the_whole_call_has_one_deadline(behaviour: Behaviour) -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(behaviour)
        begun = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await client.call(new_request("POST", receiver.url), deadline_s=0.3)
        assert 0.25 < time.monotonic() - begun < 5
        receiver.plan(answer(204))
        assert (await visit(client, receiver.url)).status_code == 204


async def test_a_resolver_that_hangs_meets_the_deadline() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with public_client(NOTHING_OPENED, resolve=resolve) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.call(new_request("GET", "http://slow.test/"), deadline_s=0.1)


async def test_ten_megabytes_are_read_to_sixteen_kilobytes() -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(flood(10_000_000))
        whole = await visit(client, receiver.url)
        assert whole.status_code == 200
        assert whole.content == b"x" * 16_384
        receiver.plan(answer(200, b"short"))
        assert (await visit(client, receiver.url)).text == "short"
        assert receiver.connections == 2


async def test_a_whole_answer_leaves_the_connection_for_the_next_call() -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(answer(200, b"well"))
        for _ in range(3):
            assert (await visit(client, receiver.url)).text == "well"
        assert receiver.connections == 1


async def test_a_packed_answer_stays_packed() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(answer(200, bomb, content_encoding="gzip"))
        assert (await visit(client, receiver.url)).content == bomb


async def test_the_receiver_does_not_choose_how_its_text_is_read() -> None:
    body = zlib.compress("不收".encode())
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(answer(422, body, content_type="text/plain; charset=zlib"))
        assert "不收" not in (await visit(client, receiver.url)).text
        receiver.plan(answer(422, "不收".encode(), content_type="text/plain; charset=big5"))
        assert (await visit(client, receiver.url)).text == "不收"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with Receiver() as receiver, Receiver() as other:
        receiver.plan(answer(307, location=other.url))
        async with public_client(LOOPBACK_OPENED) as client:
            assert (await visit(client, receiver.url)).status_code == 307
        assert not other.received


async def test_cookies_are_not_kept() -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(answer(204, set_cookie="visitor=1; Path=/"))
        await visit(client, receiver.url)
        await visit(client, receiver.url)
        assert "cookie" not in receiver.received[1].headers


async def test_a_broken_connection_is_a_transport_error() -> None:
    async with Receiver() as receiver, public_client(LOOPBACK_OPENED) as client:
        receiver.plan(reset)
        with pytest.raises(httpx.TransportError) as caught:
            await visit(client, receiver.url)
    assert not isinstance(caught.value, httpx.ConnectError)


def test_networks_come_from_the_environment() -> None:
    environ = {"WIREDESK_HTTP__ALLOW_NETWORKS": "127.0.0.0/8, fd00::/8"}
    opened = Settings.load(None, environ).section("http", HttpSettings).allow_networks
    assert [str(network) for network in opened] == ["127.0.0.0/8", "fd00::/8"]
    assert not Settings.load(None, {}).section("http", HttpSettings).allow_networks
    with pytest.raises(Misconfigured, match="WIREDESK_HTTP__ALLOW_NETWORKS"):
        Settings.load(None, {"WIREDESK_HTTP__ALLOW_NETWORKS": "home"}).section("http", HttpSettings)
