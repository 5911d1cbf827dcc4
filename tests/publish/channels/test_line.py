"""LINE: its retry key, its month, its card, and what its own library says to our bodies."""

import json
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError
from redis.asyncio import Redis

from services.publish.channels.line import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared, Unsaid
from services.publish.delivery.trial import tried
from services.publish.social.line_answers import exhausted, month_end
from services.sandbox.platforms import line as platform
from services.sandbox.world import Post
from shared.article import Article, Correction, Image
from shared.http import HttpSettings, PublicClient, public_client
from tests.publish.channels.account import Account, open_account, story
from tests.publish.receiver import Receiver, answer

URL = "https://news.example.tw/news/a"
HOUR_MS = 3_600_000
USER = "U" + "0123456789abcdef" * 2
PIECES = ("颱風", "𠮷", "👨‍👩‍👧‍👦", "か\u3099", "AI ", "。", "「", "」", "\n", "&", '"')
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=900).map("".join)


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "line") as opened:
        yield opened


def body(article: Article, *, first: bool = True, **settings: object) -> dict[str, Any]:
    words = {**platform.settings("http://127.0.0.1:1"), **settings}
    nobody = PublicClient(httpx.MockTransport(lambda _: httpx.Response(500)))
    channel = open_channel(Settings.model_validate(words), nobody)
    post = channel.render(Announcement(article, "put", URL, first=first))
    found: dict[str, Any] = json.loads(post.body)
    return found


def fill(account: Account, messages: int) -> None:
    """So many messages of the month are used up."""
    old = Post("line", "@daily", "old", "", account.now, raw={"receivers": messages})
    account.world.put(old)


def test_a_text_is_headline_summary_and_link() -> None:
    [message] = body(story(1))["messages"]
    assert message == {
        "type": "text",
        "text": "跨河便橋通車　通勤省下二十分鐘（第1版）\n\n"
        f"縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。\n\n{URL}",
    }


def test_a_card_has_a_picture_the_words_and_a_button_and_stands_in_lists_as_text() -> None:
    image = Image(url="https://news.example.tw/p.jpg", role="lead")
    [message] = body(story(1, images=(image,)), card=True)["messages"]
    bubble = message["contents"]
    assert message["altText"].startswith("跨河便橋通車　通勤省下二十分鐘（第1版）\n縣府今天")
    assert bubble["hero"]["url"] == image.url
    assert [one["text"] for one in bubble["body"]["contents"]] == [
        "跨河便橋通車　通勤省下二十分鐘（第1版）",
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。",
    ]
    [button] = bubble["footer"]["contents"]
    assert button["action"] == {"type": "uri", "label": "全文", "uri": URL}


@pytest.mark.parametrize("url", ["http://a.tw/p.jpg", "https://a.tw/p.webp", "https://a.tw/p"])
def test_a_picture_that_line_could_not_load_is_left_out(url: str) -> None:
    [message] = body(story(1, images=(Image(url=url),)), card=True)["messages"]
    assert "hero" not in message["contents"]


@settings(deadline=None)
@given(headline=TEXT.filter(lambda text: 0 < len(text.strip()) <= 400), summary=TEXT)
@pytest.mark.parametrize("card", [True, False])
def test_no_message_is_longer_than_line_takes(headline: str, summary: str, *, card: bool) -> None:
    article = story(1, headline=headline, description=summary * 4)
    assert platform.fault_of(body(article, card=card)) == ""


async def test_only_a_correction_of_what_was_wrong_is_a_message_more(account: Account) -> None:
    await account.publish(story(1))
    update = Correction(kind="update", text="新增照片")
    row = await account.publish(story(2, correction=update))
    assert (row.state, row.sent_version, account.made) == ("delivered", 2, 1)
    row = await account.publish(story(3))
    assert (row.sent_version, account.made) == (3, 2)
    assert account.posts[1].text == (
        f"【更正】跨河便橋通車　通勤省下二十分鐘（第3版）\n\n通車時間應為上午七時。\n\n{URL}"
    )
    with pytest.raises(Unsaid):
        body(story(2, correction=update), first=False)


async def test_a_second_try_has_the_same_uuid_and_409_is_done_under_the_first_name(
    account: Account,
) -> None:
    account.order("lost")
    row = await account.publish(story(1))
    assert [call.status for call in account.calls("post")] == [0, 409]
    assert (row.state, account.made, row.remote_id) == ("delivered", 1, account.posts[0].id)


async def test_the_retry_key_is_a_uuid_that_only_the_key_decides() -> None:
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        words = {**platform.settings(""), "server": f"http://127.0.0.1:{receiver.port}"}
        channel = open_channel(Settings.model_validate(words), http)
        post = channel.render(Announcement(story(1), "put", URL, first=True))
        for key in ("msg_1", "msg_1", "msg_2"):
            await channel.deliver(post, key, "")
        first, again, other = (one.headers["x-line-retry-key"] for one in receiver.received)
    assert first == again != other
    assert str(UUID(first)) == first


async def test_a_key_is_trusted_for_less_than_a_day_and_then_a_person_decides(
    account: Account,
) -> None:
    account.order("lost")
    account.order("broken", status=503, times=2)
    await account.want(story(1))
    await account.carry(story(1).uri, hours=0)
    account.now += 24 * HOUR_MS
    row = await account.carry(story(1).uri)
    assert (row.state, account.made) == ("unknown", 1)


