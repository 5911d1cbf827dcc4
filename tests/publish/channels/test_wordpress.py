"""WordPress: the whole story as HTML, its terms and picture, and sites that say no."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from services.publish.channels.wordpress import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared
from services.publish.social.wordpress_post import lacking, links_to, listed, slug_of
from services.sandbox.platforms.wordpress import CAPABILITIES, PASSWORD
from shared.article import Article, Image, Tag
from shared.http import HttpSettings, public_client
from tests.publish.channels.account import SITE, Account, open_account, story
from tests.publish.receiver import Behaviour, Receiver, answer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
URL = SITE + "a"
STORY = story(1, section="地方", byline="記者林小雨", body_html="<p>便橋<b>通車</b>。</p>")


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "wordpress") as opened:
        yield opened


def rendered(account: Account, article: Article, *, first: bool = True) -> Mapping[str, Any]:
    post = account.channel().render(Announcement(article, "put", URL, first=first))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def pictured(receiver: Receiver, version: int = 1, alt: str = "便橋全景") -> Article:
    url = f"http://127.0.0.1:{receiver.port}/p.png"
    image = Image(url=url, alt=alt, caption="便橋", credit="桃園市政府", role="lead")
    return story(version, images=(image,))


async def tells(*answers: Behaviour) -> Mapping[str, Any]:
    """What a channel makes of a kill that a site answers so, and of a post after it."""
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        receiver.plan(*answers)
        words = {"site": f"http://127.0.0.1:{receiver.port}", "user": "w", "password": "p w"}
        channel = open_channel(Settings.model_validate(words), http)
        post = channel.render(Announcement(STORY, "put", URL, first=True))
        killed = channel.classify(await channel.delete(post, "", "7"), "kill")
        seen = await channel.find(URL, "7", 0)
        looked = await channel.find(URL, "", 0)
        targets = [f"{one.method} {one.target}" for one in receiver.received]
    return {"killed": killed, "seen": seen, "looked": looked, "targets": targets}


def says(status: int, code: str) -> Behaviour:
    return answer(status, json.dumps({"code": code}).encode())


async def test_the_whole_story_stands_there_with_its_byline_and_a_link_back(
    account: Account,
) -> None:
    await account.publish(STORY)
    [post] = account.posts
    assert post.raw["content"] == (
        f'<p>記者林小雨</p><p>便橋<b>通車</b>。</p><p><a href="{URL}">閱讀原文</a></p>'
    )
    assert (post.raw["slug"], post.raw["status"], post.link) == ("news-a", "publish", URL)


async def test_section_and_tags_are_made_once_and_used_again(account: Account) -> None:
    await account.publish(STORY)
    await account.publish(story(1, "tag:example.tw,2026:b", section="地方"))
    first, second = account.posts
    assert first.raw["categories"] == second.raw["categories"]
    assert (first.raw["tags"], len(first.raw["tags"])) == (second.raw["tags"], 2)
    assert account.called("term") == 3


async def test_a_term_that_another_channel_has_made_meanwhile_is_used(account: Account) -> None:
    other = account.channel()
    await account.publish(STORY)
    post = other.render(Announcement(story(2, tags=(Tag(name="便橋"),)), "put", URL, first=True))
    sent = json.loads((await other.deliver(post, "", "")).content)
    made = account.world.posts["wordpress", str(sent["id"])]
    assert made.raw["tags"] == account.posts[0].raw["tags"][:1]
    assert account.called("term") == 3


async def test_a_picture_is_uploaded_once_and_its_words_are_corrected(account: Account) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG))
        await account.publish(pictured(receiver))
        await account.publish(pictured(receiver, 2))
        await account.publish(pictured(receiver, 3, alt="舊便橋"))
    [post] = account.posts
    uploads = [call.request for call in account.calls("media")]
    assert (len(receiver.received), len(uploads)) == (1, 2)
    assert (post.alts, account.world.pictures[post.pictures[0]]) == (
        ("舊便橋",),
        ("image/png", PNG),
    )


@pytest.mark.parametrize("kind", ["limited", "broken", "lost", "refused"])
async def test_an_upload_that_fails_keeps_no_news_back(account: Account, kind: str) -> None:
    account.order(kind, act="media")
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG))
        row = await account.publish(pictured(receiver))
    assert (row.state, account.posts[0].pictures, account.made) == ("delivered", (), 1)


@pytest.mark.parametrize(("kind", "tries"), [("refused", 1), ("broken", 2)])
async def test_a_term_that_is_refused_is_left_out_and_a_sick_site_is_tried_again(
    account: Account, kind: str, tries: int
) -> None:
    account.order(kind, act="term")
    row = await account.publish(story(1, tags=(Tag(name="便橋"),)))
    assert (row.state, row.attempt, account.made) == ("delivered", tries, 1)
    assert len(account.posts[0].raw["tags"]) == tries - 1


async def test_a_change_does_not_overrule_who_edits_that_site(account: Account) -> None:
    await account.publish(STORY)
    [post] = account.posts
    post.raw["status"] = "draft"
    await account.publish(story(2))
    assert post.raw["status"] == "draft"
    assert post.raw["title"].startswith("【更正】")


async def test_signs_that_mean_something_to_wordpress_are_shown_as_they_are(
    account: Account,
) -> None:
    odd = story(1, headline="<b>A&B</b>", description="1 < 2", body_html="<p>a\nb [gallery] c</p>")
    post = rendered(account, odd)
    assert (post["title"], post["excerpt"]) == ("&lt;b&gt;A&amp;B&lt;/b&gt;", "1 &lt; 2")
    assert "<p>a b &#91;gallery] c</p>" in post["content"]


async def test_a_correction_is_told_above_the_text(account: Account) -> None:
    post = rendered(account, story(2), first=False)
    assert post["content"].startswith("<p><strong>更正</strong> 通車時間應為上午七時。</p>")


async def test_the_credit_of_a_picture_goes_along(account: Account) -> None:
    async with Receiver() as receiver:
        said = rendered(account, pictured(receiver))["featured_media"]
    assert said == {"alt_text": "便橋全景", "caption": "便橋 圖／桃園市政府"}


async def test_an_address_without_wordpress_proves_nothing() -> None:
    told = await tells(says(404, "rest_no_route"), answer(404, b"<html>"), answer(200, b"<html>"))
    assert [told[name].verdict for name in ("killed", "seen", "looked")] == [
        "stopped",
        "stopped",
        "retry",
    ]
    assert not told["killed"].is_proof


async def test_a_post_that_is_in_the_trash_or_gone_is_proven_to_be() -> None:
    gone, trashed = says(404, "rest_post_invalid_id"), answer(200, b'{"id":7,"status":"trash"}')
    told = await tells(says(410, "rest_already_trashed"), trashed, answer(200, b"[]"))
    assert [told[name].verdict for name in ("killed", "seen", "looked")] == [
        "done",
        "missing",
        "missing",
    ]
    told = await tells(gone, gone, answer(200, b"[]"))
    assert (told["killed"].is_proof, told["seen"].verdict) == (True, "missing")


async def test_a_site_without_a_trash_is_asked_to_delete_for_good() -> None:
    told = await tells(says(501, "rest_trash_not_supported"), answer(200, b'{"deleted":true}'))
    assert told["killed"].verdict == "done"
    assert told["targets"][:2] == [
        "DELETE /wp-json/wp/v2/posts/7",
        "DELETE /wp-json/wp/v2/posts/7?force=true",
    ]


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (401, "rest_cannot_edit", "stopped"),
        (403, "rest_cannot_edit", "refused"),
        (403, "rest_cannot_create", "stopped"),
        (400, "rest_invalid_param", "refused"),
        (503, "", "retry"),
        (500, "internal_server_error", "unknown"),
        (201, "", "unknown"),
    ],
)
async def test_an_answer_is_read_by_its_code(
    account: Account, status: int, code: str, verdict: str
) -> None:
    said = httpx.Response(status, json={"code": code})
    assert account.channel().classify(said, "put").verdict == verdict


async def test_a_trial_names_what_the_user_may_not_do() -> None:
    assert lacking(dict.fromkeys(CAPABILITIES, True), pictures=True) == []
    assert lacking({"edit_posts": True, "publish_posts": False}, pictures=False) == [
        "edit_published_posts",
        "publish_posts",
        "delete_posts",
        "delete_published_posts",
    ]
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        may = dict.fromkeys(CAPABILITIES, True) | {"upload_files": False}
        receiver.plan(answer(200, json.dumps({"id": 2, "capabilities": may}).encode()))
        words = {"site": f"http://127.0.0.1:{receiver.port}/", "user": "w", "password": "p"}
        channel = open_channel(Settings.model_validate(words), http)
        with pytest.raises(Unprepared, match="w lacks upload_files"):
            await channel.test()


async def test_the_password_is_in_no_address_and_in_no_error(account: Account) -> None:
    account.order("expired")
    row = await account.publish(STORY)
    assert "rest_forbidden_context" in row.error
    requests = " ".join(call.request for call in account.world.calls)
    words = f"{requests} {row.error} {await account.stopped()} {account.channel()!r}"
    assert not any(part in words for part in (PASSWORD, PASSWORD.replace(" ", ""), "Basic"))


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://a.tw/news/20261123/k3f9a2m7q4xwb", "news-20261123-k3f9a2m7q4xwb"),
        ("https://b.tw/news/20261123/k3f9a2m7q4xwb?x=1#y", "news-20261123-k3f9a2m7q4xwb"),
        ("https://a.tw/", "news-8a5edab282632443219e"),
        ("https://a.tw/%E6%96%B0%E8%81%9E/a", "news-8f4f1d293c4742140e76"),
    ],
)
def test_a_slug_is_a_function_of_the_path_alone(url: str, slug: str) -> None:
    assert slug_of(url) == slug


def test_what_is_no_list_of_posts_is_none() -> None:
    assert (listed(b"[]"), listed(b"{}"), listed(b"<html>")) == ([], None, None)
    assert links_to({"content": {"raw": f'<a href="{URL}?a=1&amp;b=2">'}}, f"{URL}?a=1&b=2")
    assert not links_to({"content": {"raw": f'<a href="{URL}b">'}}, URL)
    assert not links_to({}, URL)
