"""Threads: containers, days' quotas, a token that is renewed, and posts that cannot be changed."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from hypothesis import given, strategies as st
from redis.asyncio import Redis

from services.publish.channels.threads import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unprepared, Unsaid
from services.publish.delivery.trial import tried
from services.publish.posts.counting import count_threads
from services.publish.social.threads_token import DAY_MS, Token
from services.sandbox.platforms.threads import TOKEN, fault_of, length
from shared.article import Article, Correction, Tag
from shared.http import HttpSettings, public_client
from tests.publish.channels.account import NOW, Account, open_account, story
from tests.publish.receiver import Behaviour, Receiver, answer

URL = "https://news.example.tw/news/a"
FAMILY = "👨‍👩‍👧‍👦"
LOOPBACK = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "threads") as opened:
        yield opened


def container(account: Account, article: Article, *, first: bool = True) -> Mapping[str, Any]:
    post = account.channel().render(Announcement(article, "put", URL, first=first))
    found: Mapping[str, Any] = json.loads(post.body)
    return found


def said(**words: object) -> Behaviour:
    return answer(200, json.dumps(words).encode())


async def test_link_and_topic_stand_beside_the_text(account: Account) -> None:
    assert container(account, story(1)) == {
        "media_type": "TEXT",
        "text": "跨河便橋通車　通勤省下二十分鐘（第1版）\n\n"
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。",
        "link_attachment": URL,
        "topic_tag": "便橋",
    }
    long_tag = story(1, tags=(Tag(name="標" * 51), Tag(name="1450"), Tag(name="A&B.C")))
    assert "topic_tag" not in container(account, long_tag)
    assert "topic_tag" not in container(account, story(1, tags=()))


async def test_a_correction_is_a_post_more_that_says_what_was_wrong(account: Account) -> None:
    corrected = container(account, story(2), first=False)
    assert corrected["text"] == (
        "【更正】跨河便橋通車　通勤省下二十分鐘（第2版）\n\n通車時間應為上午七時。"
    )
    assert corrected["link_attachment"] == URL


async def test_any_other_version_is_no_post_more(account: Account) -> None:
    update = story(2, correction=Correction(kind="update", text="有新消息"))
    with pytest.raises(Unsaid):
        container(account, update, first=False)
    await account.publish(story(1))
    row = await account.publish(update)
    assert (row.state, row.sent_version, account.made) == ("delivered", 2, 1)


async def test_all_posts_of_a_story_are_taken_away_with_it(account: Account) -> None:
    await account.publish(story(1))
    await account.publish(story(2))
    assert len(account.posts) == 2
    row = await account.kill(story(2))
    assert (row.proof, account.posts) == ("gone", [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("新" * 500, ""),
        ("新" * 501, "at most 500"),
        (FAMILY * 20, ""),
        (FAMILY * 20 + "a", "at most 500"),
        ("か\u3099" * 250, ""),
        (" ".join(f"https://a.tw/{number}" for number in range(4)), ""),
        (" ".join(f"https://a.tw/{number}" for number in range(5)), "At most 5"),
    ],
)
def test_the_sandbox_counts_as_threads_documents_it(text: str, fault: str) -> None:
    found = fault_of({"media_type": "TEXT", "text": text, "link_attachment": URL})
    assert fault in found
    assert bool(fault) == bool(found)


@given(st.lists(st.sampled_from([FAMILY, "🇹🇼", "台", "a", "5️⃣", "か\u3099", "👍🏽"])).map("".join))
def test_product_and_sandbox_count_alike(text: str) -> None:
    assert count_threads(text) == length(text)


async def test_a_summary_full_of_addresses_is_cut_before_the_fifth(account: Account) -> None:
    links = " ".join(f"看 https://a.tw/{number} 這裡" for number in range(9))
    found = container(account, story(1, description=links))
    assert found["text"].count("https://") == 4
    assert fault_of(found) == ""


async def test_a_lost_publish_is_found_by_its_container_before_a_list_shows_it(
    account: Account,
) -> None:
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    [post] = account.posts
    post.link = "https://elsewhere.example/"  # the list does not show it yet
    row = await account.carry(story(1).uri, hours=0.05)
    assert (row.state, account.made) == ("unknown", 1)
    assert row.error == "its container is PUBLISHED, and it is in no list yet"
    post.link = URL
    row = await account.carry(story(1).uri)
    assert (row.state, row.remote_id, account.made) == ("delivered", post.id, 1)


async def test_a_container_is_kept_until_it_is_known_what_became_of_it(account: Account) -> None:
    memory = account.destinations.memory("account")
    account.order("hang")
    await account.want(story(1))
    await account.crash()
    assert [name for name in await memory.recall() if name.startswith("container:")]
    await account.publish(story(1, "tag:example.tw,2026:b"))
    account.now += DAY_MS
    await account.publish(story(1, "tag:example.tw,2026:c"))
    assert not [name for name in await memory.recall() if name.startswith("container:")]


async def test_a_container_that_is_refused_ends_the_story_and_shows_why(account: Account) -> None:
    account.order("refused", act="media", times=9)
    row = await account.publish(story(1))
    assert (row.state, account.called("post")) == ("dead", 0)
    assert "368" in row.error


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["IN_PROGRESS", "FINISHED"], ""),
        (["ERROR"], "refused"),
        (["IN_PROGRESS"] * 4, "retry"),
    ],
)
async def test_a_container_is_published_as_soon_as_it_is_ready(
    states: list[str], verdict: str
) -> None:
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        words = {"address": f"http://127.0.0.1:{receiver.port}", "token": TOKEN}
        channel = open_channel(Settings.model_validate(words), http)
        quota = said(data=[{"quota_usage": 1, "config": {"quota_total": 250}}])
        seen = [said(id="1", status=state) for state in states]
        receiver.plan(answer(400), quota, said(id="1"), *seen, said(id="2"))
        post = channel.render(Announcement(story(1), "put", URL, first=True))
        if not verdict:
            done = channel.classify(await channel.deliver(post, "key", ""), "put")
            assert (done.verdict, done.remote_id) == ("done", "2")
            return
        with pytest.raises(Unprepared) as failed:
            await channel.deliver(post, "key", "")
        assert (failed.value.outcome.verdict, failed.value.outcome.reached) == (verdict, False)


async def test_a_mass_kill_takes_a_day_when_there_are_more_than_a_days_deletes(
    account: Account,
) -> None:
    stories = [story(1, f"tag:example.tw,2026:s{number}") for number in range(103)]
    for one in stories:
        await account.stand(one)
        await account.want(one, "kill")
    kills, news = account.couriers()
    for _ in range(60):
        await kills.round()
        account.now += 5_000
    assert len(account.posts) == 3
    await account.want(story(1))
    assert await news.round() == 1
    account.now += DAY_MS
    row = await account.carry(stories[0].uri)
    assert (row.proof, [post.link for post in account.posts]) == ("gone", [URL])
    assert {call.status for call in account.calls("delete")} == {200}


async def test_news_waits_while_the_days_posts_are_used_up(account: Account) -> None:
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        words = {"address": f"http://127.0.0.1:{receiver.port}", "token": TOKEN}
        channel = open_channel(Settings.model_validate(words), http, lambda: NOW)
        used = said(data=[{"quota_usage": 250, "config": {"quota_total": 250}}])
        receiver.plan(answer(400), used)
        post = channel.render(Announcement(story(1), "put", URL, first=True))
        for _ in range(2):
            with pytest.raises(Unprepared, match="nothing is left") as failed:
                await channel.deliver(post, "key", "")
            assert failed.value.outcome.rest_ms == 900_000
    assert len(receiver.received) == 2


async def test_a_quota_that_cannot_be_read_keeps_nothing_back(account: Account) -> None:
    account.order("broken", act="look", status=500)
    row = await account.publish(story(1))
    assert (row.state, account.made) == ("delivered", 1)


@pytest.mark.parametrize(
    ("token", "is_due"),
    [
        (Token("t"), True),
        (Token("t", asked_at=NOW - DAY_MS + 1), False),
        (Token("t", NOW + 31 * DAY_MS, NOW - 29 * DAY_MS), False),
        (Token("t", NOW + 30 * DAY_MS - 1, NOW - 30 * DAY_MS), True),
    ],
)
def test_a_token_is_renewed_long_before_it_ends_and_asked_for_once_a_day(
    token: Token, *, is_due: bool
) -> None:
    assert token.is_due(NOW) == is_due


async def test_a_token_is_renewed_once_and_kept_over_starts(account: Account) -> None:
    memory = account.destinations.memory("account")
    await account.publish(story(1))
    await account.publish(story(2))
    assert (account.called("login"), (await memory.recall())["token"]) == (1, f"{TOKEN}-1")
    account.now += 31 * DAY_MS
    await account.publish(story(3))
    assert (account.called("login"), (await memory.recall())["token"]) == (2, f"{TOKEN}-2")


async def test_a_token_that_cannot_be_renewed_is_used_as_it_is(account: Account) -> None:
    account.order("broken", act="login", times=9)
    row = await account.publish(story(1))
    assert (row.state, account.made, account.called("login")) == ("delivered", 1, 1)


async def test_the_token_is_in_no_error_although_it_is_in_an_address(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.order("expired")
    row = await account.publish(story(1))
    assert row.error
    outcome = await tried(account.channel())
    assert outcome
    told = row.error + outcome.error + await account.stopped() + "".join(capsys.readouterr())
    assert "190" in told
    assert TOKEN not in told + repr(Settings.model_validate(account.destination.settings))


@pytest.mark.parametrize(
    ("refused", "permission"), [(1, "threads_content_publish"), (2, "threads_delete")]
)
async def test_a_trial_names_the_permission_that_is_missing(refused: int, permission: str) -> None:
    no = answer(400, json.dumps({"error": {"code": 10, "message": "no"}}).encode())
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        words = {"address": f"http://127.0.0.1:{receiver.port}", "token": TOKEN}
        receiver.plan(answer(400), *[said(data=[])] * refused, no)
        outcome = await tried(open_channel(Settings.model_validate(words), http))
    assert outcome
    assert outcome.verdict == "stopped"
    assert f"the token lacks {permission} " in outcome.error