async def test_when_the_month_is_used_up_it_stops_with_a_reason_until_the_month_ends(
    account: Account,
) -> None:
    fill(account, platform.QUOTA - platform.FOLLOWERS)
    await account.publish(story(1))
    account.now += 10 * 60_000
    row = await account.publish(story(1, "tag:example.tw,2026:b"))
    reason = await account.stopped()
    assert (row.state, row.attempt, account.called("post")) == ("waiting", 0, 1)
    assert reason.startswith("this month's messages are used up, it goes on 2026-11-30 15:00 UTC")
    assert reason.endswith("2000 of 2000")
    until = account.destination.until
    assert until == datetime(2026, 11, 30, 15, tzinfo=UTC)
    account.now = int(until.timestamp() * 1_000)
    assert await account.destinations.end_pause("account", until)
    assert not await account.stopped()
    old = await account.carry(row.uri)
    assert (old.state, old.error) == ("dead", "old news by now")
    row = await account.publish(story(1, "tag:example.tw,2026:c"))
    assert (row.state, account.called("post")) == ("delivered", 2)


async def test_a_month_that_is_used_up_between_two_looks_stops_by_the_answer(
    account: Account,
) -> None:
    couriers = account.couriers()
    await account.want(story(1))
    for courier in couriers:
        await courier.round()
    fill(account, platform.QUOTA)
    await account.want(story(1, "tag:example.tw,2026:b"))
    for courier in couriers:
        await courier.round()
    assert [call.status for call in account.calls("post")] == [200, 429]
    assert "monthly limit" in await account.stopped()
    assert account.destination.until == datetime(2026, 11, 30, 15, tzinfo=UTC)


async def test_a_trial_says_that_the_month_is_used_up(account: Account) -> None:
    fill(account, platform.QUOTA)
    found = await tried(account.channel())
    assert found
    assert (found.verdict, "2000 of 2000" in found.error) == ("stopped", True)


async def test_an_account_that_may_not_read_its_quota_posts_all_the_same() -> None:
    loopback = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
    async with Receiver() as receiver, public_client(loopback) as http:
        receiver.plan(answer(404), answer(500))
        words = {**platform.settings(""), "server": f"http://127.0.0.1:{receiver.port}"}
        channel = open_channel(Settings.model_validate(words), http)
        await channel.prepare()
        await channel.prepare()
        assert len(receiver.received) == 1
        with pytest.raises(Unprepared):
            await open_channel(Settings.model_validate(words), http).prepare()


async def test_some_are_told_where_not_all_are_to_be(redis: Redis) -> None:
    async with open_account(redis, "line", to=[USER]) as account:
        await account.publish(story(1))
        [call] = account.calls("post")
        assert call.request == "POST /line/v2/bot/message/multicast"
        assert account.posts[0].raw["to"] == [USER]
    with pytest.raises(ValidationError, match="to"):
        Settings.model_validate({"token": "t", "to": ["daily"]})


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 11, 30, 14, 59, tzinfo=UTC), datetime(2026, 11, 30, 15, tzinfo=UTC)),
        (datetime(2026, 11, 30, 15, 0, tzinfo=UTC), datetime(2026, 12, 31, 15, tzinfo=UTC)),
        (datetime(2028, 1, 31, 0, 0, tzinfo=UTC), datetime(2028, 1, 31, 15, tzinfo=UTC)),
    ],
)
def test_a_month_ends_at_midnight_in_tokyo(at: datetime, end: datetime) -> None:
    assert month_end(int(at.timestamp() * 1_000)) == end


def test_a_quota_without_a_limit_or_without_sense_stops_nothing() -> None:
    assert exhausted({"type": "none"}, {"totalUsage": 9}) == ""
    assert exhausted({"type": "limited", "value": 5}, {}) == ""
    assert exhausted({}, {"totalUsage": 9}) == ""
    assert exhausted({"type": "limited", "value": 5}, {"totalUsage": 4}) == ""


@pytest.fixture(scope="module")
def line_models() -> Any:  # noqa: ANN401  # a library that need not be there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("linebot.v3.messaging", reason="needs line-bot-sdk")


@pytest.mark.parametrize("words", [{}, {"card": True}, {"to": [USER]}, {"card": True, "tags": 3}])
def test_lines_own_library_reads_every_body_as_we_mean_it(
    line_models: Any,  # noqa: ANN401
    words: dict[str, object],
) -> None:
    image = Image(url="https://news.example.tw/p.jpg", role="lead")
    for article in (story(1), story(1, images=(image,)), story(1, description="", tags=())):
        sent = body(article, **words)
        model = line_models.MulticastRequest if "to" in sent else line_models.BroadcastRequest
        assert within(sent, json.loads(model.from_dict(sent).to_json()))


def within(ours: object, theirs: object) -> bool:
    """Whether nothing of ours was dropped or changed; it may add defaults."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(within(value, theirs.get(name)) for name, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(within, ours, theirs))
    return ours == theirs


def test_lines_own_library_refuses_a_body_without_a_text(line_models: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match="text"):
        line_models.BroadcastRequest.from_dict({"messages": [{"type": "text"}]})
