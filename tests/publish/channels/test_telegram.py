"""Telegram: its HTML, its pictures, its 48 hours, its errors, and a token that nobody sees."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError
from redis.asyncio import Redis

from services.publish.channels.telegram import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared
from services.publish.delivery.row import Op
from services.publish.delivery.settle import HOUR_MS, NOTICE
from services.publish.social.blank_picture import blank_picture
from services.publish.social.telegram_answers import RIGHTS, lacking
from services.publish.social.telegram_html import UNREADABLE, count_shown, shown
from services.sandbox.platforms import telegram as platform
from shared.article import Article, Image
from shared.http import HttpSettings, public_client
from tests.publish.channels.account import Account, open_account, story
from tests.publish.receiver import Receiver, answer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
URL = "https://news.example.tw/news/a?x=1&y=2"
TWO_DAYS_MS = 48 * HOUR_MS


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "telegram") as opened:
        yield opened


def rendered(account: Account, article: Article) -> Mapping[str, Any]:
    post = account.channel().render(Announcement(article, "put", URL, first=True))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def pictured(receiver: Receiver, version: int = 1) -> Article:
    image = Image(url=f"http://127.0.0.1:{receiver.port}/p.png", alt="便橋全景", role="lead")
    return story(version, images=(image,))


async def test_the_headline_is_bold_and_the_link_stands_below_in_one_word(account: Account) -> None:
    message = rendered(account, story(1))
    assert message["text"] == (
        "<b>跨河便橋通車　通勤省下二十分鐘（第1版）</b>\n\n"
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。\n\n"
        '#便橋 #C130運輸機\n<a href="https://news.example.tw/news/a?x=1&amp;y=2">全文</a>'
    )
    assert message["link_preview_options"] == {"url": URL, "prefer_large_media": True}


async def test_signs_of_html_are_shown_as_they_are(account: Account) -> None:
    headline = 'A<b> & "B" &lt; </b>'
    text = platform.shown(rendered(account, story(1, headline=headline))["text"])
    assert str(text).splitlines()[0] == headline


async def test_words_of_ones_own_may_have_marks_and_a_link_but_only_such_as_telegram_reads(
    redis: Redis,
) -> None:
    linked = '<i>{{ headline }}</i> <a href="{{ url }}">看全文</a>'
    async with open_account(redis, "telegram", template=linked) as account:
        assert rendered(account, story(1))["text"].endswith("看全文</a>")
    async with open_account(redis, "telegram", template="<h1>{{ headline }}</h1>") as account:
        assert rendered(account, story(1))["text"].startswith("<b>跨河便橋")


@pytest.mark.parametrize(("pictures", "most"), [(True, 1_024), (False, 4_096)])
async def test_a_post_has_the_room_of_a_caption_where_it_may_be_one(
    redis: Redis, *, pictures: bool, most: int
) -> None:
    long = story(1, headline="新" * 300, description="𠮷&。" * 3_000)
    async with open_account(redis, "telegram", pictures=pictures) as account:
        text = platform.shown(rendered(account, long)["text"])
    assert most - 8 < platform.length(str(text)) <= most


@given(st.text(st.sampled_from("a<>&;\"'/b #x2𠮷台"), max_size=40))
def test_what_is_shown_is_what_another_reader_of_html_reads(text: str) -> None:
    html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown(f"<b>{html}</b>") == text
    assert count_shown(html) == platform.length(text)


@pytest.mark.parametrize("html", ["<b>", "</b>", "<b><i></b></i>", "<h1>a</h1>", "a < b"])
def test_what_telegram_cannot_read_is_longer_than_anything(html: str) -> None:
    assert count_shown(html) == UNREADABLE


@pytest.mark.parametrize("html", ["&#21488;&#x5317;&quot;&nbsp;&#1114112;", "AT&T"])
def test_entities_are_those_that_telegram_knows(html: str) -> None:
    assert shown(html) in ('台北"&nbsp;&#1114112;', "AT&T")


async def test_a_picture_has_the_text_below_it_and_a_correction_brings_its_own(
    account: Account,
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG), answer(200, PNG + b"2"))
        await account.publish(pictured(receiver))
        [post] = account.posts
        assert "第1版" in post.text
        assert account.world.pictures[post.pictures[0]] == ("image/png", PNG)
        row = await account.publish(pictured(receiver, 2))
    assert (row.sent_version, account.made, "【更正】" in post.text) == (2, 1, True)
    assert account.world.pictures[post.pictures[0]] == ("image/png", PNG + b"2")


async def test_a_correction_without_the_picture_changes_the_words_below_it(
    account: Account,
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG))
        await account.publish(pictured(receiver))
    row = await account.publish(story(2))
    [post] = account.posts
    assert (row.sent_version, len(post.pictures), "【更正】" in post.text) == (2, 1, True)


@pytest.mark.parametrize("body", [b"", b"GIF89a" + bytes(50), b"<svg/>"])
async def test_a_picture_that_cannot_be_had_or_is_not_taken_keeps_no_news_back(
    account: Account, body: bytes
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200 if body else 404, body))
        row = await account.publish(pictured(receiver))
    assert (row.state, account.posts[0].pictures, account.made) == ("delivered", (), 1)


@pytest.mark.parametrize("has_picture", [True, False])
async def test_after_48_hours_a_killed_post_becomes_a_notice_without_its_picture(
    account: Account, *, has_picture: bool
) -> None:
    async with Receiver() as receiver:
        receiver.plan(answer(200, PNG))
        await account.publish(pictured(receiver) if has_picture else story(1))
    account.now += TWO_DAYS_MS + 1
    row = await account.kill(story(1))
    [post] = account.posts
    assert (row.state, row.proof, row.error) == ("delivered", "impossible", NOTICE)
    assert post.text == "本則新聞已撤下"
    assert [account.world.pictures[name] for name in post.pictures] == (
        [("image/png", blank_picture())] if has_picture else []
    )


async def test_within_48_hours_it_is_deleted_and_looked_up(account: Account) -> None:
    await account.publish(story(1))
    account.now += TWO_DAYS_MS - HOUR_MS
    row = await account.kill(story(1))
    assert (row.proof, account.posts) == ("gone", [])


@pytest.mark.parametrize(
    ("status", "text", "op", "verdict"),
    [
        (400, "Bad Request: chat not found", "put", "stopped"),
        (400, "Bad Request: need administrator rights in the channel chat", "put", "stopped"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "put", "stopped"),
        (400, "Bad Request: message is too long", "put", "refused"),
        (400, "Bad Request: message is not modified: specified new …", "put", "done"),
        (400, "Bad Request: message to edit not found", "put", "missing"),
        (400, "Bad Request: message to delete not found", "kill", "done"),
        (400, "Bad Request: message can't be deleted for everyone", "kill", "impossible"),
        (400, "Bad Request: message can't be edited", "put", "refused"),
        (401, "Unauthorized", "put", "stopped"),
        (403, "Forbidden: bot was kicked from the channel chat", "kill", "stopped"),
        (403, "Forbidden: MESSAGE_DELETE_FORBIDDEN", "kill", "impossible"),
        (404, "Not Found", "kill", "stopped"),
        (429, "Too Many Requests: retry after 7", "put", "retry"),
        (500, "Internal Server Error", "put", "unknown"),
        (502, "Bad Gateway", "kill", "unknown"),
    ],
)
async def test_every_refusal_means_what_its_text_says(
    account: Account, status: int, text: str, op: Op, verdict: str
) -> None:
    said: dict[str, Any] = {"ok": False, "error_code": status, "description": text}
    said |= {"parameters": {"retry_after": 7}} if status == 429 else {}
    answered = httpx.Response(status, json=said)
    outcome = account.channel().classify(answered, op)
    assert outcome.verdict == verdict
    assert (outcome.after_ms, outcome.rest_ms) == ((7_000, 7_000) if status == 429 else (0, 0))


def test_a_trial_names_the_rights_that_are_missing() -> None:
    member = {"status": "administrator", **dict.fromkeys(RIGHTS, True)}
    assert lacking(member) == []
    assert lacking({**member, "can_post_messages": False}) == ["can_post_messages"]
    assert lacking({"status": "member"}) == list(RIGHTS)
    assert lacking({"status": "creator"}) == []


async def test_a_trial_says_which_right_the_bot_lacks_in_which_channel() -> None:
    me = {"ok": True, "result": {"id": 1}}
    member = {"ok": True, "result": {"status": "administrator", "can_post_messages": True}}
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        receiver.plan(*(answer(200, json.dumps(told).encode()) for told in (me, member)))
        words = {**platform.settings(""), "server": f"http://127.0.0.1:{receiver.port}"}
        with pytest.raises(Unprepared) as failed:
            await open_channel(Settings.model_validate(words), http).test()
    outcome = failed.value.outcome
    assert (outcome.verdict, outcome.error) == (
        "stopped",
        "the bot lacks can_edit_messages, can_delete_messages in @sandbox_daily",
    )


async def test_the_token_is_taken_out_of_whatever_an_answer_or_an_error_repeats(
    account: Account,
) -> None:
    path = f"/bot{platform.TOKEN}/sendMessage"
    for came in (httpx.Response(404, text=f"no {path}"), httpx.ReadTimeout(f"waited for {path}")):
        assert platform.TOKEN not in account.channel().classify(came, "put").error


@pytest.mark.parametrize(("name", "value"), [("token", "no-token"), ("chat", "daily news")])
def test_settings_that_cannot_work_are_refused_without_repeating_a_token(
    name: str, value: str
) -> None:
    words = {**platform.settings("http://127.0.0.1:1"), name: value}
    with pytest.raises(ValidationError, match=name) as refused:
        Settings.model_validate(words)
    told = str(refused.value)
    assert platform.TOKEN not in told
    assert "no-token" not in told
