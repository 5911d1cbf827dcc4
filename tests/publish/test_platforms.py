"""Platforms of every class, with real couriers and a real Redis: once, found again, taken away."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from services.publish.delivery.by_hand import acknowledge, replay
from services.publish.delivery.caps import Way
from tests.publish.posting import Posting
from tests.publish.social import BLIND, BY_CLASS, SEARCHED, WINDOW

CLASSES = pytest.mark.parametrize("kind", list(BY_CLASS))
SEEING = pytest.mark.parametrize("kind", ["A", "B", "C"])
NOTICE = "（已撤下）"


def posting(redis: Redis, kind: str) -> Posting:
    return Posting(redis, BY_CLASS[kind])


def texts(post: Posting) -> list[str]:
    return [one.text for one in post.platform.posts.values()]


@CLASSES
async def test_a_story_is_posted_corrected_in_place_and_taken_away(redis: Redis, kind: str) -> None:
    post = posting(redis, kind)
    first = await post.publish(1)
    second = await post.publish(2)
    assert texts(post) == ["第2版"]
    assert first.remote_id == second.remote_id
    gone = await post.publish(2, "kill")
    assert texts(post) == []
    assert gone.proof == ("accepted" if kind == "D" else "gone")
    assert post.platform.written() == ["create", "edit", "delete"]


@SEEING
@pytest.mark.parametrize("fate", ["lost", "dropped", "500", "unsent", "503"])
async def test_a_call_without_an_answer_ends_as_one_post_whose_name_is_known(
    redis: Redis, kind: str, fate: str
) -> None:
    post = posting(redis, kind)
    post.platform.plan(fate, "ok")
    row = await post.publish(1)
    assert texts(post) == ["第1版"]
    assert row.state == "delivered"
    assert row.remote_id in post.platform.posts


@SEEING
@pytest.mark.parametrize("fate", ["stuck", "stalled"])
async def test_a_worker_that_ended_in_mid_call_leaves_one_post(
    redis: Redis, kind: str, fate: str
) -> None:
    post = posting(redis, kind)
    post.platform.plan(fate, "ok")
    await post.want(1)
    await post.crash()
    row = await post.carry()
    assert texts(post) == ["第1版"]
    assert (row.state, row.remote_id in post.platform.posts) == ("delivered", True)


@pytest.mark.parametrize("fate", ["stuck", "stalled"])
async def test_where_nobody_can_look_a_worker_that_ended_leaves_it_to_a_person(
    redis: Redis, fate: str
) -> None:
    post = posting(redis, "D")
    post.platform.plan(fate, "ok")
    await post.want(1)
    await post.crash()
    row = await post.carry()
    assert (row.state, row.error) == ("unknown", "the worker ended during the call")
    assert len(post.platform.posts) == (fate == "stuck")


@SEEING
async def test_a_correction_of_what_may_have_been_posted_waits_for_a_look_and_edits_it(
    redis: Redis, kind: str
) -> None:
    post = posting(redis, kind)
    post.platform.plan("lost", "ok")
    await post.want(1)
    await post.carry(hours=0)
    row = await post.publish(2)
    assert texts(post) == ["第2版"]
    assert (row.state, row.sent_version) == ("delivered", 2)


async def test_a_key_is_trusted_for_its_window_and_then_a_look_decides(redis: Redis) -> None:
    post = posting(redis, "B")
    post.platform.plan("lost", "503", "503", "503", "503", "503", "ok")
    row = await post.publish(1)
    assert post.now - row.lost_since > WINDOW
    assert [kind for kind, _ in post.platform.calls if kind == "latest"] == ["latest"]
    assert (row.state, len(post.platform.posts)) == ("delivered", 1)


async def test_where_nobody_can_look_a_lost_post_waits_for_a_person(redis: Redis) -> None:
    post = posting(redis, "D")
    post.platform.plan("lost", "ok")
    row = await post.publish(1)
    assert (row.state, row.error, len(post.platform.posts)) == (
        "unknown",
        "ReadTimeout: no whole answer in time",
        1,
    )
    found = acknowledge(row, "it is there", post.now, "p1")
    assert found
    await post.write(found)
    await post.publish(2)
    assert texts(post) == ["第2版"]


async def test_a_person_may_have_it_sent_again(redis: Redis) -> None:
    post = posting(redis, "D")
    post.platform.plan("dropped", "ok")
    row = await post.publish(1)
    again = replay(row, post.now, Way(BLIND))
    assert again
    await post.write(again)
    assert (await post.carry()).state == "delivered"
    assert texts(post) == ["第1版"]


async def test_a_destination_that_rather_has_it_twice_gets_it_twice_at_most(redis: Redis) -> None:
    post = Posting(redis, BLIND, on_unknown="resend")
    post.platform.plan("lost", "ok")
    row = await post.publish(1)
    assert (row.state, texts(post)) == ("delivered", ["第1版"] * 2)


# Taking away


@SEEING
@pytest.mark.parametrize("fate", ["lost", "dropped"])
async def test_a_kill_of_what_may_have_been_posted_finds_it_and_proves_it_gone(
    redis: Redis, kind: str, fate: str
) -> None:
    post = posting(redis, kind)
    post.platform.plan(fate, "ok")
    await post.want(1)
    await post.carry(hours=0)
    row = await post.publish(1, "kill")
    assert (row.proof, texts(post)) == ("gone", [])


async def test_a_kill_of_what_may_have_been_posted_where_nobody_can_look_claims_nothing(
    redis: Redis,
) -> None:
    post = posting(redis, "D")
    post.platform.plan("lost", "ok")
    await post.publish(1)
    await post.want(1, "kill")
    row = await post.carry(hours=5)
    assert (row.state, row.proof, row.proven_at) == ("waiting", "impossible", 0)
    assert "nobody knows" in row.error
    assert texts(post) == ["第1版"]


async def test_what_is_still_seen_after_its_deletion_is_looked_at_until_it_is_gone(
    redis: Redis,
) -> None:
    post = posting(redis, "C")
    post.platform.seen_after_delete = 3
    await post.publish(1)
    start = post.now
    row = await post.publish(1, "kill")
    assert (row.proof, row.looks) == ("gone", 4)
    assert 1_000 < row.proven_at - start < 120_000


async def test_what_is_seen_for_long_is_deleted_again(redis: Redis) -> None:
    post = posting(redis, "C")
    await post.publish(1)
    post.platform.seen_after_delete = 7
    row = await post.publish(1, "kill")
    assert (row.proof, post.platform.written()) == ("gone", ["create", "delete", "delete"])


async def test_a_kill_that_the_platform_does_not_take_yet_is_repeated_within_a_minute(
    redis: Redis,
) -> None:
    post = posting(redis, "C")
    await post.publish(1)
    post.platform.plan("429", "lost", "500", "401", "unsent", "422", "ok")
    start = post.now
    row = await post.publish(1, "kill")
    assert (row.proof, texts(post)) == ("gone", [])
    assert row.sent_at - start < 6 * 60_000
    assert (await post.destinations.get("account")) is None


async def test_where_a_post_cannot_be_deleted_a_notice_takes_its_place(redis: Redis) -> None:
    post = Posting(redis, replace(SEARCHED, deletes=False))
    await post.publish(1)
    row = await post.publish(1, "kill")
    assert texts(post) == [NOTICE]
    assert (row.state, row.proof, row.due_at) == ("delivered", "impossible", 0)
    assert "notice" in row.error


async def test_a_platform_that_deletes_no_old_posts_gets_a_notice(redis: Redis) -> None:
    post = posting(redis, "D")
    await post.publish(1)
    post.platform.refuses_deletes = True
    row = await post.publish(1, "kill")
    assert texts(post) == [NOTICE]
    assert (row.state, row.proof) == ("delivered", "impossible")


async def test_where_nothing_can_be_done_the_kill_stays_open_and_says_why(redis: Redis) -> None:
    post = Posting(redis, replace(BLIND, deletes=False, edits=False))
    await post.publish(1)
    await post.want(1, "kill")
    row = await post.carry(hours=5)
    assert (row.state, row.proof) == ("waiting", "impossible")
    assert "neither" in row.error
    done = acknowledge(row, "they took it down by hand", post.now)
    assert done
    await post.write(done)
    assert (await post.carry()).state == "dead"


async def test_every_post_of_a_story_that_cannot_be_edited_is_taken_away(redis: Redis) -> None:
    post = Posting(redis, replace(SEARCHED, edits=False))
    await post.publish(1)
    await post.publish(2)
    assert texts(post) == ["第1版", "第2版"]
    row = await post.publish(2, "kill")
    assert (row.proof, texts(post)) == ("gone", [])


@pytest.mark.parametrize("fate", ["lost", "dropped"])
async def test_a_second_post_that_was_lost_is_not_taken_for_the_first(
    redis: Redis, fate: str
) -> None:
    post = Posting(redis, replace(SEARCHED, edits=False))
    await post.publish(1)
    post.platform.plan(fate, "ok")
    row = await post.publish(2)
    assert texts(post) == ["第1版", "第2版"]
    assert (row.state, row.remote_id.split(" ")) == ("delivered", list(post.platform.posts))


@SEEING
async def test_a_story_that_is_back_before_its_kill_was_confirmed_is_posted_anew(
    redis: Redis, kind: str
) -> None:
    post = posting(redis, kind)
    await post.publish(1)
    post.platform.plan("lost", "ok")
    await post.want(1, "kill")
    await post.carry(hours=0)
    await post.publish(2)
    assert texts(post) == ["第2版"]


async def test_a_kill_of_what_may_stand_there_twice_claims_no_proof_for_the_second(
    redis: Redis,
) -> None:
    post = Posting(redis, BLIND, on_unknown="resend")
    post.platform.plan("lost", "ok")
    await post.publish(1)
    await post.want(1, "kill")
    row = await post.carry(hours=5)
    assert (row.state, row.proof, texts(post)) == ("waiting", "impossible", ["第1版"])
    assert "nobody knows" in row.error


async def test_a_post_that_was_forced_twice_is_found_and_taken_away_twice(redis: Redis) -> None:
    post = posting(redis, "C")
    post.platform.plan("lost", "ok")
    await post.want(1)
    await post.carry(hours=0)
    forced = replay(await post.row(), post.now, Way(SEARCHED), force=True)
    assert forced
    await post.write(forced)
    await post.carry()
    assert len(post.platform.posts) == 2
    row = await post.publish(1, "kill")
    assert (row.proof, texts(post)) == ("gone", [])


@CLASSES
async def test_a_reinstated_story_is_a_new_post(redis: Redis, kind: str) -> None:
    post = posting(redis, kind)
    first = await post.publish(1)
    await post.publish(1, "kill")
    back = await post.publish(2)
    assert texts(post) == ["第2版"]
    assert back.remote_id != first.remote_id
