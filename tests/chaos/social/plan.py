"""RULE: what a social chaos run does: which events come in which order, and who dies when.

Stories, corrections and kills are those of `tests/chaos/plan.py`; all of it follows from the seed.
Events are handed to publish, so a kill has the version that ingest would give it: the highest.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from shared.article import Article
from tests.chaos import plan as stories
from tests.chaos.crash_points import AFTER_SEND, POINTS, Point
from tests.chaos.plan import Death, Send, Victim
from tests.chaos.social.evidence import Wanted

KILLED = 0.12
"""More than in the long run: there must be some in a short one."""
FIRST_DEATH, LAST_DEATH = 0.1, 0.9
MOST_PASSES = 6
MOST_DELAY_SECONDS = 0.4
OURS = (AFTER_SEND, *(point for point in POINTS if point.service == "publish"))
"""Where a carrier can die; it has sent twice as often as it is anywhere else."""
AT_RANDOM: tuple[Victim, ...] = ("redis-server", "publish", "publish")
LOST, HANGS = 0.04, 0.01
"""Shares of the calls that are taken, and whose answer breaks off, or never comes."""
AGE = timedelta(minutes=5)


@dataclass(frozen=True)
class Plan:
    """One run."""

    seed: int
    stories: tuple[stories.Story, ...]
    sends: tuple[Send, ...]
    deaths: tuple[Death, ...]


def make_plan(seed: int, *, articles: int, kills: int) -> Plan:
    """The plan of a seed. Two of three deaths are at crash points."""
    whole = stories.make_plan(seed, articles=articles, kills=0)
    rng = Random(seed)
    latest = {send.story: 1 for send in whole.sends}
    for send in whole.sends:
        latest[send.story] = max(latest[send.story], send.version)
    puts = [send for send in whole.sends if send.op == "put"]
    sends = list(puts)
    for story in _killed(rng, whole.stories):
        place = rng.choice([0, rng.randrange(len(puts)), _first_of(sends, story) + 1])
        sends.insert(place, Send(story, latest[story], "kill"))
    return Plan(seed, whole.stories, tuple(sends), tuple(_deaths(rng, kills, len(sends))))


def article_of(plan: Plan, send: Send, started: datetime) -> Article:
    """An event's article, as enrich would hand it on."""
    whole = stories.Plan(plan.seed, plan.stories, plan.sends, plan.deaths)
    body = stories.body_of(whole, replace(send, op="put"), started)
    date = started - AGE + timedelta(milliseconds=send.story.number)
    told = json.dumps({**body, "date_published": date.isoformat()})
    article = Article.model_validate_json(told)
    return article if send.op == "put" else article.model_copy(update={"pubstatus": "canceled"})


def wanted_of(plan: Plan) -> dict[str, Wanted]:
    """How every story must stand in the end."""
    found: dict[str, Wanted] = {}
    for send in plan.sends:
        before = found.get(send.story.uri, Wanted(0))
        version = max(before.version, send.version)
        is_untold = version > 1 and not send.story.number % 2
        is_killed = before.is_killed or send.op == "kill"
        found[send.story.uri] = Wanted(version, is_killed, is_untold)
    return found


def resending(plan: Plan, blind: Collection[str]) -> set[str]:
    """Which destinations of class D send again: every second one, the others ask a person."""
    return {name for number, name in enumerate(sorted(blind)) if (number + plan.seed) % 2}


def _killed(rng: Random, found: Sequence[stories.Story]) -> list[stories.Story]:
    return rng.sample(found, max(1, round(len(found) * KILLED)))


def _first_of(sends: Sequence[Send], story: stories.Story) -> int:
    return next(place for place, send in enumerate(sends) if send.story == story)


def _deaths(rng: Random, count: int, sends: int) -> Iterator[Death]:
    points = [OURS[number % len(OURS)] for number in range(count - count // 3)]
    victims: list[Point | Victim] = [
        *points,
        *(AT_RANDOM[number % len(AT_RANDOM)] for number in range(count // 3)),
    ]
    rng.shuffle(victims)
    step = sends * (LAST_DEATH - FIRST_DEATH) / max(count, 1)
    for number, victim in enumerate(victims):
        after = int(sends * FIRST_DEATH + step * number)
        if victim == AFTER_SEND:
            yield Death("publish", after, AFTER_SEND)
        elif isinstance(victim, Point):
            yield Death(victim.service, after, victim, passes=rng.randint(1, MOST_PASSES))
        else:
            yield Death(victim, after, delay_s=rng.uniform(0, MOST_DELAY_SECONDS))
