"""The API of subscribers through its front door: what they may do, and what they are told."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate
from redis.asyncio import Redis
from standardwebhooks import Webhook, WebhookVerificationError
from structlog.testing import capture_logs

from services.publish.delivery.destinations import Destinations
from services.publish.delivery.ledger import Change, Ledger
from services.publish.delivery.row import Row
from shared.streams import Keys
from tests.publish.receiver import Receiver, answer
from tests.publish.subscribers import JSON, OLD, ROOT, URL, create, publish, told


@pytest.fixture
async def api(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with publish(redis_url, tmp_path) as client:
        yield client


async def test_a_subscription_is_made_and_its_secret_shown_once(api: httpx.AsyncClient) -> None:
    answered = await api.post(ROOT, json={"name": "partner", "url": URL, "filter": "section:運動"})
    made = await told(answered, 201)
    assert answered.headers["location"] == f"{ROOT}/partner"
    assert answered.headers["cache-control"] == "no-store"
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["filter"], made["thin"]) == (URL, "section:運動", True)
    assert (made["state"], made["condition"], made["waiting"]) == ("active", "well", 0)
    one, everything = await api.get(answered.headers["location"]), await api.get(ROOT)
    assert (await told(everything, 200))["subscriptions"] == [await told(one, 200)]
    assert "whsec_" not in one.text + everything.text


async def test_without_a_name_it_gets_one_and_with_a_secret_keeps_it(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    made = await told(await api.post(ROOT, json={"url": URL, "secret": OLD}), 201)
    assert made["secret"] == OLD
    stored = await Destinations(redis).get(made["name"])
    assert stored is not None
    assert stored.settings["secrets"] == [OLD]


BAD: dict[str, tuple[JSON | bytes, set[str]]] = {
    "no url": ({}, {"url"}),
    "another scheme": ({"url": "ftp://partner.example/"}, {"url"}),
    "an address of ours": ({"url": "http://10.0.0.1/"}, {"url"}),
    "an address of ours in disguise": ({"url": "http://0x0a000001/"}, {"url"}),
    "a user in the address": ({"url": "https://u:p@partner.example/"}, {"url"}),
    "a name that cannot be": ({"url": URL, "name": "Mein Partner"}, {"name"}),
    "a filter nobody reads": ({"url": URL, "filter": "weather:sun"}, {"filter"}),
    "a secret too short": ({"url": URL, "secret": "whsec_AAAA"}, {"secret"}),
    "numbers out of range": (
        {"url": URL, "concurrency": 99, "max_per_hour": 0, "pace_seconds": -1},
        {"concurrency", "max_per_hour", "pace_seconds"},
    ),
    "a number as text": ({"url": URL, "max_per_hour": "3"}, {"max_per_hour"}),
    "no such field": ({"url": URL, "colour": "red"}, {"colour"}),
    "all at once": ({"url": "x", "filter": "x:y", "concurrency": 0}, {"url", "filter"}),
    "an address of ours and more": (
        {"url": "http://10.0.0.1/", "concurrency": 0},
        {"url", "concurrency"},
    ),
    "broken JSON": (b'{"url": ', {"body"}),
    "no object": (b"[1]", {"body"}),
    "a lone surrogate": (b'{"url": "\\ud800"}', {"body"}),
    "infinity": (b'{"url": "https://partner.example/", "pace_seconds": 1e999}', {"pace_seconds"}),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_told_field_by_field_and_leaves_no_trace(
    api: httpx.AsyncClient, redis: Redis, name: str
) -> None:
    body, fields = BAD[name]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = await api.post(ROOT, content=content)
    assert answered.headers["content-type"] == "application/problem+json"
    faults = (await told(answered, 422))["errors"]
    assert fields <= {fault["field"] for fault in faults}
    assert "AAAA" not in answered.text
    assert await Destinations(redis).all() == {}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://intranet/", "https://a.example:8443/"]
)
async def test_where_no_network_is_opened_inner_addresses_are_refused_at_once(
    redis: Redis, redis_url: str, tmp_path: Path, url: str
) -> None:
    async with publish(redis_url, tmp_path, WIREDESK_HTTP__ALLOW_NETWORKS="") as api:
        [fault] = (await told(await api.post(ROOT, json={"url": url}), 422))["errors"]
        assert (fault["field"], "not public" in fault["reason"]) == ("url", True)


async def test_a_body_that_is_too_large_is_refused(api: httpx.AsyncClient) -> None:
    await told(await api.post(ROOT, content=b" " * 100_000), 413)


async def test_a_name_is_given_away_once(api: httpx.AsyncClient) -> None:
    await create(api)
    refused = await told(await api.post(ROOT, json={"name": "partner", "url": URL}), 409)
    assert "already" in refused["detail"]


async def test_a_change_touches_what_is_named_and_null_brings_the_default_back(
    api: httpx.AsyncClient,
) -> None:
    await create(api, max_per_hour=5, filter="section:運動", thin=False)
    changed = await told(await api.patch(f"{ROOT}/partner", json={"max_per_hour": 9}), 200)
    assert (changed["max_per_hour"], changed["filter"], changed["thin"]) == (
        9,
        "section:運動",
        False,
    )
    wishes = {"max_per_hour": None, "filter": None, "thin": None, "give_up_hours": None}
    changed = await told(await api.patch(f"{ROOT}/partner", json=wishes), 200)
    assert (changed["max_per_hour"], changed["filter"], changed["thin"]) == (None, "", True)
    assert (changed["give_up_hours"], changed["url"]) == (168, URL)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"url": None}, "url"), ({"name": "other"}, "name"), ({"secret": OLD}, "secret")],
)
async def test_what_cannot_be_changed_is_told(
    api: httpx.AsyncClient, body: JSON, field: str
) -> None:
    await create(api)
    refused = await told(await api.patch(f"{ROOT}/partner", json=body), 422)
    assert refused["errors"][0]["field"] == field


async def test_what_is_removed_is_gone(api: httpx.AsyncClient, redis: Redis) -> None:
    await create(api)
    assert (await api.delete(f"{ROOT}/partner")).status_code == 204
    assert await Destinations(redis).all() == {}
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", ":test"), ("GET", "/deliveries")):
        await told(await api.request(method, f"{ROOT}/partner{path}"), 404)


async def test_pause_and_resume(api: httpx.AsyncClient) -> None:
    await create(api)
    paused = await told(await api.post(f"{ROOT}/partner:pause", json={"reason": "搬家"}), 200)
    assert (paused["state"], paused["condition"], paused["reason"]) == ("paused", "paused", "搬家")
    assert (await told(await api.post(f"{ROOT}/partner:resume"), 200))["state"] == "active"
    assert (await told(await api.post(f"{ROOT}/partner:pause"), 200))["reason"]


async def test_a_test_call_is_signed_and_its_outcome_told(api: httpx.AsyncClient) -> None:
    async with Receiver() as receiver:
        made = await create(api, receiver.url)
        outcome = await told(await api.post(f"{ROOT}/partner:test"), 200)
        assert (outcome["status"], outcome["verdict"]) == (204, "done")
        [request] = receiver.received
        notice = Webhook(made["secret"]).verify(request.body, dict(request.headers))
        assert notice["type"] == "webhook.test"
        receiver.plan(answer(401, "鑰匙不對".encode()))
        outcome = await told(await api.post(f"{ROOT}/partner:test"), 200)
    assert (outcome["status"], outcome["verdict"]) == (401, "stopped")
    assert "鑰匙不對" in outcome["error"]


async def test_after_a_rotation_both_secrets_sign_until_the_old_one_ends(
    api: httpx.AsyncClient,
) -> None:
    async with Receiver() as receiver:
        old = (await create(api, receiver.url))["secret"]
        rotated = await told(await api.post(f"{ROOT}/partner:rotate"), 200)
        until = datetime.fromisoformat(rotated["old_secret_until"])
        assert abs(until - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=1)
        shown = await told(await api.get(f"{ROOT}/partner"), 200)
        assert shown["old_secret_until"] == rotated["old_secret_until"]
        await api.post(f"{ROOT}/partner:test")
        refused = await told(await api.post(f"{ROOT}/partner:rotate"), 409)
        assert "two secrets are good already" in refused["detail"]
        newest = await told(
            await api.post(f"{ROOT}/partner:rotate", json={"overlap_hours": 0}), 200
        )
        assert newest["old_secret_until"] is None
        await api.post(f"{ROOT}/partner:test")
    during, after = receiver.received
    for secret in (old, rotated["secret"]):
        Webhook(secret).verify(during.body, dict(during.headers))
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(after.body, dict(after.headers))
    Webhook(newest["secret"]).verify(after.body, dict(after.headers))


async def test_the_log_of_deliveries_is_paged_newest_first(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    await create(api)
    ledger = Ledger(redis, Keys())
    for number in range(7):
        row = Row(f"urn:{number}", "partner", 1, "put", wanted_at=1, rev=0)
        line = ("uri", row.uri, "version", "1", "op", "put", "try", "1")
        await ledger.replace([Change(row, (*line, "outcome", "done", "error", ""))])
    seen, before = [], ""
    while before is not None:
        page = await told(
            await api.get(f"{ROOT}/partner/deliveries", params={"limit": 3, "before": before}), 200
        )
        seen += [one["uri"] for one in page["deliveries"]]
        before = page["next"]
    assert seen == [f"urn:{number}" for number in reversed(range(7))]
    assert set(page["deliveries"][0]) >= {"at", "id", "version", "op", "try", "outcome", "error"}
    for params, field in (({"limit": "0"}, "limit"), ({"before": "x"}, "before")):
        answered = await api.get(f"{ROOT}/partner/deliveries", params=params)
        assert (await told(answered, 422))["errors"][0]["field"] == field


async def test_who_did_what_is_told_and_no_secret(api: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        made = await create(api)
        rotated = (await api.post(f"{ROOT}/partner:rotate")).json()
        await api.patch(f"{ROOT}/partner", json={"thin": False})
        await api.post(f"{ROOT}/partner:pause")
        await api.post(f"{ROOT}/partner:resume")
        await api.delete(f"{ROOT}/partner")
    done = [line["event"] for line in logs if line.get("by") == "settings"]
    names = ("added", "rotated", "changed", "paused", "resumed", "removed")
    assert done == [f"destination.{name}" for name in names]
    assert made["secret"] not in str(logs)
    assert rotated["secret"] not in str(logs)


async def test_two_who_change_the_same_subscription_lose_nothing(api: httpx.AsyncClient) -> None:
    await create(api)
    changes: list[JSON] = [
        {"max_per_hour": 7},
        {"thin": False},
        {"filter": "section:運動"},
        {"concurrency": 2},
    ]
    await asyncio.gather(*(api.patch(f"{ROOT}/partner", json=change) for change in changes))
    shown = await told(await api.get(f"{ROOT}/partner"), 200)
    for change in changes:
        assert shown | change == shown


async def test_the_openapi_document_is_valid_and_every_path_in_it_is_there(
    api: httpx.AsyncClient,
) -> None:
    made = await create(api)
    document = (await api.get(f"{ROOT}/openapi.json")).json()
    validate(document)
    shown = set((await api.get(f"{ROOT}/partner")).json())
    assert set(document["components"]["schemas"]["Subscription"]["properties"]) == shown
    assert set(made) == shown | {"secret"}
    for path, methods in document["paths"].items():
        for method in methods.keys() - {"parameters"}:
            answered = await api.request(method.upper(), path.replace("{name}", "nobody"))
            assert answered.status_code in (200, 201, 404, 422), (method, path)
            assert answered.headers["content-type"] != "text/html; charset=utf-8"
