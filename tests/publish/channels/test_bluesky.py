"""Bluesky: names, marks by UTF-8 bytes, the card, and a login that is scarce."""

import json
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, strategies as st
from PIL import Image as Picture
from redis.asyncio import Redis

from services.publish.delivery.channel import Announcement, Unprepared
from services.publish.delivery.trial import tried
from services.publish.social.atproto import facets, made_at, name_of, tid
from services.publish.social.shrink import shrunk
from services.sandbox.platforms.bluesky import MOST_THUMB_BYTES as MOST, fault_of
from shared.article import Article, Image, Tag
from shared.streams import DESTINATION_MEMORY
from tests.publish.channels.account import NOW, Account, open_account, story
from tests.publish.receiver import Receiver, answer

JPEG = b"\xff\xd8\xff" + bytes(300)
FAMILY = "👨‍👩‍👧‍👦"
URL = "https://news.example.tw/news/a"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=400)


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "bluesky") as opened:
        yield opened


def record(account: Account, article: Article) -> Mapping[str, Any]:
    post = account.channel().render(Announcement(article, "put", URL, first=True))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def pictured(receiver: Receiver) -> Article:
    image = Image(url=f"http://127.0.0.1:{receiver.port}/p.jpg", role="lead")
    return story(1, images=(image,))


def test_a_name_is_the_same_on_every_try_and_sorts_by_time() -> None:
    assert tid(1_795_413_600_123_000, "article-20261123-001") == "3n2xhaxsi5seu"
    assert made_at("3n2xhaxsi5seu") == "2026-11-23T06:00:00.123Z"
    names = [name_of("urn:a", NOW + number) for number in range(100)]
    assert names == sorted(names)
    assert len({name_of(f"urn:{number}", NOW) for number in range(500)}) == 500


async def test_link_and_summary_stand_in_the_card_and_tags_are_marked_by_bytes(
    account: Account,
) -> None:
    found = record(account, story(1))
    text = "跨河便橋通車　通勤省下二十分鐘（第1版）\n\n#便橋 #C130運輸機"
    assert found["text"] == text
    assert found["embed"]["external"] == {
        "uri": URL,
        "title": "跨河便橋通車　通勤省下二十分鐘（第1版）",
        "description": "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。",
    }
    marked = [
        text.encode()[mark["index"]["byteStart"] : mark["index"]["byteEnd"]].decode()
        for mark in found["facets"]
    ]
    assert marked == ["#便橋", "#C130運輸機"]
    assert found["langs"] == ["zh-Hant-TW"]


@given(TEXT, st.lists(st.sampled_from(["#便橋", "#AI", "#葛\U000e0100", "#か\u3099"]), max_size=3))
def test_every_mark_is_about_the_very_signs_it_names(text: str, tags: list[str]) -> None:
    whole = f"{text} {' '.join(tags)} {URL}"
    for mark in facets(whole, dict.fromkeys(tags)):
        place, feature = mark["index"], mark["features"][0]
        signs = whole.encode()[place["byteStart"] : place["byteEnd"]].decode()
        assert signs in (feature.get("uri"), "#" + feature.get("tag", "\0"))


@pytest.mark.parametrize(("characters", "is_whole"), [(280, True), (281, False)])
async def test_a_headline_and_its_tags_have_300_graphemes(
    account: Account, characters: int, *, is_whole: bool
) -> None:
    headline = "新" * characters
    found = record(account, story(1, headline=headline, tags=(Tag(name="標" * 17),)))
    assert found["text"].startswith(headline + "\n\n#標") == is_whole
    assert found["text"].endswith("#" + "標" * 17)
    assert fault_of({**found, "createdAt": "now"}) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("新" * 300, ""),
        ("新" * 301, "grapheme too big (maximum 300, got 301)"),
        (FAMILY * 119, ""),
        (FAMILY * 121, "string too big (maximum 3000, got 3025)"),
    ],
)
def test_the_sandbox_counts_as_a_pds_does(text: str, fault: str) -> None:
    assert fault_of({"text": text, "createdAt": "now"}) == fault


async def test_the_card_has_the_picture_if_it_can_be_had(account: Account) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, JPEG))
        await account.publish(pictured(receiver))
    [post] = account.posts
    assert account.world.pictures[post.pictures[0]] == ("image/jpeg", JPEG)


