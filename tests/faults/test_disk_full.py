"""A disk fills up: senders are asked to come back, no page is half written, all mends by itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.logs import Happened
from tests.faults.newsroom import Newsroom, newsroom, until
from tests.faults.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.xdist_group("faults")

MEGABYTES = 24
FULL_SECONDS = 8.0
WELL_AGAIN_SECONDS = 10.0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
async def test_while_the_disk_is_full_senders_come_back_and_afterwards_all_is_delivered(
    tmp_path: Path, appendfsync: str
) -> None:
    """All on one disk. Redis ends with `always`, and answers MISCONF with `everysec`."""
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        async with newsroom(disk.folder) as news:
            await news.redis.config_set("appendfsync", appendfsync)
            async with news.rush("urn:full", 5):
                await until(lambda: news.has_told({f"urn:full:{n}" for n in range(5)}), 20)
                disk.fill()
                await asyncio.sleep(2)  # everysec notices at its next second
                before = len(news.answers)
                await asyncio.sleep(FULL_SECONDS - 2)
                refused, accepted = news.answers[before:], set(news.accepted)
                disk.make_room()
                took = await until(news.is_ready, WELL_AGAIN_SECONDS)
                took += await until(lambda: news.has_settled(accepted), WELL_AGAIN_SECONDS - took)
                print(f"full with {appendfsync}: well again after {took:.1f} s")  # noqa: T201
            await until(lambda: news.has_settled(news.accepted), 30)
    assert {answer.status for answer in refused} == {503}
    assert all(float(answer.retry_after) > 0 for answer in refused)
    assert set(news.told.values()) == {1}


@asynccontextmanager
async def with_a_site_on(disk: SmallDisk, folder: Path) -> AsyncIterator[Newsroom]:
    async with newsroom(folder, WIREDESK_SITE__FOLDER=str(disk.folder / "site")) as news:
        for name in ("corrected", "killed"):
            await news.send(f"urn:site:{name}", body_text=f"{name} " * 2_000)
        await until(lambda: news.has_settled(news.accepted), 20)
        yield news


@pytest.mark.timeout(120)
async def test_while_the_site_has_no_room_pages_stay_whole_and_a_killed_one_goes_all_the_same(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        async with with_a_site_on(disk, tmp_path) as news:
            pages = {name: await page_at(news, name) for name in ("corrected", "killed")}
            whole = (await news.site.get(pages["corrected"])).content
            disk.fill()
            new = {f"urn:site:{number}" for number in range(5)}
            for uri in new:
                await news.send(uri)
            await news.send("urn:site:corrected", 2, headline="更正後的標題")
            await news.kill("urn:site:killed")
            await until(lambda: answers(news, pages["killed"], {404, 410}), 5)
            await asyncio.sleep(3)
            # The room of the killed page may be enough for one.
            now = (await news.site.get(pages["corrected"])).content
            assert now == whole or (now.endswith(b"</html>") and "更正後的標題".encode() in now)
            assert new - set(news.told)
            disk.make_room()
            took = await until(lambda: news.has_settled(new), WELL_AGAIN_SECONDS)
            took += await until(lambda: is_corrected(news, pages), WELL_AGAIN_SECONDS - took)
            print(f"site full: well again after {took:.1f} s")  # noqa: T201
            assert await news.page_of("urn:site:killed") == ""
            assert "更正後的標題" in (await news.site.get("/")).text
        assert not [*disk.folder.rglob("*.new")]
        events = [json.loads(line)["event"] for line in news.here.log.splitlines()]
    assert Happened.ENTRY_WAITS in events
    assert Happened.ENTRY_DEAD_LETTERED not in events


async def page_at(news: Newsroom, name: str) -> str:
    """The address of an article's page, as soon as the feed has it."""
    await until(lambda: is_listed(news, name), 10)
    return await news.page_of(f"urn:site:{name}")


async def is_listed(news: Newsroom, name: str) -> bool:
    return bool(await news.page_of(f"urn:site:{name}"))


async def answers(news: Newsroom, page: str, statuses: set[int]) -> bool:
    return (await news.site.get(page)).status_code in statuses


async def is_corrected(news: Newsroom, pages: dict[str, str]) -> bool:
    corrected = (await news.site.get(pages["corrected"])).text
    return "更正後的標題" in corrected and await answers(news, pages["killed"], {410})
