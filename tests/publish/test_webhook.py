"""Webhooks against a real receiver: what it gets, and what its answers do."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.publish.channels.webhook import Settings, Webhook, open_channel
from services.publish.delivery.channel import Announcement, Channel
from services.publish.delivery.message_key import message_key
from services.publish.delivery.row import OPS, Op
from services.publish.delivery.signature import accepts
from shared.article import Article
from shared.http import AddressRefused, HttpSettings, PublicClient, public_client
from tests.publish.receiver import Behaviour, Receiver, answer, reset

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
URL = "https://daily.example/news/20261123/k3f9a2m7q4xwb"
LOOPBACK = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
TAIPEI = timezone(timedelta(hours=8))
STORY: dict[str, Any] = {
    "uri": "tag:daily.example,2026:bridge",
    "version": 2,
    "headline": "跨河便橋通車　通勤省下二十分鐘",
    "section": "地方",
    "language": "zh-Hant-TW",
    "byline": "記者林小雨／新北報導",
    "body_html": '<p>便橋今天通車。<a href="/news/1">前情</a></p>',
    "body_text": "便橋今天通車。前情",
    "ednote": "請勿外傳",
    "tags": [{"name": "便橋", "evidence": "標題"}],
    "correction": {"kind": "correction", "text": "通車時間應為上午七時。"},
    "version_created": "2026-11-23T11:00:00+08:00",
    "date_published": "2026-11-23T09:30:00+08:00",
    "date_modified": "2026-11-23T10:30:00+08:00",
}


def story(**fields: object) -> Article:
    return Article.model_validate_json(json.dumps(STORY | fields))


def announcement(op: Op = "put", *, first: bool = False, **fields: object) -> Announcement:
    return Announcement(story(**fields), op, URL, first)


def settings(url: str = "https://partner.example/hooks", **fields: object) -> Settings:
    return Settings.model_validate({"url": url, "secrets": [OLD], **fields})


class Clock:
    """Milliseconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_795_397_400_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def http() -> AsyncIterator[PublicClient]:
    async with public_client(LOOPBACK) as client:
        yield client


def notice(channel: Channel, told: Announcement) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(channel.render(told).body)
    return found


def test_a_thin_notice_has_the_headline_and_where_to_read_on(http: PublicClient) -> None:
    assert notice(Webhook(settings(), http, Clock()), announcement(first=True)) == {
        "type": "article.published",
        "timestamp": "2026-11-23T03:00:00Z",
        "data": {
            "uri": "tag:daily.example,2026:bridge",
            "version": 2,
            "url": URL,
            "headline": "跨河便橋通車　通勤省下二十分鐘",
            "section": "地方",
            "language": "zh-Hant-TW",
            "date_published": "2026-11-23T01:30:00Z",
            "date_modified": "2026-11-23T02:30:00Z",
            "correction": {"kind": "correction", "text": "通車時間應為上午七時。"},
            "lane": "routine",
        },
    }


def test_a_full_notice_has_all_that_readers_may_see(http: PublicClient) -> None:
    channel = Webhook(settings(thin=False), http, Clock())
    data = notice(channel, announcement(urgency=1))["data"]
    assert data["lane"] == "flash"
    assert data["byline"] == "記者林小雨／新北報導"
    assert data["body_text"] == "便橋今天通車。前情"
    assert 'href="https://daily.example/news/1"' in data["body_html"]
    assert data["tags"][0]["name"] == "便橋"
    assert "請勿外傳" not in channel.render(announcement()).body.decode()


@pytest.mark.parametrize("thin", [True, False])
def test_a_kill_names_the_story_and_says_no_more(http: PublicClient, *, thin: bool) -> None:
    channel = Webhook(settings(thin=thin), http, Clock())
    told = notice(channel, announcement("kill", pubstatus="canceled"))
    assert told["type"] == "article.withdrawn"
    assert told["data"] == {"uri": "tag:daily.example,2026:bridge", "version": 2, "url": URL}


def test_the_second_notice_of_a_story_is_an_update(http: PublicClient) -> None:
    assert notice(Webhook(settings(), http, Clock()), announcement())["type"] == "article.updated"


@pytest.mark.parametrize(
    ("fields", "timestamp"),
    [
        ({"version_created": None}, "2026-11-23T02:30:00Z"),
        ({"version_created": None, "date_modified": None}, "2026-11-23T01:30:00Z"),
        ({"version_created": None, "date_modified": None, "date_published": None}, None),
    ],
)
def test_the_timestamp_is_the_versions_own(
    http: PublicClient, fields: dict[str, object], timestamp: str | None
) -> None:
    told = notice(Webhook(settings(), http, Clock()), announcement(**fields))
    assert told.get("timestamp") == timestamp


async def test_every_try_has_the_same_id_and_body_and_its_own_time(
    receiver: Receiver, http: PublicClient
) -> None:
    clock, key = Clock(), message_key(STORY["uri"], 2, "put", "partner")
    channel = open_channel(settings(receiver.url), http, clock)
    for _ in range(2):
        await channel.deliver(channel.render(announcement()), key, "")
        clock.now += 5_000
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == key
    assert first.headers["webhook-timestamp"] == "1795397400"
    assert second.headers["webhook-timestamp"] == "1795397405"
    assert (first.method, first.target) == ("POST", "/hooks")
    assert first.headers["content-type"] == "application/json"