@pytest.mark.parametrize("size", [0, 1_000_001])
async def test_the_card_does_without_a_picture_that_is_missing_or_too_large(
    account: Account, size: int
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200 if size else 404, JPEG + bytes(size)))
        row = await account.publish(pictured(receiver))
    assert (row.state, account.posts[0].pictures) == ("delivered", ())


def test_a_press_photograph_is_made_small_enough_and_says_nothing_of_its_camera() -> None:
    noise = Picture.effect_noise((1800, 1350), 90).convert("RGB")
    made = BytesIO()
    exif = Picture.Exif()
    exif[271] = "Camera of a named photographer"
    noise.save(made, "JPEG", quality=98, exif=exif)
    assert len(made.getvalue()) > MOST
    small = shrunk(made.getvalue(), MOST)
    assert small
    assert len(small) <= MOST
    with Picture.open(BytesIO(small)) as found:
        assert (found.format, abs(found.width * 3 - found.height * 4) < 8) == ("JPEG", True)
        assert not found.getexif()


def test_a_transparent_picture_stands_on_white() -> None:
    made = BytesIO()
    Picture.new("RGBA", (40, 30), (0, 0, 0, 0)).save(made, "PNG")
    small = shrunk(made.getvalue(), MOST)
    assert small
    with Picture.open(BytesIO(small)) as found:
        assert found.getpixel((5, 5)) == (255, 255, 255)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a"]),
)
def test_bytes_that_are_no_picture_are_none(tail: bytes, head: bytes) -> None:
    assert shrunk(head + tail, MOST) is None


async def test_a_large_picture_arrives_smaller(account: Account) -> None:
    made = BytesIO()
    Picture.effect_noise((1500, 1200), 90).save(made, "PNG")
    async with Receiver() as receiver:
        receiver.plan(answer(200, made.getvalue()))
        await account.publish(pictured(receiver))
    [post] = account.posts
    media_type, content = account.world.pictures[post.pictures[0]]
    assert (media_type, 100_000 < len(content) <= MOST) == ("image/jpeg", True)


async def test_a_login_is_kept_over_starts_and_renewed_without_the_password(
    account: Account,
) -> None:
    await account.publish(story(1))
    await account.publish(story(2))
    assert [call.request for call in account.calls("login")] == [
        "POST /bluesky/xrpc/com.atproto.server.createSession"
    ]
    account.order("expired")
    await account.publish(story(3))
    assert [call.request.rpartition(".")[2] for call in account.calls("login")] == [
        "createSession",
        "refreshSession",
    ]


async def test_another_password_is_another_login(account: Account, redis: Redis) -> None:
    await account.publish(story(1))
    settings = {**account.destination.settings, "password": "wrong-app-password"}
    account.destination = account.destination.model_copy(update={"settings": settings})
    outcome = await tried(account.channel())
    assert outcome
    assert outcome.verdict == "stopped"
    assert "app password" in outcome.error
    assert "wrong-app-password" not in outcome.error
    kept = (await redis.hgetall(DESTINATION_MEMORY))[b"account"]
    assert b"password" not in kept


async def test_a_login_server_that_is_busy_keeps_the_post_for_later(account: Account) -> None:
    account.order("limited", act="login", seconds=200)
    began = account.now
    row = await account.publish(story(1))
    assert (row.state, account.made) == ("delivered", 1)
    assert account.now - began >= 199_000


async def test_every_try_sends_the_same_record(account: Account) -> None:
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    first = dict(account.posts[0].raw)
    await account.carry(story(1).uri)
    assert (account.posts[0].raw, account.posts[0].edited_at) == (first, 0)


async def test_a_record_of_somebody_else_under_our_name_is_left_alone(account: Account) -> None:
    await account.want(story(1))
    await account.publish(story(1))
    [post] = account.posts
    post.raw["embed"]["external"]["uri"] = "https://news.example.tw/news/other"
    channel = account.channel()
    announcement = Announcement(story(2), "put", URL, first=True)
    with pytest.raises(Unprepared, match="another post has this name"):
        await channel.deliver(channel.render(announcement), "key", post.id)
    assert len(account.posts) == 1
