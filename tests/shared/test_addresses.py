"""Which addresses are called: no disguise, no rebinding and no mixed answer opens a private one."""

import json
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from hypothesis import given, strategies as st

from shared.addresses import is_public, may_call, refused_at_sight
from shared.http import AddressRefused, Resolve, public_client
from tests.shared.networks import (
    LOOPBACK,
    LOOPBACK_OPENED,
    NOTHING_OPENED,
    NoNetwork,
    answering,
    visit,
    worst,
)

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "ssrf-bypass" / "urls.json"
PUBLIC, PUBLIC_V6 = "93.184.216.34", "2606:2800:21f:cb07::1"

FORBIDDEN = [
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://169.254.169.254/latest/meta-data/",
    "http://172.31.255.255/",
    "http://192.0.0.192/",
    "http://192.88.99.1/",
    "http://192.168.257/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://metadata.google.internal/",
    "http://user:word@93.184.216.34/",
    "http://user@93.184.216.34/",
    "http://93.184.216.34:8080/",
    "http://93.184.216.34:22/",
    "http://93.184.216.34:99999/",
    "http://93.184.216.34:65616/",
    "ws://93.184.216.34/",
    "ftp://93.184.216.34/",
    "file:///etc/passwd",
    "unix:///run/redis.sock",
    "http+unix://%2Frun%2Fredis.sock/",
    "//93.184.216.34/",
    "/hooks",
    "http:///",
    "http://",
    "",
    "http://[::1/",
    "http://" + "a" * 64 + ".example/",
    "http://a..example/",
    "http://127.0.0.1\t/",
    "javascript:alert(1)",
]


async def reached(urls: Iterable[str], resolve: Resolve) -> list[str]:
    """The addresses that were not refused, each with what became of it."""
    network, slipped = NoNetwork(), []
    async with public_client(NOTHING_OPENED, resolve=resolve, network=network) as client:
        for url in urls:
            try:
                await visit(client, url)
            except AddressRefused:
                continue
            except httpx.TransportError as error:
                slipped.append(f"{url}: {error!r} {network.asked}")
    return slipped + [str(asked) for asked in network.asked]


async def test_no_disguise_of_a_forbidden_address_is_called() -> None:
    assert not await reached(FORBIDDEN, worst)


@pytest.mark.skipif(not CORPUS.exists(), reason="the collection of addresses is not here")
async def test_no_address_of_the_collection_is_called() -> None:
    assert not await reached(json.loads(CORPUS.read_text()), worst)


@pytest.mark.parametrize(
    "url", ["http:///", "/hooks", "//a.test/", "http://u@a.test/", "ws://a.test/"]
)
async def test_what_is_no_plain_address_is_not_even_looked_up(url: str) -> None:
    assert not await reached([url], answering([PUBLIC]))


async def test_a_public_address_is_called_where_it_was_judged() -> None:
    network = NoNetwork()
    resolve = answering([PUBLIC], [LOOPBACK])
    async with public_client(NOTHING_OPENED, resolve=resolve, network=network) as client:
        with pytest.raises(httpx.ConnectError, match="nobody answers"):
            await visit(client, "http://rebind.test/")
        with pytest.raises(AddressRefused):
            await visit(client, "http://rebind.test/")
    assert network.asked == [(PUBLIC, 80)]


@pytest.mark.parametrize("mixed", [[PUBLIC, LOOPBACK], [LOOPBACK, PUBLIC], [PUBLIC_V6, "::1"]])
async def test_one_forbidden_answer_poisons_the_name(mixed: list[str]) -> None:
    assert not await reached(["http://multi.test/"], answering(mixed))


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    network = NoNetwork()
    resolve = answering([PUBLIC_V6, PUBLIC, PUBLIC])
    async with public_client(NOTHING_OPENED, resolve=resolve, network=network) as client:
        with pytest.raises(httpx.ConnectError, match="nobody answers"):
            await visit(client, "https://two.test/")
    assert network.asked == [(PUBLIC_V6, 443), (PUBLIC, 443)]


async def test_a_name_with_a_thousand_addresses_is_not_tried_a_thousand_times() -> None:
    network = NoNetwork()
    resolve = answering([f"93.184.{high}.{low}" for high in range(10) for low in range(100)])
    async with public_client(NOTHING_OPENED, resolve=resolve, network=network) as client:
        with pytest.raises(httpx.ConnectError):
            await visit(client, "https://many.test/")
    assert len(network.asked) == 3


@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_V6, "1.1.1.1", "::ffff:93.184.216.34"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)
    assert may_call(address, 443, ())
    assert not may_call(address, 8080, ())


@pytest.mark.parametrize("port", [-1, 0, 65_536, 99_999])
def test_what_is_no_port_is_not_called(port: int) -> None:
    assert may_call(LOOPBACK, 65_535, LOOPBACK_OPENED.allow_networks)
    assert not may_call(LOOPBACK, port, LOOPBACK_OPENED.allow_networks)


@given(st.ip_addresses(v=4))
def test_an_address_dressed_as_ipv6_is_judged_as_the_one_inside(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


@given(st.ip_addresses())
def test_nothing_private_is_public(address: object) -> None:
    if getattr(address, "is_private", False) or getattr(address, "is_multicast", False):
        assert not is_public(str(address))


@given(st.text(max_size=20))
def test_what_is_no_address_is_not_called(text: str) -> None:
    assert not is_public(text + "?")
    assert not may_call(text + "?", 443, ())


SEEN_ONLY_BY_LOOKING_UP = {"http://a..example/", "http://" + "a" * 64 + ".example/"}


@pytest.mark.parametrize("url", [url for url in FORBIDDEN if url not in SEEN_ONLY_BY_LOOKING_UP])
def test_a_forbidden_address_is_refused_at_sight(url: str) -> None:
    assert refused_at_sight(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://partner.example/hooks?key=1",
        "http://partner.example:80/",
        "http://93.184.216.34/",
        "https://[2606:2800:21f:cb07::1]/",
        "https://新聞.台灣/",
        "https://local.example/",
    ],
)
def test_what_may_be_public_is_left_to_the_call(url: str) -> None:
    assert refused_at_sight(url, ()) == ""


def test_where_a_network_is_opened_names_may_lead_into_it_and_its_addresses_are_called() -> None:
    opened = LOOPBACK_OPENED.allow_networks
    for url in ("http://receiver:9000/", "http://localhost/", "http://127.0.0.1:8080/"):
        assert refused_at_sight(url, opened) == ""
    assert refused_at_sight("http://10.0.0.1/", opened) == "10.0.0.1:80 is not public"


@given(st.text(max_size=40))
def test_no_text_makes_the_look_at_an_address_fail(text: str) -> None:
    for url in (text, f"http://{text}", f"https://{text}/"):
        refused_at_sight(url, ())
