"""Slack: its marks, its refusals with status 200, and a token that may read or may not."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError
from redis.asyncio import Redis

from services.publish.channels.slack import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared
from services.publish.delivery.row import Op
from services.publish.social.slack_answers import lacking, links_to
from services.sandbox.platforms import slack as platform
from shared.article import Article
from shared.http import HttpSettings, PublicClient, public_client
from tests.publish.channels.account import Account, open_account, story
from tests.publish.receiver import Receiver, answer

URL = "https://news.example.tw/news/a?x=1&y=2"
SIGNS = "a台*_~`:&<>@# 1"


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "slack") as opened:
        yield opened


def message(article: Article, **settings: object) -> Mapping[str, Any]:
    words = {**platform.settings("http://127.0.0.1:1"), **settings}
    nobody = PublicClient(httpx.MockTransport(lambda _: httpx.Response(500)))
    channel = open_channel(Settings.model_validate(words), nobody)
    post = channel.render(Announcement(article, "put", URL, first=True))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def test_headline_summary_and_link_stand_below_each_other() -> None:
    assert message(story(1))["text"] == (
        "*跨河便橋通車　通勤省下二十分鐘（第1版）*\n"
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。\n"
        "https://news.example.tw/news/a?x=1&amp;y=2"
    )


@pytest.mark.parametrize(
    ("headline", "shown"),
    [
        ("<!channel> <@U1> A&B", "<!channel> <@U1> A&B"),
        ("今天 *重要* _新聞_ ~舊~ `碼`", "今天 ＊重要＊ ＿新聞＿ ～舊～ ｀碼｀"),
        ("snake_case 2*3 12:30:45", "snake_case 2*3 12:30:45"),
        ("恭喜 :tada: 得獎", "恭喜 ：tada: 得獎"),
    ],
)
def test_signs_of_slack_are_shown_and_call_nobody(headline: str, shown: str) -> None:
    text = message(story(1, headline=headline))["text"]
    assert platform.shown(text).splitlines()[0] == f"*{shown}*"
    assert not re.search(r"<[!@#]", text)


def test_a_line_that_begins_like_a_quotation_is_none() -> None:
    text = message(story(1, description="> 引文"))["text"]
    assert text.splitlines()[1] == "＞ 引文"


@given(st.text(st.sampled_from(SIGNS), max_size=60))
def test_no_text_whatever_makes_a_mark_or_a_mention(text: str) -> None:
    summary = message(story(1, description=f"x {text} x"))["text"].splitlines()[1]
    assert not re.search(r"(?<![^\W_])[*_~`]|[*_~`](?![^\W_])|[<>]", summary)
    unescaped = platform.shown(summary)
    assert len(unescaped.split()) == len(f"x {text} x".split())


def test_a_long_story_is_cut_to_what_slack_asks_for() -> None:
    text = message(story(1, description="縣府今天開放跨河便橋&" * 900))["text"]
    assert 3_900 < len(text) <= 4_000


async def test_without_its_history_a_lost_post_waits_for_a_person_and_a_kill_is_accepted(
    redis: Redis,
) -> None:
    async with open_account(redis, "slack", history=False) as account:
        account.order("lost")
        row = await account.publish(story(1))
        assert (row.state, account.made, account.called("look")) == ("unknown", 1, 0)
        other = story(1, "tag:example.tw,2026:b")
        await account.publish(other)
        row = await account.kill(other)
        assert (row.proof, len(account.posts), account.called("look")) == ("accepted", 1, 0)


async def test_a_lost_post_is_found_pages_behind_and_not_by_a_longer_address(
    account: Account,
) -> None:
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    for number in range(130):
        await account.want(story(1, f"tag:example.tw,2026:a{number}"))
    row = await account.carry(story(1).uri)
    assert (row.state, account.made) == ("delivered", 131)
    assert row.remote_id == account.posts[0].id


@pytest.mark.parametrize(
    ("error", "op", "verdict"),
    [
        ("msg_too_long", "put", "refused"),
        ("not_in_channel", "put", "stopped"),
        ("channel_not_found", "kill", "stopped"),
        ("is_archived", "put", "stopped"),
        ("missing_scope", "put", "stopped"),
        ("token_revoked", "kill", "stopped"),
        ("ratelimited", "put", "retry"),
        ("fatal_error", "put", "unknown"),
        ("internal_error", "kill", "unknown"),
        ("message_not_found", "put", "missing"),
        ("message_not_found", "kill", "done"),
        ("cant_delete_message", "kill", "impossible"),
        ("something_new", "put", "refused"),
    ],
)
def test_every_refusal_means_what_its_name_says(error: str, op: Op, verdict: str) -> None:
    answered = httpx.Response(200, json={"ok": False, "error": error, "needed": "chat:write"})
    outcome = slack().classify(answered, op)
    assert (outcome.verdict, outcome.is_proof) == (verdict, verdict == "done")
    if verdict == "stopped":
        assert outcome.error == f"{error}: it needs chat:write"


@pytest.mark.parametrize("op", ["put", "kill"])
@pytest.mark.parametrize(
    ("status", "verdict"), [(404, "stopped"), (410, "stopped"), (200, "unknown"), (502, "unknown")]
)
def test_what_is_no_answer_of_slack_proves_nothing(status: int, op: Op, verdict: str) -> None:
    outcome = slack().classify(httpx.Response(status, text="<html>proxy</html>"), op)
    assert (outcome.verdict, outcome.is_proof) == (verdict, False)


def slack() -> Any:  # noqa: ANN401  # the channel, whose protocol the suite checks
    nobody = PublicClient(httpx.MockTransport(lambda _: httpx.Response(500)))
    return open_channel(Settings.model_validate(platform.settings("http://127.0.0.1:1")), nobody)


def test_the_scopes_that_are_missing_are_named() -> None:
    assert lacking("chat:write,channels:history", reads=True) == []
    assert lacking("groups:history, chat:write", reads=True) == []
    assert lacking("chat:write", reads=False) == []
    assert lacking("users:read", reads=True) == [
        "chat:write",
        "channels:history or groups:history",
    ]


@pytest.mark.parametrize(
    ("scopes", "error"),
    [
        ("chat:write", "the token lacks channels:history or groups:history"),
        ("chat:write,channels:history", "not_in_channel"),
    ],
)
async def test_a_trial_says_what_the_app_lacks(scopes: str, error: str) -> None:
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        well, ill = b'{"ok": true}', b'{"ok": false, "error": "not_in_channel"}'
        receiver.plan(answer(200, well, x_oauth_scopes=scopes), answer(200, ill))
        words = {**platform.settings(""), "server": f"http://127.0.0.1:{receiver.port}"}
        with pytest.raises(Unprepared) as failed:
            await open_channel(Settings.model_validate(words), http).test()
    assert (failed.value.outcome.verdict, failed.value.outcome.error) == ("stopped", error)


def test_an_address_in_the_history_is_the_whole_address() -> None:
    assert links_to({"text": "*標題*\n<https://a.tw/?a=1&amp;b=2>"}, "https://a.tw/?a=1&b=2")
    assert links_to({"text": "<https://a.tw/1|全文>"}, "https://a.tw/1")
    assert not links_to({"text": "<https://a.tw/12>"}, "https://a.tw/1")


def test_a_channel_is_named_by_its_id() -> None:
    words = {**platform.settings("http://127.0.0.1:1"), "channel": "#news"}
    with pytest.raises(ValidationError, match="channel"):
        Settings.model_validate(words)
