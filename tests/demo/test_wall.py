"""What the demonstration's followers see on the wall."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.commands.demo_accounts import environment, followed
from services.demo.wall import Platform, Wall
from services.instance import load_settings
from services.sandbox.app import PLUGS
from services.sandbox.serving import sandbox
from services.sandbox.world import Post, World

HEADLINE = "藍線號誌異常停駛四十八分鐘　影響一萬兩千人"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with sandbox(lambda: 1_795_000_000_000) as running:
        yield running


@pytest.fixture
async def wall(world: World) -> AsyncIterator[Wall]:
    platforms = [
        Platform("discord", edits=True, deletes=True),
        Platform("line", edits=False, deletes=False),
    ]
    async with httpx.AsyncClient(base_url=world.address, trust_env=False) as client:
        yield Wall(client, platforms)


async def test_a_story_shows_until_its_post_is_taken_away(world: World, wall: Wall) -> None:
    post = Post("discord", "#news", "1", f"**{HEADLINE[:12]}…**", 1)
    world.put(post)
    world.put(Post("line", "daily", "1", HEADLINE, 1))
    assert await wall.still_showing(HEADLINE) == ["discord"]  # the other could not delete it
    assert await wall.still_showing("另一則新聞的標題") == []
    post.deleted_at = 2
    assert await wall.still_showing(HEADLINE) == []
    assert await wall.counts() == {
        "discord": "0 posts, 0 edited, 1 taken away",
        "line": "1 posts, 0 edited, 0 taken away",
    }


async def test_a_correction_is_missed_where_it_could_be_made(world: World, wall: Wall) -> None:
    post = Post("discord", "#news", "1", HEADLINE, 1)
    world.put(post)
    assert await wall.uncorrected(f"【更正】{HEADLINE}") == ["discord"]
    post.text = f"【更正】{HEADLINE}"
    assert await wall.uncorrected(f"【更正】{HEADLINE}") == []
    assert await wall.silent() == ["line"]


async def test_there_is_an_account_on_every_platform_that_the_sandbox_knows() -> None:
    platforms = await followed("http://127.0.0.1:1")
    assert [one.name for one in platforms] == list(PLUGS)
    assert Platform("discord", edits=True, deletes=True) in platforms


def test_publish_may_call_this_machine_and_what_it_might_before() -> None:
    settings = load_settings(None)
    settings.values["http"]["allow_networks"] = ["10.1.0.0/16"]
    assert environment(settings) == {"WIREDESK_HTTP__ALLOW_NETWORKS": "10.1.0.0/16,127.0.0.0/8"}