async def test_the_receiver_can_tell_that_it_was_us(receiver: Receiver, http: PublicClient) -> None:
    clock = Clock()
    channel = open_channel(settings(receiver.url, secrets=[OLD, NEW]), http, clock)
    await channel.deliver(channel.render(announcement()), "msg_1", "")
    [request] = receiver.received
    for secret in (OLD, NEW):
        assert accepts([secret], request.headers, request.body, clock.now // 1_000)
    assert not accepts([OLD], request.headers, request.body + b" ", clock.now // 1_000)


async def test_the_clock_of_a_channel_is_the_real_one(
    receiver: Receiver, http: PublicClient
) -> None:
    channel = open_channel(settings(receiver.url), http)
    await channel.delete(channel.render(announcement("kill")), "msg_1", "")
    sent_at = int(receiver.received[0].headers["webhook-timestamp"])
    assert abs(sent_at - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize(
    ("behaviour", "put", "kill"),
    [
        (answer(202), "done", "done"),
        (answer(410), "stopped", "done"),
        (answer(404), "refused", "done"),
        (answer(308, location="https://elsewhere.example/"), "refused", "refused"),
        (answer(429, retry_after="7"), "retry", "retry"),
        (answer(503), "retry", "retry"),
        (answer(500), "unknown", "unknown"),
        (reset, "unknown", "unknown"),
    ],
    ids=["202", "410", "404", "308", "429", "503", "500", "reset"],
)
async def test_what_the_receiver_does_decides(
    receiver: Receiver, http: PublicClient, behaviour: Behaviour, put: str, kill: str
) -> None:
    receiver.plan(behaviour)
    channel = open_channel(settings(receiver.url), http)
    verdicts = {op: channel.classify(await sent(channel, op), op).verdict for op in OPS}
    assert verdicts == {"put": put, "kill": kill}


@pytest.mark.parametrize(
    ("behaviour", "is_proof"),
    [
        (answer(204), False),
        (answer(404), False),
        (answer(410), False),
        (answer(200, b'{"status": "gone"}'), True),
        (answer(200, b'{"status": "queued"}'), False),
        (answer(200, b'["gone"]'), False),
        (answer(200, b"[" * 9_000), False),
        (answer(503, b'{"status": "gone"}'), False),
    ],
    ids=["204", "404", "410", "gone", "queued", "list", "deep", "503"],
)
async def test_a_withdrawal_is_proven_only_by_a_receiver_that_says_so(
    receiver: Receiver, http: PublicClient, behaviour: Behaviour, *, is_proof: bool
) -> None:
    receiver.plan(behaviour)
    channel = open_channel(settings(receiver.url), http)
    outcome = channel.classify(await sent(channel, "kill"), "kill")
    assert outcome.is_proof == is_proof
    assert not channel.classify(await sent(channel, "put"), "put").is_proof


async def test_a_receiver_cannot_be_looked_into(http: PublicClient) -> None:
    channel = open_channel(settings(), http)
    assert (await channel.find(URL, "", 0)).verdict == "unknown"
    assert (channel.caps.finds, channel.caps.verifies) == (False, False)


async def test_a_retry_after_that_is_a_date_is_read_by_the_channels_clock(
    receiver: Receiver, http: PublicClient
) -> None:
    clock = Clock()
    later = datetime.fromtimestamp(clock.now / 1_000 + 90, UTC)
    receiver.plan(answer(503, retry_after=format_datetime(later)))
    channel = open_channel(settings(receiver.url), http, clock)
    assert channel.classify(await sent(channel, "put"), "put").after_ms == 90_000


async def sent(channel: Channel, op: Op) -> httpx.Response | Exception:
    """What came back: an answer, or what the network raised."""
    act = channel.delete if op == "kill" else channel.deliver
    try:
        return await act(channel.render(announcement(op)), "msg_1", "")
    except httpx.HTTPError as error:
        return error


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "https://u:p@partner.example/", "http://[::1/"]
)
async def test_an_address_that_may_not_be_called_stops_the_destination(url: str) -> None:
    closed = HttpSettings.model_validate({"allow_networks": []})
    async with public_client(closed) as client:
        channel = open_channel(settings(url), client)
        error = await sent(channel, "put")
    assert isinstance(error, AddressRefused)
    assert channel.classify(error, "put").verdict == "stopped"


async def test_a_receiver_that_does_not_listen_is_tried_again(http: PublicClient) -> None:
    async with Receiver() as receiver:
        url = receiver.url
    channel = open_channel(settings(url), http)
    error = await sent(channel, "put")
    assert isinstance(error, httpx.ConnectError)
    assert channel.classify(error, "put").verdict == "retry"


@pytest.mark.parametrize(
    "fields",
    [
        {"secrets": []},
        {"secrets": [OLD, NEW, OLD]},
        {"secrets": ["geheim"]},
        {"url": "ftp://partner.example/"},
        {"colour": "red"},
    ],
)
def test_settings_that_cannot_work_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**fields)


def test_secrets_are_not_printed() -> None:
    assert OLD not in repr(settings())
