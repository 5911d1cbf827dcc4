"""A publisher that stops lets its readers go at once, and each of them goes on elsewhere."""

import asyncio
from pathlib import Path
from signal import SIGTERM
from time import monotonic

import httpx
from redis.asyncio import Redis

from shared.service import listen
from tests.processes import Process
from tests.publish.served import until


async def test_open_streams_and_long_polls_do_not_delay_the_end_of_the_service(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
    environ = {
        "WIREDESK_REDIS__URL": redis_url,
        "WIREDESK_SITE__FOLDER": str(tmp_path / "site"),
        "WIREDESK_PUBLISH__PORT": str(port),
    }
    publisher = Process("publish", tmp_path / "publish.log", environ)
    publisher.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as site:
        try:
            await until(lambda: answers(site), 40)
            waiting = [asyncio.create_task(stream(site)) for _ in range(5)]
            poll = asyncio.create_task(site.get("/v1/changes?wait=30", timeout=40))
            await asyncio.sleep(1)
            start = monotonic()
        finally:
            code = await asyncio.to_thread(publisher.stop)
        assert code in (0, -SIGTERM)
        assert monotonic() - start < 5
        assert (await poll).json()["changes"] == []
        for text in await asyncio.gather(*waiting):
            assert "id: " in text
    assert "error" not in (tmp_path / "publish.log").read_text()


async def stream(site: httpx.AsyncClient) -> str:
    """A whole event stream, up to its orderly end."""
    return (await site.get("/v1/events", timeout=40)).text


async def answers(site: httpx.AsyncClient) -> bool:
    try:
        return (await site.get("/readyz")).is_success
    except httpx.TransportError:
        return False
