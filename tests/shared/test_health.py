"""Health over HTTP: alive, ready, measured, versioned."""

from collections.abc import AsyncIterator
from importlib.metadata import version

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from shared.health import health_routes

troubles: list[str] = []


async def told() -> list[str]:
    return list(troubles)


@pytest.fixture
async def service() -> AsyncIterator[httpx.AsyncClient]:
    troubles.clear()
    transport = httpx.ASGITransport(app=Starlette(routes=health_routes("enrich", told)))
    async with httpx.AsyncClient(transport=transport, base_url="http://enrich") as client:
        yield client


async def test_it_is_alive_whatever_its_troubles(service: httpx.AsyncClient) -> None:
    troubles.append("redis: gone")
    answer = await service.get("/livez")
    assert (answer.status_code, answer.text) == (200, "ok")


async def test_it_is_ready_when_it_has_no_trouble(service: httpx.AsyncClient) -> None:
    answer = await service.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "service": "enrich", "reasons": []}


async def test_it_is_not_ready_and_says_why(service: httpx.AsyncClient) -> None:
    troubles.append("redis: gone")
    answer = await service.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "service": "enrich", "reasons": ["redis: gone"]}


async def test_metrics_are_text_that_prometheus_reads(service: httpx.AsyncClient) -> None:
    answer = await service.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"wiredesk_entries", "wiredesk_dead_letters", "wiredesk_articles_held"} <= names


async def test_the_version_is_the_one_installed(service: httpx.AsyncClient) -> None:
    told = (await service.get("/version")).json()
    assert (told["service"], told["wiredesk"]) == ("enrich", version("wiredesk"))
