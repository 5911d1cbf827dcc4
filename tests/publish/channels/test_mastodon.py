"""Mastodon: its counting, its pictures, its warnings, and servers that are only like it."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.publish.channels.mastodon import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared
from services.publish.social.mastodon_server import Limits, lacking, limits, links_to
from services.publish.social.multipart import multipart
from services.sandbox.forms import parts
from services.sandbox.platforms.mastodon import FIRST_ID, SCOPES, length
from services.sandbox.world import Post
from shared.article import Article, Image
from shared.http import HttpSettings, public_client
from tests.publish.channels.account import Account, open_account, story
from tests.publish.receiver import Receiver, answer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
URL = "https://news.example.tw/news/a"


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "mastodon", warn=["社會"]) as opened:
        yield opened


def rendered(account: Account, article: Article) -> Mapping[str, Any]:
    post = account.channel().render(Announcement(article, "put", URL, first=True))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def pictured(receiver: Receiver) -> Article:
    image = Image(url=f"http://127.0.0.1:{receiver.port}/p.png", alt="便橋全景", role="lead")
    return story(1, images=(image,))


async def test_a_picture_goes_along_with_its_description(account: Account) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG, content_type="text/html"))
        await account.publish(pictured(receiver))
    [post] = account.posts
    assert (post.alts, account.world.pictures[post.pictures[0]]) == (
        ("便橋全景",),
        ("image/png", PNG),
    )


@pytest.mark.parametrize("body", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n" + bytes(10_000_001)])
async def test_a_picture_that_is_none_or_too_large_keeps_no_news_back(
    account: Account, body: bytes
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200 if body else 404, body))
        row = await account.publish(pictured(receiver))
    assert (row.state, account.posts[0].pictures) == ("delivered", ())


@pytest.mark.parametrize("kind", ["limited", "broken", "lost", "refused"])
async def test_an_upload_that_fails_keeps_no_news_back(account: Account, kind: str) -> None:
    account.order(kind, act="media")
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG))
        row = await account.publish(pictured(receiver))
    assert (row.state, account.posts[0].pictures, account.made) == ("delivered", (), 1)


async def test_a_story_of_a_section_with_a_warning_stands_behind_it(account: Account) -> None:
    await account.publish(story(1, section="社會"))
    [post] = account.posts
    assert (post.warning, post.raw["sensitive"], post.language) == ("社會", True, "zh")


async def test_a_warning_counts_too(account: Account) -> None:
    long = {"headline": "新" * 480, "description": "摘要" * 300}
    for section, most in (("社會", 500), ("政治", 500)):
        status = rendered(account, story(1, section=section, **long))
        assert length(status["status"]) + length(status["spoiler_text"]) <= most
        assert status["status"].endswith(URL)


async def test_hashtags_and_the_address_stand_at_the_end_as_readers_know_it(
    account: Account,
) -> None:
    text = rendered(account, story(1))["status"]
    assert text == (
        "跨河便橋通車　通勤省下二十分鐘（第1版）\n\n"
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。\n\n"
        f"#便橋 #C130運輸機\n{URL}"
    )


async def test_a_server_says_itself_how_long_a_post_may_be() -> None:
    said = {"configuration": {"statuses": {"max_characters": 80, "characters_reserved_per_url": 9}}}
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        receiver.plan(answer(200, json.dumps(said).encode()))
        server = f"http://127.0.0.1:{receiver.port}/"
        settings = Settings.model_validate({"server": server, "token": "t", "tags": 0})
        channel = open_channel(settings, http)
        await channel.prepare()
        await channel.prepare()
        long = story(1, headline="新聞" * 40, description="")
        post = channel.render(Announcement(long, "put", URL, first=True))
    assert [one.target for one in receiver.received] == ["/api/v2/instance"]
    text = json.loads(post.body)["status"]
    assert (len(text) - len(URL) + 9, text.endswith(URL)) == (80, True)


async def test_a_server_that_is_away_is_asked_again_and_one_without_limits_is_mastodon() -> None:
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        receiver.plan(answer(502), answer(404))
        server = f"http://127.0.0.1:{receiver.port}"
        channel = open_channel(Settings.model_validate({"server": server, "token": "t"}), http)
        with pytest.raises(Unprepared) as failed:
            await channel.prepare()
        await channel.prepare()
        await channel.prepare()
    assert (failed.value.outcome.verdict, failed.value.outcome.reached) == ("retry", False)
    assert len(receiver.received) == 2


@pytest.mark.parametrize(
    "said",
    [{}, [], {"configuration": {"statuses": {"max_characters": "many"}}}, {"configuration": 1}],
)
def test_limits_that_make_no_sense_are_those_of_mastodon(said: object) -> None:
    assert limits(said) == Limits(500, 23)


def test_a_trial_names_the_scope_that_is_missing() -> None:
    assert lacking(SCOPES) == []
    assert lacking(["read", "write:statuses"]) == ["write:media"]
    assert lacking(None) == []


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_token_that_is_not_accepted_stops_whatever_status_says_so(
    account: Account, status: int
) -> None:
    said = httpx.Response(status, json={"error": "Invalid access token"})
    assert account.channel().classify(said, "put").verdict == "stopped"


async def test_a_post_is_found_behind_others_and_not_by_a_longer_address(account: Account) -> None:
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    for number in range(60):
        await account.want(story(1, f"tag:example.tw,2026:a{number}"))
    await account.carry(story(1).uri)
    row = await account.row(story(1).uri)
    assert (row.state, account.made) == ("delivered", 61)


@pytest.mark.parametrize("others", [390, 401])
async def test_a_look_at_a_flood_finds_it_or_says_so_and_calls_nobody_ill(
    account: Account, others: int
) -> None:
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    for number in range(others):
        name = str(FIRST_ID + 1_000 + number)
        account.world.put(Post("mastodon", "@daily@sandbox", name, "別則", account.now))
    row = await account.carry(story(1).uri, hours=0.2)
    is_found = others == 390
    assert row.state == ("delivered" if is_found else "unknown")
    assert row.error == ("" if is_found else "more than 400 posts to look through")
    assert (await account.destinations.health("account")).is_well


def test_an_address_in_html_is_the_whole_address() -> None:
    url = "https://a.tw/?a=1&b=2"
    html = '<p><a href="https://a.tw/?a=1&amp;b=2"><span>a.tw</span></a></p>'
    assert links_to({"content": html}, url)
    assert not links_to({"content": html}, url[:-1])
    assert not links_to({}, url)


def test_a_multipart_body_is_read_as_it_was_written() -> None:
    body, content_type = multipart({"description": "圖說"}, "file", "image/png", PNG)
    assert parts(body, content_type) == {
        "description": ("", "圖說".encode()),
        "file": ("image/png", PNG),
    }


def test_the_sandbox_counts_as_mastodon_documents_it() -> None:
    assert length("看https://a.tw/" + "x" * 90 + "。") == 25
    assert (length("葛\U000e0100"), length("👨‍👩‍👧‍👦")) == (1, 1)
