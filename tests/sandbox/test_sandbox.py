"""The sandbox itself: its wall, its orders, and the command that runs it."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.sandbox.app import PLUGS
from services.sandbox.budgets import Budget
from services.sandbox.faults import Fault
from services.sandbox.platforms.discord import shown
from services.sandbox.serving import sandbox
from services.sandbox.world import Post, World

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with sandbox(lambda: 1_795_000_000_000) as running:
        yield running


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.address, trust_env=False) as asking:
        yield asking


def post(number: int, **fields: object) -> Post:
    return Post("discord", "#news", str(number), f"第{number}則<b>", 0, **fields)


async def test_the_wall_shows_what_stands_what_was_edited_and_what_is_gone(
    world: World, client: httpx.AsyncClient
) -> None:
    world.put(post(1))
    world.put(post(2, edited_at=1_795_000_000_000))
    world.put(post(3, deleted_at=1_795_000_000_000))
    page = (await client.get("/")).text
    assert page.index("第3則") < page.index("第2則") < page.index("第1則")
    assert (page.count("已編輯"), page.count("已刪除"), page.count('class="gone"')) == (1, 1, 1)
    assert "2 則貼文" in page
    assert "<b>" not in page.replace("<b></b>", "")
    assert 'http-equiv="refresh"' in page


def test_the_wall_shows_discords_marks_as_readers_see_them() -> None:
    assert shown(r"**便橋\*通車**" + "\n" + r"\<@1\> 開放 \*\*") == (
        (True, "便橋*通車"),
        (False, "\n<@1> 開放 **"),
    )


async def test_the_wall_asks_nobody_else_for_anything(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert re.findall(r"(?:src|href)=\"(?!/-/|#)", answer.text) == []
    assert "script" not in answer.text


async def test_an_order_is_met_so_often_and_then_all_goes_well(
    world: World, client: httpx.AsyncClient
) -> None:
    order = {"platform": "discord", "kind": "broken", "times": 2, "status": 502}
    assert (await client.post("/-/faults", json=order)).status_code == 201
    url = PLUGS["discord"].settings(world.address)["url"] + "?wait=true"
    answers = [await client.post(url, json={"content": "便橋通車"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [502, 502, 200]
    calls = (await client.get("/-/calls")).json()
    assert [(call["act"], call["status"], call["fault"]) for call in calls] == [
        ("post", 502, "broken"),
        ("post", 502, "broken"),
        ("post", 200, ""),
    ]
    posts = (await client.get("/-/posts")).json()
    assert [one["text"] for one in posts] == ["便橋通車"]


async def test_an_order_with_a_chance_meets_the_same_calls_for_the_same_seed(
    world: World, client: httpx.AsyncClient
) -> None:
    url = PLUGS["discord"].settings(world.address)["url"] + "?wait=true"
    met = []
    for seed in (7, 7, 8):
        order = {"platform": "discord", "kind": "broken", "chance": 0.3, "times": 99, "seed": seed}
        await client.post("/-/faults", json=order)
        calls = [await client.patch(f"{url.partition('?')[0]}/messages/0") for _ in range(40)]
        met.append([call.status_code for call in calls])
        [left] = (await client.get("/-/faults")).json()
        assert 99 - left["times"] == met[-1].count(503)
        await client.delete("/-/faults")
    assert met[0] == met[1] != met[2]
    assert 3 < met[0].count(503) < 25


async def test_a_post_keeps_all_that_it_said(client: httpx.AsyncClient, world: World) -> None:
    url = PLUGS["discord"].settings(world.address)["url"]
    made = (await client.post(url + "?wait=true", json={"content": "便橋通車"})).json()
    await client.patch(f"{url}/messages/{made['id']}", json={"content": "【更正】便橋通車"})
    [told] = (await client.get("/-/posts")).json()
    assert told["texts"] == ["便橋通車", "【更正】便橋通車"]


@pytest.mark.parametrize("has_budgets", [True, False])
async def test_calls_are_counted_unless_one_asks_for_a_sandbox_that_does_not(
    *, has_budgets: bool
) -> None:
    async with sandbox(lambda: 1_795_000_000_000, has_budgets=has_budgets) as world:
        url = PLUGS["discord"].settings(world.address)["url"] + "?wait=true"
        async with httpx.AsyncClient(trust_env=False) as client:
            answers = [await client.post(url, json={"content": "便橋通車"}) for _ in range(20)]
    assert [answer.status_code for answer in answers].count(200) == (5 if has_budgets else 20)


async def test_orders_can_be_taken_back_and_wrong_ones_are_refused(
    world: World, client: httpx.AsyncClient
) -> None:
    world.order(Fault(platform="discord", kind="refused", times=99))
    assert (await client.delete("/-/faults")).status_code == 204
    assert world.faults == []
    for wrong in ({"platform": "discord", "kind": "tired"}, {"platform": "icq", "kind": "lost"}):
        assert (await client.post("/-/faults", json=wrong)).status_code == 422


async def test_an_answer_that_breaks_off_comes_from_a_call_that_was_made_or_not(
    world: World, client: httpx.AsyncClient
) -> None:
    url = PLUGS["discord"].settings(world.address)["url"]
    for kind, posts in (("dropped", 0), ("lost", 1)):
        world.order(Fault(platform="discord", kind=kind))
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(url, json={"content": "便橋通車"})
        assert len(world.posts) == posts


def test_a_budget_is_there_again_when_its_window_has_passed() -> None:
    budget = Budget(2, 1_000)
    for at in (0, 400):
        assert budget.wait_ms(at) == 0
        budget.take(at)
    assert budget.wait_ms(500) == 500
    assert budget.headers("x-", 500) == {
        "x-limit": "2",
        "x-remaining": "0",
        "x-reset": "1.000",
        "x-reset-after": "0.500",
    }
    assert budget.wait_ms(1_000) == 0


async def test_the_command_prints_how_to_add_each_platform_and_serves_the_wall() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services", "sandbox", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout
        lines = [(await process.stdout.readline()).decode() for _ in PLUGS]
        assert [line.split()[3] for line in lines] == [f"sandbox-{name}" for name in PLUGS]
        found = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert found
        async with httpx.AsyncClient(trust_env=False) as asking:
            async with asyncio.timeout(20):
                answer = await asking.get(found.group())
        assert "社群沙盒" in answer.text
    finally:
        process.terminate()
        await process.communicate()


async def test_links_hashtags_and_bold_words_are_shown_as_readers_see_them(
    world: World, client: httpx.AsyncClient
) -> None:
    text = "\n<i>看</i> https://a.tw/1?a=1&b=2。 #便橋 a#b\n\n**x"
    marked = ((True, "跨河*橋"), (False, text))
    world.put(Post("discord", "#news", "1", "**跨河\\*橋**" + text, 0, marked=marked))
    world.put(Post("mastodon", "@daily", "1", "**跨河橋**" + text, 0))
    page = (await client.get("/")).text
    discord, mastodon = page.split('<section aria-labelledby="mastodon"')
    assert "<strong>跨河*橋</strong>" in discord
    assert "**跨河橋**" in mastodon
    for column in (discord, mastodon):
        assert '<a href="https://a.tw/1?a=1&amp;b=2">a.tw/1?a=1&amp;b=2</a>。' in column
        assert "<span>#便橋</span> a#b" in column
        assert "&lt;i&gt;看" in column


async def test_what_happened_last_stands_first(world: World, client: httpx.AsyncClient) -> None:
    world.put(Post("discord", "#news", "1", "第1則", 1_000, edited_at=9_000))
    world.put(Post("discord", "#news", "2", "第2則", 5_000))
    world.put(Post("discord", "#news", "3", "第3則", 2_000, title="卡片", deleted_at=8_000))
    page = (await client.get("/")).text
    assert page.index("第1則") < page.index("第3則") < page.index("第2則")
    assert "卡片" not in page
