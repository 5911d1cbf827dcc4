"""Who may see and change which subscriptions: keys, scopes, owners, the settings file."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from services.publish.delivery.destinations import Destination, Destinations
from tests.publish.subscribers import (
    JSON,
    OLD,
    OPERATOR,
    ROOT,
    URL,
    create,
    key_of,
    publish,
    told,
)


@pytest.fixture
async def api(redis: Redis, redis_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with publish(redis_url, tmp_path) as client:
        yield client


async def test_a_key_sees_and_changes_its_own_alone(api: httpx.AsyncClient, redis: Redis) -> None:
    mine, yours = await key_of(redis, "mine"), await key_of(redis, "yours")
    await told(await api.post(ROOT, json={"name": "a", "url": URL}, headers=mine), 201)
    await told(await api.post(ROOT, json={"name": "b", "url": URL}, headers=yours), 201)
    listed = await told(await api.get(ROOT, headers=mine), 200)
    assert [one["name"] for one in listed["subscriptions"]] == ["a"]
    assert len((await told(await api.get(ROOT), 200))["subscriptions"]) == 2
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", ":test"),
        ("POST", ":rotate"),
        ("POST", ":pause"),
        ("POST", ":resume"),
        ("GET", "/deliveries"),
    ):
        body: JSON | None = {} if method in ("PATCH", "POST") else None
        refused = await api.request(method, f"{ROOT}/b{path}", headers=mine, json=body)
        await told(refused, 404)
    assert len(await Destinations(redis).all()) == 2


async def test_only_an_operator_gives_a_subscription_to_somebody_else(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    mine = await key_of(redis, "mine")
    body = {"name": "a", "url": URL, "owner": "mine"}
    refused = await told(await api.post(ROOT, json=body, headers=mine), 422)
    assert refused["errors"][0]["field"] == "owner"
    await told(await api.post(ROOT, json=body), 201)
    await told(await api.get(f"{ROOT}/a", headers=mine), 200)


async def test_a_key_may_have_fifty_and_no_more(api: httpx.AsyncClient, redis: Redis) -> None:
    mine = await key_of(redis, "mine")
    for _ in range(50):
        assert (await api.post(ROOT, json={"url": URL}, headers=mine)).status_code == 201
    await told(await api.post(ROOT, json={"url": URL}, headers=mine), 403)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wd_wrong", "Basic d2Q6"])
async def test_without_a_good_key_nothing_is_done(
    api: httpx.AsyncClient, redis: Redis, header: str
) -> None:
    await create(api)
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/partner"), ("GET", "/partner")):
        answered = await api.request(method, ROOT + path, headers={"Authorization": header})
        assert answered.headers["www-authenticate"] == "Bearer"
        await told(answered, 401)
    assert len(await Destinations(redis).all()) == 1


async def test_without_any_key_configured_everybody_is_refused(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with publish(redis_url, tmp_path, WIREDESK_PUBLISH__KEYS="") as api:
        for header in ("", "Bearer ", f"Bearer {OPERATOR}"):
            await told(await api.get(ROOT, headers={"Authorization": header}), 401)


async def test_a_newsrooms_key_without_the_scope_is_refused(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    await told(await api.get(ROOT, headers=await key_of(redis, "cms", "publish", "read")), 403)


async def test_one_of_the_settings_file_is_shown_and_not_changed(
    api: httpx.AsyncClient, redis: Redis
) -> None:
    settings = {"url": URL, "secrets": [OLD]}
    one = Destination(
        name="partner", channel="webhook", settings=settings, created=datetime.now(UTC)
    )
    fixed = one.model_copy(update={"configured": True})
    await Destinations(redis).configure("partner", lambda _: fixed)
    assert (await told(await api.get(f"{ROOT}/partner"), 200))["configured"] is True
    for method, path, body in (
        ("PATCH", "", {"thin": False}),
        ("DELETE", "", None),
        ("POST", ":rotate", None),
    ):
        refused = await told(await api.request(method, f"{ROOT}/partner{path}", json=body), 409)
        assert "[destinations.partner]" in refused["detail"]
    assert (await told(await api.post(f"{ROOT}/partner:pause"), 200))["state"] == "paused"
    assert (await told(await api.post(f"{ROOT}/partner:resume"), 200))["state"] == "active"
