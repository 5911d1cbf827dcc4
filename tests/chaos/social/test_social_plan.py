"""The plan of a social run: the seed decides all of it, and it holds what a run has to try."""

from datetime import UTC, datetime

from tests.chaos.social.evidence import Wanted
from tests.chaos.social.plan import OURS, article_of, make_plan, resending, wanted_of

STARTED = datetime(2026, 11, 25, tzinfo=UTC)


def test_a_seed_is_a_plan() -> None:
    assert make_plan(7, articles=40, kills=9) == make_plan(7, articles=40, kills=9)
    assert make_plan(7, articles=40, kills=9) != make_plan(8, articles=40, kills=9)


def test_a_plan_has_corrections_kills_and_kills_that_come_before_their_story() -> None:
    plan = make_plan(1, articles=300, kills=0)
    wanted = wanted_of(plan)
    assert len(wanted) == 300
    assert sum(one.is_killed for one in wanted.values()) == 36
    assert 100 < sum(one.version == 2 for one in wanted.values()) < 200
    places = {send: place for place, send in enumerate(plan.sends)}
    firsts = {send.story: place for place, send in reversed([*enumerate(plan.sends)])}
    kills = [send for send in plan.sends if send.op == "kill"]
    early = [send for send in kills if firsts[send.story] == places[send]]
    assert 5 < len(early) < len(kills) - 5


def test_everybody_dies_at_every_point_and_while_there_is_work() -> None:
    plan = make_plan(1, articles=300, kills=20)
    assert {death.point for death in plan.deaths} == {*OURS, None}
    assert {death.victim for death in plan.deaths} == {"publish", "redis-server"}
    assert len(plan.deaths) == 20
    assert [death.after for death in plan.deaths] == sorted(death.after for death in plan.deaths)
    assert plan.deaths[-1].after < len(plan.sends)


def test_a_kill_has_the_highest_version_of_its_story() -> None:
    plan = make_plan(1, articles=300, kills=0)
    for send in plan.sends:
        article = article_of(plan, send, STARTED)
        is_kill = send.op == "kill"
        assert article.pubstatus == ("canceled" if is_kill else "usable")
        assert not is_kill or wanted_of(plan)[article.uri] == Wanted(
            article.version, True, wanted_of(plan)[article.uri].is_untold
        )


def test_of_those_that_cannot_look_every_second_one_sends_again() -> None:
    even, odd = (make_plan(seed, articles=2, kills=0) for seed in (2, 3))
    assert resending(even, ["telegram", "discord"]) == {"telegram"}
    assert resending(odd, ["telegram", "discord"]) == {"discord"}
