"""The plan of a run: the seed decides all of it, and it holds what a run has to try."""

from collections import Counter
from datetime import UTC, datetime

from tests.chaos.crash_points import POINTS
from tests.chaos.plan import body_of, headline_of, lists_of, make_plan, uri_of

STARTED = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_seed_is_a_plan() -> None:
    assert make_plan(7, articles=200, kills=20) == make_plan(7, articles=200, kills=20)
    assert make_plan(7, articles=200, kills=20) != make_plan(8, articles=200, kills=20)


def test_a_plan_has_half_as_many_corrections_as_stories_and_five_in_a_hundred_are_killed() -> None:
    plan = make_plan(1, articles=4_000, kills=0)
    puts = {(send.story.number, send.version) for send in plan.sends if send.op == "put"}
    killed = {send.story.number for send in plan.sends if send.op == "kill"}
    assert 1.45 < len(puts) / 4_000 < 1.55
    assert 0.04 < len(killed) / 4_000 < 0.06
    assert len(plan.sends) > len(puts) + len(killed)  # some are sent again


def test_events_of_a_story_come_in_every_order() -> None:
    plan = make_plan(1, articles=4_000, kills=0)
    orders: dict[int, list[str]] = {}
    for send in plan.sends:
        orders.setdefault(send.story.number, []).append(f"{send.op} {send.version}")
    assert {"put 1", "put 2", "kill 0"} <= {order[0] for order in orders.values()}


def test_the_long_run_lets_somebody_die_at_every_point_and_everybody_often() -> None:
    plan = make_plan(1, articles=20_000, kills=200)
    at_points = Counter(death.point for death in plan.deaths if death.point)
    victims = Counter(death.victim for death in plan.deaths)
    assert at_points.total() == 100
    assert all(at_points[point] >= 9 for point in POINTS)
    assert victims["redis-server"] >= 40
    assert min(victims[name] for name in ("ingest", "enrich", "publish")) >= 30
    assert list(plan.deaths) == sorted(plan.deaths, key=lambda death: death.after)
    assert plan.deaths[-1].after < len(plan.sends)


def test_the_short_run_lets_somebody_die_at_every_point() -> None:
    plan = make_plan(1, articles=2_000, kills=30)
    assert {death.point for death in plan.deaths} == {*POINTS, None}


def test_versions_differ_in_their_headline_and_never_in_their_date() -> None:
    plan = make_plan(1, articles=50, kills=0)
    send = next(send for send in plan.sends if send.version == 2)
    first = next(one for one in plan.sends if one.story == send.story and one.version == 1)
    old, new = (body_of(plan, one, STARTED) for one in (first, send))
    assert old["date_published"] == new["date_published"]
    assert new["headline"] == headline_of(send.story.number, 2) != old["headline"]


def test_the_lists_are_the_latest_live_stories() -> None:
    plan = make_plan(1, articles=30, kills=0)
    live = {uri_of(number) for number in range(28)}
    lists = lists_of(plan, live, 2)
    assert lists["/"] == lists["/feed.xml"] == (uri_of(27), uri_of(26))
    assert lists["/section/生活/atom.xml"] == (uri_of(27), uri_of(24))
