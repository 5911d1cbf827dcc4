"""What every social channel owes, whatever its platform can do: at a sandbox, over HTTP.

A channel is tried as soon as it has a file; the platform of the same name in the sandbox judges it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.publish.delivery.channel import Channel
from services.publish.delivery.enrol import enrolled
from services.publish.delivery.row import Row
from services.publish.delivery.signature import new_secret
from services.publish.delivery.trial import tried
from services.publish.social.account import SocialSettings
from services.sandbox.app import PLUGS as PLATFORMS
from tests.publish.channels.account import CHANNELS, NOW, Account, open_account, story

WITHOUT_PLATFORM = {"webhook"}
"""Any system can be behind a webhook: `tests/publish/test_webhook.py`."""
FIRST, SECOND, THIRD = story(1), story(2), story(3)


@pytest.fixture(params=sorted(CHANNELS.keys() - WITHOUT_PLATFORM))
async def account(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    async with open_account(redis, request.param) as opened:
        yield opened


def is_blind(channel: Channel) -> bool:
    """Whether nobody can tell what became of a call without an answer."""
    return channel.caps.idempotency == "none" and not channel.caps.finds


def waits_when_newer(channel: Channel) -> bool:
    """Whether a newer version of what may have arrived waits for a person: its key is another."""
    return channel.caps.idempotency != "name" and not channel.caps.finds


def test_every_channel_has_a_platform_that_judges_it() -> None:
    assert CHANNELS.keys() - WITHOUT_PLATFORM == PLATFORMS.keys()


@pytest.mark.parametrize("kind", sorted(CHANNELS))
def test_first_posts_of_followers_are_old_news_after_six_hours(kind: str) -> None:
    settings = {"url": "https://a.example/", "secrets": [new_secret()]}
    if kind not in WITHOUT_PLATFORM:
        settings = dict(PLATFORMS[kind].settings("https://a.example"))
    fields = {"name": "a", "channel": kind, "settings": settings, "created": datetime.now(UTC)}
    hours = 6 if issubclass(CHANNELS[kind].Settings, SocialSettings) else 168
    assert enrolled(CHANNELS, fields).give_up_hours == hours
    assert enrolled(CHANNELS, fields | {"give_up_hours": 2}).give_up_hours == 2


def needs_deletes(account: Account) -> None:
    """Not for platforms where what was sent stays."""
    if not account.channel().caps.deletes:
        pytest.skip("nothing can be taken away there")


def newest(row: Row) -> str:
    """The name of the post that came last."""
    return row.remote_id.rpartition(" ")[2]


async def test_a_story_is_one_post_with_its_headline_and_its_link(account: Account) -> None:
    row = await account.publish(FIRST)
    [post] = account.posts
    assert (row.state, row.remote_id) == ("delivered", post.id)
    assert "跨河便橋通車　通勤省下二十分鐘（第1版）" in post.text
    assert "https://news.example.tw/news/a" in (post.text + post.link)


async def test_a_correction_changes_the_post_and_says_so(account: Account) -> None:
    await account.publish(FIRST)
    row = await account.publish(SECOND)
    assert (row.state, row.sent_version) == ("delivered", 2)
    if not account.channel().caps.edits:
        assert [bool(post.edited_at) for post in account.posts] == [False, False]
        assert "應為上午七時" in account.posts[1].text + account.posts[1].summary
        return
    [post] = account.posts
    assert "【更正】跨河便橋通車" in post.text
    assert post.edited_at


async def test_a_killed_story_is_gone_and_proven_to_be(account: Account) -> None:
    await account.publish(FIRST)
    row = await account.kill(FIRST)
    caps = account.channel().caps
    if not caps.deletes:
        assert (len(account.posts), row.state, row.proof) == (1, "waiting", "impossible")
        return
    assert account.posts == []
    assert row.proof == ("gone" if caps.verifies else "accepted")


async def test_a_story_killed_before_its_post_never_appears(account: Account) -> None:
    await account.want(FIRST)
    row = await account.kill(FIRST)
    assert (row.state, row.proof, account.made, account.called("post")) == (
        "cancelled",
        "gone",
        0,
        0,
    )


async def test_a_story_that_is_back_is_a_new_post(account: Account) -> None:
    first = await account.publish(FIRST)
    await account.kill(FIRST)
    back = await account.publish(THIRD)
    *others, post = account.posts
    assert (bool(others), post.id) == (not account.channel().caps.deletes, newest(back))
    assert post.id != first.remote_id


@pytest.mark.parametrize("fault", ["lost", "dropped"])
async def test_a_post_without_an_answer_ends_as_one_post_or_waits_for_a_person(
    account: Account, fault: str
) -> None:
    account.order(fault)
    row = await account.publish(FIRST)
    if is_blind(account.channel()):
        assert (row.state, account.made) == ("unknown", int(fault == "lost"))
        return
    assert (row.state, account.made, row.remote_id) == ("delivered", 1, account.posts[0].id)


@pytest.mark.parametrize("fault", ["hang", "stall"])
async def test_a_courier_that_dies_in_mid_call_leaves_one_post(
    account: Account, fault: str
) -> None:
    account.order(fault)
    await account.want(FIRST)
    await account.crash()
    row = await account.carry(FIRST.uri)
    if is_blind(account.channel()):
        assert (row.state, account.made) == ("unknown", int(fault == "hang"))
        return
    assert (row.state, account.made, row.remote_id) == ("delivered", 1, account.posts[0].id)


@pytest.mark.parametrize("fault", ["hang", "stall"])
async def test_a_correction_after_a_courier_died_ends_as_one_post(
    account: Account, fault: str
) -> None:
    account.order(fault)
    await account.want(FIRST)
    await account.crash()
    row = await account.publish(SECOND)
    assert account.now - NOW < 5 * 60_000
    if waits_when_newer(account.channel()):
        assert row.state == "unknown"
        return
    is_another = fault == "hang" and not account.channel().caps.edits
    assert (row.state, row.sent_version, account.made) == ("delivered", 2, 1 + is_another)
    assert "第2版" in account.posts[-1].text


@pytest.mark.parametrize("fault", ["hang", "stall"])
async def test_a_kill_after_a_courier_died_leaves_nothing_it_could_find(
    account: Account, fault: str
) -> None:
    account.order(fault)
    await account.want(FIRST)
    await account.crash()
    await account.want(FIRST, "kill")
    row = await account.carry(FIRST.uri, hours=2)
    if waits_when_newer(account.channel()):
        assert (row.state, row.proof) == ("waiting", "impossible")
        return
    assert (account.posts, row.proof) == ([], "gone")


async def test_keys_that_are_ignored_make_no_second_post(account: Account) -> None:
    caps = account.channel().caps
    if caps.idempotency == "key" and not caps.finds:
        pytest.skip("its key is all there is")
    account.order("forgetful")
    account.order("lost")
    row = await account.publish(FIRST)
    assert (row.state, account.made) == (
        ("unknown", 1) if is_blind(account.channel()) else ("delivered", 1)
    )


@pytest.mark.parametrize("act", ["edit", "delete"])
async def test_a_change_without_an_answer_is_made_again(account: Account, act: str) -> None:
    await account.publish(FIRST)
    account.order("lost", act=act)
    if act == "edit":
        row = await account.publish(SECOND)
        assert (row.sent_version, account.made) == (2, 1 if account.channel().caps.edits else 2)
    else:
        needs_deletes(account)
        row = await account.kill(FIRST)
        assert (row.state, account.posts) == ("delivered", [])


async def test_a_destination_that_asks_for_time_gets_it(account: Account) -> None:
    account.order("limited", seconds=95)
    row = await account.publish(FIRST)
    first, second = account.calls("post")
    asked = 95_000 if getattr(PLATFORMS[account.kind], "SAYS_WHEN", True) else 60_000
    assert first.fault == "limited"
    assert second.at - first.at >= asked
    assert (row.state, account.made) == ("delivered", 1)


async def test_an_outage_ends_as_one_post_or_waits_for_a_person(account: Account) -> None:
    account.order("broken", status=503, times=3)
    row = await account.publish(FIRST)
    assert (row.state, account.made, account.called("post")) == ("delivered", 1, 4)


async def test_a_token_that_has_expired_is_renewed_or_stops_the_destination(
    account: Account,
) -> None:
    await account.publish(FIRST)
    account.order("expired")
    row = await account.publish(SECOND)
    posts = 1 if account.channel().caps.edits else 2
    if PLATFORMS[account.kind].RENEWS:
        assert (row.sent_version, await account.stopped(), account.made) == (2, "", posts)
        return
    assert (row.state, row.sent_version, account.made) == ("waiting", 1, 1)
    assert await account.stopped()
    account.world.forget_faults()
    await account.resume()
    assert not await account.stopped()
    row = await account.carry(FIRST.uri)
    assert (row.state, row.sent_version, account.made) == ("delivered", 2, posts)


async def test_a_kill_meets_an_expired_token_and_goes_on_when_it_is_mended(
    account: Account,
) -> None:
    needs_deletes(account)
    await account.publish(FIRST)
    account.order("expired")
    await account.want(FIRST, "kill")
    row = await account.carry(FIRST.uri, hours=0.2)
    if not PLATFORMS[account.kind].RENEWS:
        assert (row.state, len(account.posts)) == ("waiting", 1)
        account.world.forget_faults()
        row = await account.carry(FIRST.uri)
    assert (row.proof, account.posts) == ("gone", [])


async def test_what_is_refused_for_good_ends_with_a_reason_and_stops_nobody(
    account: Account,
) -> None:
    account.order("refused", times=99)
    row = await account.publish(FIRST)
    assert (row.state, account.made, await account.stopped()) == ("dead", 0, "")
    assert row.error
    account.world.forget_faults()
    other = story(1, "tag:example.tw,2026:b")
    assert (await account.publish(other)).state == "delivered"


async def test_a_mass_kill_is_paced_by_what_the_platform_says(account: Account) -> None:
    needs_deletes(account)
    stories = [story(1, f"tag:example.tw,2026:s{number}") for number in range(40)]
    for one in stories:
        await account.want(one)
    await account.carry(stories[0].uri)
    assert len(account.posts) == 40
    began = account.now
    for one in stories:
        await account.want(one, "kill")
    await account.carry(stories[0].uri)
    rows = await account.ledger.of_destination("account")
    assert (account.posts, {row.proof for row in rows}) == ([], {"gone"})
    deletes, window_ms = PLATFORMS[account.kind].DELETES
    windows = 40 // deletes
    refused = [call for call in account.calls("delete") if call.status >= 400]
    assert len(refused) <= windows * (account.destination.concurrency - 1)
    assert account.now - began >= (windows - 1) * window_ms


async def test_an_account_is_tested_without_a_post(account: Account) -> None:
    well = await tried(account.channel())
    assert well
    assert (well.verdict, account.made) == ("done", 0)
    account.order("expired")
    ill = await tried(account.channel())
    assert ill
    if PLATFORMS[account.kind].RENEWS:
        assert ill.verdict == "done"
    else:
        assert (ill.verdict, bool(ill.error)) == ("stopped", True)


async def test_an_empty_page_of_a_platform_is_no_trouble(account: Account) -> None:
    bare = story(1, description="", body_text="", tags=(), images=(), language=None)
    row = await account.publish(bare)
    assert (row.state, account.made) == ("delivered", 1)


async def test_what_somebody_else_deleted_is_posted_anew_and_then_proven_gone(
    account: Account,
) -> None:
    needs_deletes(account)
    await account.publish(FIRST)
    account.posts[0].deleted_at = account.now
    row = await account.publish(SECOND)
    [post] = account.posts
    assert (row.state, newest(row), "第2版" in post.text) == ("delivered", post.id, True)
    post.deleted_at = account.now
    assert (await account.kill(SECOND)).proof == "gone"


async def test_no_secret_stands_in_a_log_a_row_or_a_reason(account: Account) -> None:
    told: list[object] = []
    with capture_logs() as logs:
        for number, fault in enumerate(("lost", "broken", "limited", "refused", "expired")):
            one = story(1, f"tag:example.tw,2026:{number}")
            account.order(fault)
            await account.want(one)
            told += [await account.carry(one.uri, hours=0.1), await tried(account.channel())]
            told.append(await account.stopped())
            account.world.forget_faults()
            await account.resume()
    settings = CHANNELS[account.kind].Settings.model_validate(account.destination.settings)
    secrets = [value for _, value in settings if isinstance(value, SecretStr)]
    assert secrets
    assert all(one.get_secret_value() not in repr((told, logs)) for one in secrets)
