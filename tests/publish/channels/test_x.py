"""X: its weights, its money, a login whose refresh token counts once, and no edits."""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError
from redis.asyncio import Redis

from services.publish.channels.x import Settings, open_channel
from services.publish.delivery.channel import Announcement, Unsaid
from services.publish.delivery.row import Op
from services.publish.delivery.trial import tried
from services.publish.posts.counting import count_x
from services.publish.social.x_posts import is_missing, links_to, page_of, price_of, start_of
from services.publish.social.x_spending import counted, spent_in
from services.sandbox.app import PLUGS
from services.sandbox.platforms.x import CLIENT_SECRET, REFRESH, fault_of, length
from services.sandbox.world import Post
from shared.article import Article, Correction
from shared.http import HttpSettings, public_client
from tests.publish.channels.account import NOW, Account, open_account, story
from tests.publish.receiver import Receiver, answer

URL = "https://news.example.tw/news/a"
FAMILY = "👨‍👩‍👧‍👦"
LOOPBACK = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
WORDS = PLUGS["x"].settings("http://127.0.0.1:1")
SIGNS = (
    "台",
    "北",
    "a",
    "Z",
    "7",
    " ",
    "。",
    "…",
    "“",
    "·",
    "　",
    "é",
    "가",
    "\n",
    "©",
    f" {URL} ",
)
EMOJIS = (FAMILY, "🇹🇼", "\U00020bb7", "か\u3099", "葛\U000e0100", "👍🏽", "5️⃣", "#台北 ")
MIXED = st.lists(st.sampled_from(SIGNS + EMOJIS), max_size=60).map("".join)
MONTH = "2026-11"


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "x") as opened:
        yield opened


async def kept(account: Account) -> Mapping[str, str]:
    return await account.destinations.memory("account").recall()


async def spent(account: Account) -> int:
    return spent_in(await kept(account), MONTH)


def text_of(account: Account, article: Article, *, first: bool = True) -> str:
    post = account.channel().render(Announcement(article, "put", URL, first=first))
    return str(json.loads(post.body)["text"])


def poor(account: Account, usd: float) -> None:
    words = {**account.destination.settings, "monthly_budget_usd": usd}
    account.destination = account.destination.model_copy(update={"settings": words})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("台" * 140, ""),
        ("台" * 141, "too long"),
        ("台" * 139 + "…", ""),
        ("台" * 128 + f" {URL}", ""),
        ("台" * 129 + f" {URL}", "too long"),
        (FAMILY * 140, ""),
        (FAMILY * 141, "too long"),
        ("", "invalid"),
    ],
)
def test_the_sandbox_weighs_as_x_documents_it(text: str, fault: str) -> None:
    assert fault in fault_of({"text": text})
    assert bool(fault) == bool(fault_of({"text": text}))


@given(MIXED)
def test_product_and_sandbox_weigh_alike(text: str) -> None:
    assert count_x(text) == length(text)


