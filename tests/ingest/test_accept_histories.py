"""In whatever order a story's events come, and however often, it ends as the newsroom meant."""

from datetime import datetime

from hypothesis import given, settings, strategies as st

from services.ingest.accept import judge
from shared.article import Article
from tests.ingest.histories import START, World, arrivals, histories, in_order, kill, put

Life = tuple[list[Article], list[tuple[Article, datetime]]]
"""What the newsroom sent, in order, and what arrived, when."""
LIVES = histories().flatmap(lambda events: st.tuples(st.just(events), arrivals(events)))


@settings(max_examples=300)
@given(LIVES)
def test_in_any_order_a_story_ends_as_in_order_unless_a_sender_was_told_it_is_killed(
    life: Life,
) -> None:
    events, arriving = life
    world = World()
    end = world.live(arriving)
    if "killed" not in {outcome for outcome, _ in world.answers}:
        assert end == in_order(events)


@settings(max_examples=300)
@given(LIVES)
def test_what_is_killed_in_order_is_killed_in_any_order(
    life: Life,
) -> None:
    events, arriving = life
    end = World().live(arriving)
    assert end[0] == "killed" or in_order(events)[0] != "killed"


@settings(max_examples=300)
@given(LIVES)
def test_a_story_ends_where_the_events_that_were_taken_lead(
    life: Life,
) -> None:
    world = World()
    end = world.live(life[1])
    assert end == in_order(world.taken())


@settings(max_examples=300)
@given(LIVES)
def test_no_event_is_taken_twice(
    life: Life,
) -> None:
    world = World()
    world.live(life[1])
    taken = [(one.version, one.pubstatus) for one in world.taken()]
    assert len(taken) == len(set(taken))


@settings(max_examples=300)
@given(LIVES)
def test_an_older_version_never_leaves_after_a_newer_one(
    life: Life,
) -> None:
    world = World()
    world.live(life[1])
    versions = [article.version for article in world.left]
    assert versions == sorted(versions)


@settings(max_examples=100)
@given(LIVES, st.integers(1, 12))
def test_a_kill_is_final_until_a_reinstatement_with_a_higher_version(
    life: Life, later: int
) -> None:
    world = World()
    world.live(life[1])
    world.arrive(kill(99), START)
    for version in range(1, 99 + later):
        world.arrive(put(version), START)
        world.arrive(put(min(version, 99), reinstate=True), START)
    assert world.known
    assert world.known.state == "killed"
    world.arrive(put(99 + later, reinstate=True), START)
    assert (world.known.state, world.known.version) == ("live", 99 + later)


@settings(max_examples=300)
@given(LIVES)
def test_what_was_taken_comes_again_as_a_duplicate_or_too_late(
    life: Life,
) -> None:
    world = World()
    world.live(life[1])
    for article in world.taken():
        again = judge(world.known, article, f"{article.version}", START)
        assert again.outcome in ("duplicate", "stale", "killed")
