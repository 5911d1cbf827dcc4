"""Facebook: what its codes mean, what stands hidden, and a token that is never written down."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st
from redis.asyncio import Redis

from services.publish.channels.facebook import Settings, leads_to, open_channel
from services.publish.delivery.channel import Announcement, Channel, Unprepared
from services.publish.delivery.row import Op
from services.publish.delivery.trial import tried
from services.publish.social.graph import error_of, page_of, regain_ms, verdict_of
from services.sandbox.platforms.facebook import PAGE, TOKEN, fault_of
from shared.http import HttpSettings, PublicClient, public_client
from tests.publish.channels.account import Account, open_account, story
from tests.publish.receiver import Receiver, answer

URL = "https://news.example.tw/news/a"
LOOPBACK = HttpSettings.model_validate({"allow_networks": ["127.0.0.0/8"]})
JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(100),
    lambda some: (
        st.lists(some, max_size=3)
        | st.dictionaries(st.sampled_from(["call_count", "error", "code", "data", "a"]), some)
    ),
    max_leaves=8,
)


@pytest.fixture
async def account(redis: Redis) -> AsyncIterator[Account]:
    async with open_account(redis, "facebook") as opened:
        yield opened


def at(receiver: Receiver, http: PublicClient) -> Channel:
    words = {"page": PAGE, "token": TOKEN, "address": f"http://127.0.0.1:{receiver.port}/v26.0"}
    return open_channel(Settings.model_validate(words), http)


def error(code: int, status: int = 400, **more: object) -> httpx.Response:
    request = httpx.Request("POST", f"https://graph.facebook.com/v26.0/{PAGE}_1")
    said = {"error": {"message": "…", "code": code, **more}}
    return httpx.Response(status, json=said, request=request)


@pytest.mark.parametrize(
    ("said", "op", "verdict"),
    [
        (error(1), "put", "retry"),
        (error(2, 503), "put", "retry"),
        (error(2, 500), "put", "unknown"),
        (error(4), "put", "retry"),
        (error(17), "put", "retry"),
        (error(32, 403), "put", "retry"),
        (error(341), "put", "retry"),
        (error(9_999, is_transient=True), "put", "retry"),
        (error(190, 401), "put", "stopped"),
        (error(190), "kill", "stopped"),
        (error(102), "put", "stopped"),
        (error(10, 403), "put", "refused"),
        (error(200, 403), "put", "refused"),
        (error(299), "kill", "refused"),
        (error(368), "put", "refused"),
        (error(506), "put", "unknown"),
        (error(100), "put", "refused"),
        (error(100, error_subcode=33), "put", "missing"),
        (error(100, error_subcode=33), "kill", "done"),
    ],
)
async def test_the_code_of_an_error_says_what_its_status_does_not(
    account: Account, said: httpx.Response, op: Op, verdict: str
) -> None:
    outcome = account.channel().classify(said, op)
    assert (outcome.verdict, outcome.is_proof) == (verdict, False)


async def test_words_tags_and_link_are_apart(account: Account) -> None:
    post = account.channel().render(Announcement(story(1), "put", URL, first=True))
    assert json.loads(post.body) == {
        "message": "跨河便橋通車　通勤省下二十分鐘（第1版）\n\n"
        "縣府今天開放跨河便橋，兩岸通勤時間縮短二十分鐘。\n\n#便橋 #C130運輸機",
        "link": URL,
    }


@pytest.mark.parametrize(("characters", "fault"), [(63_206, ""), (63_207, "too long")])
def test_the_sandbox_takes_63206_characters(characters: int, fault: str) -> None:
    assert fault in fault_of({"message": "新" * characters})
    assert bool(fault) == bool(fault_of({"message": "新" * characters}))


async def test_words_that_stand_there_already_are_looked_for_and_found(account: Account) -> None:
    first = await account.publish(story(1))
    channel = account.channel()
    post = channel.render(Announcement(story(1), "put", URL, first=True))
    again = await channel.deliver(post, "key", "")
    assert channel.classify(again, "put").verdict == "unknown"
    found = await channel.find(URL, "", 0)
    assert (found.verdict, found.remote_id) == ("there", first.remote_id)


async def test_the_words_of_another_story_with_the_same_headline_are_not_ours(
    account: Account,
) -> None:
    await account.publish(story(1))
    found = await account.channel().find(URL + "b", "", 0)
    assert found.verdict == "missing"


async def test_a_post_is_found_on_the_second_page_and_older_ones_do_not_count(
    account: Account,
) -> None:
    await account.publish(story(1))
    for number in range(105):
        await account.want(story(1, f"tag:example.tw,2026:s{number}"))
    row = await account.carry(story(1).uri)
    account.world.calls.clear()
    channel = account.channel()
    found = await channel.find(URL, "", account.now - 3_600_000)
    assert (found.verdict, found.remote_id) == ("there", row.remote_id)
    assert account.called("look") == 2
    assert (await channel.find(URL, "", account.now + 1_000)).verdict == "missing"


def test_a_link_is_known_as_it_is_and_as_facebook_wraps_it() -> None:
    wrapped = "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example.tw%2Fnews%2Fa&h=AT0"
    for card in ({"unshimmed_url": URL}, {"url": wrapped}):
        post = {"attachments": {"data": [card]}}
        assert leads_to(post, URL)
        assert not leads_to(post, URL[:-1])
    for odd in ({}, {"attachments": None}, {"attachments": {"data": [1]}}):
        assert not leads_to(odd, URL)
    assert not leads_to({"attachments": {"data": [{"url": "http://[a"}]}}, URL)


@pytest.mark.parametrize(("may_read", "verdict"), [(True, "missing"), (False, "refused")])
async def test_a_post_counts_as_gone_only_if_we_could_see_it(
    *, may_read: bool, verdict: str
) -> None:
    hidden = json.dumps({"error": {"code": 100, "error_subcode": 33}}).encode()
    no = answer(400, json.dumps({"error": {"code": 10, "message": "permission"}}).encode())
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        channel = at(receiver, http)
        receiver.plan(answer(400, hidden), answer(200, b'{"data": []}') if may_read else no)
        assert (await channel.find(URL, f"{PAGE}_1", 0)).verdict == verdict


@pytest.mark.parametrize("may_read", [True, False])
async def test_a_post_that_is_only_hidden_is_not_posted_anew(*, may_read: bool) -> None:
    hidden = json.dumps({"error": {"code": 100, "error_subcode": 33}}).encode()
    no = answer(400, json.dumps({"error": {"code": 10, "message": "permission"}}).encode())
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        channel = at(receiver, http)
        post = channel.render(Announcement(story(2), "put", URL, first=False))
        listed = answer(200, b'{"data": []}') if may_read else no
        receiver.plan(answer(400, hidden), answer(400, hidden), listed)
        if may_read:
            edited = await channel.edit(post, "key", f"{PAGE}_1")
            assert channel.classify(edited, "put").verdict == "missing"
            return
        with pytest.raises(Unprepared) as failed:
            await channel.edit(post, "key", f"{PAGE}_1")
        assert failed.value.outcome.verdict == "refused"


async def test_a_post_that_was_deleted_by_hand_is_posted_anew_when_it_is_corrected(
    account: Account,
) -> None:
    await account.publish(story(1))
    account.posts[0].deleted_at = account.now
    row = await account.publish(story(2))
    [post] = account.posts
    assert (row.state, row.remote_id, account.made) == ("delivered", post.id, 2)


async def test_a_page_that_is_not_there_stops_the_destination(account: Account) -> None:
    words = {**account.destination.settings, "page": "999"}
    account.destination = account.destination.model_copy(update={"settings": words})
    outcome = await tried(account.channel())
    assert outcome
    assert (outcome.verdict, outcome.error[:32]) == ("stopped", "the token is not that of page 99")
    await account.publish(story(1))
    assert "999" in await account.stopped()


async def test_a_trial_names_the_permission_that_is_missing() -> None:
    granted = [
        {"permission": "pages_read_engagement", "status": "granted"},
        {"permission": "pages_manage_posts", "status": "declined"},
    ]
    async with Receiver() as receiver, public_client(LOOPBACK) as http:
        me = json.dumps({"id": PAGE}).encode()
        receiver.plan(answer(200, me), answer(200, json.dumps({"data": granted}).encode()))
        outcome = await tried(at(receiver, http))
    assert outcome
    assert (outcome.verdict, outcome.error) == ("stopped", "the token lacks pages_manage_posts")


async def test_the_token_is_in_no_address_and_in_no_error(account: Account) -> None:
    account.order("refused", act="edit", times=9)
    await account.publish(story(1))
    row = await account.publish(story(2))
    row_of_kill = await account.kill(story(2))
    told = json.dumps([call.request for call in account.world.calls]) + row.error
    assert row.error
    assert TOKEN not in told + row_of_kill.error
    assert TOKEN not in repr(Settings.model_validate(account.destination.settings))


@pytest.mark.parametrize(
    ("usage", "rest"),
    [
        ({}, 0),
        ({"1": [{"call_count": 99, "estimated_time_to_regain_access": 0}]}, 0),
        ({"1": [{"call_count": 100, "estimated_time_to_regain_access": 7}]}, 420_000),
        ({"1": [{"total_time": 100}]}, 60_000),
        ({"1": [{"call_count": 100, "estimated_time_to_regain_access": 900}]}, 3_600_000),
    ],
)
def test_a_budget_that_is_used_up_rests_as_long_as_the_header_says(
    usage: Mapping[str, Any], rest: int
) -> None:
    assert regain_ms(json.dumps(usage)) == rest


@given(JSONS)
def test_whatever_an_answer_holds_it_is_read(said: object) -> None:
    assert 0 <= regain_ms(json.dumps(said)) <= 3_600_000
    if isinstance(said, dict):
        verdict_of(error_of(said))
        page_of(said)