@pytest.fixture(scope="module")
def judge() -> ModuleType:
    """X's own parser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its data by pkg_resources, which is old
        pytest.importorskip("pkg_resources", reason="needs setuptools<81")
        found: ModuleType = pytest.importorskip(
            "twitter_text", reason="twitter-text-parser is not installed"
        )
        found.parse_tweet("它先讀資料")
    return found


@settings(max_examples=50)
@given(headline=MIXED.filter(lambda text: text.strip()), summary=MIXED, first=st.booleans())
def test_x_itself_takes_every_post(
    judge: ModuleType, headline: str, summary: str, *, first: bool
) -> None:
    nobody = public_client(HttpSettings(allow_networks=()))
    channel = open_channel(Settings.model_validate({**WORDS, "summary": True}), nobody)
    article = story(2, headline=headline, description=summary)
    post = channel.render(Announcement(article, "put", URL, first=first))
    parsed = judge.parse_tweet(json.loads(post.body)["text"])
    assert parsed.valid
    assert parsed.weightedLength <= 280


async def test_a_summary_is_there_only_if_it_is_wanted(account: Account) -> None:
    text = f"跨河便橋通車　通勤省下二十分鐘（第1版）\n#便橋 #C130運輸機\n{URL}"
    assert text_of(account, story(1)) == text
    words = {**account.destination.settings, "summary": "true"}
    account.destination = account.destination.model_copy(update={"settings": words})
    assert "\n縣府今天開放跨河便橋" in text_of(account, story(1))


async def test_a_correction_is_a_post_more_that_says_what_was_wrong(account: Account) -> None:
    corrected = text_of(account, story(2), first=False)
    assert corrected.startswith(
        "【更正】跨河便橋通車　通勤省下二十分鐘（第2版）\n通車時間應為上午七時。"
    )
    update = story(2, correction=Correction(kind="update", text="有新消息"))
    with pytest.raises(Unsaid):
        text_of(account, update, first=False)
    await account.publish(story(1))
    await account.publish(story(2))
    row = await account.kill(story(2))
    assert (account.made, account.posts, row.proof) == (2, [], "gone")


@pytest.mark.parametrize("budget", [None, "", "0", "-1", "inf", "nan"])
def test_there_is_no_destination_without_a_monthly_budget(budget: str | None) -> None:
    words = {**WORDS, "monthly_budget_usd": budget}
    if budget is None:
        del words["monthly_budget_usd"]
    with pytest.raises(ValidationError, match="monthly_budget_usd"):
        Settings.model_validate(words)


def test_a_post_with_an_address_costs_more() -> None:
    assert (price_of("便橋通車"), price_of(f"便橋通車\n{URL}")) == (15, 200)


def test_a_month_that_is_over_is_forgotten() -> None:
    first = counted({"access": "t"}, "2026-11", 200)
    assert (first, spent_in(first, "2026-12")) == ({"access": "t", "spent:2026-11": "200"}, 0)
    assert counted(first, "2026-12", 15) == {"access": "t", "spent:2026-12": "15"}
    assert counted(first, "2026-11", -300)["spent:2026-11"] == "0"


async def test_every_call_is_counted(account: Account) -> None:
    await account.publish(story(1))
    assert await spent(account) == 200
    await account.kill(story(1))
    assert await spent(account) == 200 + 10 + 5
    account.order("lost")
    await account.publish(story(3))
    assert await spent(account) == 215 + 200 + 5 + 5  # the post, who we are, and one post read


async def test_what_was_certainly_not_posted_is_not_paid_for(account: Account) -> None:
    account.order("refused", times=9)
    await account.publish(story(1))
    assert (account.called("post"), await spent(account)) == (3, 0)
    account.world.forget_faults()
    account.order("limited", seconds=20)
    await account.publish(story(1, "tag:example.tw,2026:b"))
    assert await spent(account) == 200


async def test_a_budget_that_is_used_up_stops_new_posts_and_no_delete(account: Account) -> None:
    poor(account, 0.4)
    for number in range(2):
        await account.publish(story(1, f"tag:example.tw,2026:{number}"))
    row = await account.publish(story(1))
    assert (row.state, account.made, account.called("post")) == ("waiting", 2, 2)
    assert await account.stopped() == (
        "the month's budget of $0.40 is used up ($0.400 is spent): "
        "resume next month, or raise monthly_budget_usd"
    )
    killed = story(1, "tag:example.tw,2026:0")
    await account.want(killed, "kill")
    kills = account.couriers()[0]
    for _ in range(3):
        await kills.round()
        account.now += 5_000
    assert ((await account.row(killed.uri)).proof, len(account.posts)) == ("gone", 1)


async def test_another_month_has_money_again(account: Account) -> None:
    poor(account, 0.2)
    await account.publish(story(1))
    account.now += 14 * 86_400_000  # it is December
    row = await account.publish(story(1, "tag:example.tw,2026:b"))
    assert (row.state, account.made) == ("delivered", 2)
    money = {name: paid for name, paid in (await kept(account)).items() if "spent" in name}
    assert money == {"spent:2026-12": "200"}


async def test_two_couriers_never_pass_the_budget_together(account: Account) -> None:
    poor(account, 1.0)
    for number in range(8):
        await account.want(story(1, f"tag:example.tw,2026:{number}"))
    for _ in range(4):
        await asyncio.gather(*[account.couriers()[1].round() for _ in range(3)])
    assert (account.made, await spent(account)) == (5, 1_000)


async def test_a_crash_counts_a_post_too_many_never_one_too_few(account: Account) -> None:
    account.order("stall")
    await account.want(story(1))
    await account.crash()
    assert (account.made, await spent(account)) == (0, 200)


async def test_a_mass_kill_is_paced_by_the_deletes_of_a_quarter_of_an_hour(
    account: Account,
) -> None:
    stories = [story(1, f"tag:example.tw,2026:s{number}") for number in range(55)]
    for one in stories:
        await account.stand(one)
        await account.want(one, "kill")
    row = await account.carry(stories[0].uri)
    refused = [call for call in account.calls("delete") if call.status != 200]
    assert (account.posts, row.proof, len(refused) <= 3) == ([], "gone", True)
    assert account.now - NOW >= 900_000
    assert await spent(account) == 55 * (10 + 5)


async def test_the_next_refresh_token_is_kept_and_used_once(account: Account) -> None:
    await account.publish(story(1))
    assert (await kept(account))["refresh"] == f"{REFRESH}-1"
    account.now += 7_200_000
    await account.publish(story(1, "tag:example.tw,2026:b"))
    assert (account.called("login"), (await kept(account))["refresh"]) == (2, f"{REFRESH}-2")
    assert {call.status for call in account.calls("login") + account.calls("post")} == {200, 201}


async def test_of_many_that_need_a_new_login_one_gets_it_for_all(account: Account) -> None:
    channels = [account.channel() for _ in range(4)]
    outcomes = await asyncio.gather(*[tried(one) for one in channels for _ in range(2)])
    assert {outcome.verdict for outcome in outcomes if outcome} == {"done"}
    assert account.called("login") == 1


async def test_a_renewal_is_carried_to_its_end_though_its_caller_is_gone(account: Account) -> None:
    task = asyncio.create_task(tried(account.channel()))
    async with asyncio.timeout(10):
        while not (await kept(account)).get("renewing"):
            await asyncio.sleep(0.001)
    task.cancel()
    async with asyncio.timeout(10):
        while "refresh" not in await kept(account):
            await asyncio.sleep(0.01)
    outcome = await tried(account.channel())
    assert outcome
    assert (outcome.verdict, account.called("login")) == ("done", 1)


async def test_who_dies_while_renewing_keeps_others_waiting_for_seconds(account: Account) -> None:
    memory = account.destinations.memory("account")
    await memory.keep({"renewing": f"{account.now + 15_000} somebody"})
    row = await account.publish(story(1))
    assert (row.state, account.made) == ("delivered", 1)
    assert account.now >= NOW + 5_000


async def test_a_refresh_token_that_counts_no_more_stops_the_destination(account: Account) -> None:
    words = {**account.destination.settings, "refresh_token": "somebody-has-used-it"}
    account.destination = account.destination.model_copy(update={"settings": words})
    row = await account.publish(story(1))
    reason = await account.stopped()
    assert (row.state, account.made) == ("waiting", 0)
    assert reason.startswith("the login has ended: log in again and set refresh_token")
    for secret in ("somebody-has-used-it", CLIENT_SECRET):
        assert secret not in reason + row.error + repr(Settings.model_validate(words))


async def test_a_trial_names_the_scope_that_is_missing() -> None:
    said = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 7200}
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        receiver.plan(answer(200, json.dumps({**said, "scope": "tweet.read users.read"}).encode()))
        words = {**WORDS, "address": f"http://127.0.0.1:{receiver.port}"}
        outcome = await tried(open_channel(Settings.model_validate(words), http))
    assert outcome
    assert outcome.error == "the login lacks tweet.write, offline.access"


@pytest.mark.parametrize(
    ("status", "said", "op", "verdict"),
    [
        (
            403,
            {"detail": "You are not allowed to create a Tweet with duplicate content."},
            "put",
            "unknown",
        ),
        (403, {"detail": "You are not permitted to perform this action."}, "put", "refused"),
        (403, {"detail": "Your account is suspended", "type": "about:blank"}, "put", "stopped"),
        (403, {"type": "https://api.twitter.com/2/problems/client-forbidden"}, "put", "stopped"),
        (402, {"title": "CreditsDepleted"}, "put", "stopped"),
        (429, {"title": "UsageCapExceeded", "detail": "Usage cap exceeded"}, "put", "stopped"),
        (429, {"title": "Too Many Requests"}, "put", "retry"),
        (401, {"title": "Unauthorized"}, "put", "stopped"),
        (500, {}, "put", "unknown"),
        (200, {"data": {"deleted": False}}, "kill", "retry"),
        (200, {"data": {"deleted": True}}, "kill", "done"),
        (404, {}, "kill", "done"),
    ],
)
async def test_what_an_answer_says_tells_what_its_status_means(
    account: Account, status: int, said: Mapping[str, Any], op: Op, verdict: str
) -> None:
    outcome = account.channel().classify(httpx.Response(status, json=said), op)
    assert outcome.verdict == verdict


async def test_words_that_stand_there_already_are_looked_for_and_found(account: Account) -> None:
    first = await account.publish(story(1))
    channel = account.channel()
    post = channel.render(Announcement(story(1), "put", URL, first=True))
    again = channel.classify(await channel.deliver(post, "key", ""), "put")
    found = await channel.find(URL, "", NOW - 60_000)
    assert (again.verdict, found.verdict, found.remote_id) == ("unknown", "there", first.remote_id)


async def test_a_post_is_found_on_the_second_page(account: Account) -> None:
    await account.publish(story(1))
    for number in range(105):
        text = f"第{number}則 {URL}{number}"
        account.world.put(Post("x", "@daily", str(number), text, account.now))
    found = await account.channel().find(URL, "", account.now - 60_000)
    assert (found.verdict, found.remote_id) == ("there", account.posts[0].id)
    assert (await account.channel().find(URL, "", account.now + 60_000)).verdict == "missing"


def test_an_odd_answer_is_no_page_and_no_proof() -> None:
    assert page_of({"meta": {"result_count": 0}}) is not None
    odds: list[Any] = [{}, {"data": 1, "meta": {}}, {"data": [1], "meta": {}}, {"data": []}]
    for odd in odds:
        assert page_of(odd) is None
    forbidden = {"type": "https://api.twitter.com/2/problems/not-authorized-for-resource"}
    for errors in ([], [forbidden], "gone", [1]):
        assert not is_missing({"errors": errors})
    for post in ({}, {"entities": {"urls": [1]}}, {"entities": {"urls": None}}):
        assert not links_to(post, URL)


def test_x_is_asked_for_nothing_older_than_its_first_posts() -> None:
    assert start_of(0) == "2010-11-06T00:00:01Z"
    assert start_of(1_795_000_000_999) == "2026-11-18T11:06:40Z"
