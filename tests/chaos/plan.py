"""RULE: what a chaos run does: which events a newsroom sends in which order, and who dies when.

All of it follows from the seed, so a run that failed can be repeated. What is not in the plan is
the machine's own timing: how far the services are at the moment of a death.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from tests.chaos.crash_points import POINTS, Point

Victim = Literal["ingest", "enrich", "publish", "redis-server"]
Op = Literal["put", "kill"]

SECTIONS = ("生活", "地方", "財經")
FILES = ("", "feed.xml", "atom.xml", "feed.json")
AUTHORS = ("林育安", "陳怡君", "王子維")
STORIES = (
    ("花蓮捷運列車完成測試", "花蓮縣政府說，捷運列車完成測試。"),
    ("台南圖書館擴建動工", "台南市政府說，圖書館擴建動工。"),
    ("高雄港務公司啟用碼頭", "高雄港務公司說，新碼頭今日啟用。"),
)
APART = timedelta(seconds=90)
"""Between the publication of two stories: of a long run only the end is less than a day old."""
SECOND_VERSIONS, URGENT, LINKED, KILLED, REPEATED, OUT_OF_ORDER = 0.5, 0.1, 0.25, 0.05, 0.02, 0.04
FIRST_DEATH, LAST_DEATH = 0.04, 0.75
"""Shares of the events: afterwards what was under way at the last death can come to its end."""
RANDOM_VICTIMS: tuple[Victim, ...] = (
    *("redis-server", "ingest", "redis-server", "enrich", "redis-server"),
    *("ingest", "redis-server", "enrich", "publish", "enrich"),
)
"""How the deaths at random moments are shared out; those at crash points hit publish most."""
SHARES = (*POINTS, *(point for point in POINTS if point.service != "publish"))
"""How those at crash points are: twice as many at the one point of a service as at one of many."""
MOST_PASSES = 12
MOST_DELAY_SECONDS = 0.4


@dataclass(frozen=True)
class Story:
    """One article, in all its versions."""

    number: int
    urgency: int
    links: tuple[int, ...]
    """Stories that its pages show as related, by number; some of them have not come yet."""

    @property
    def uri(self) -> str:
        return uri_of(self.number)

    @property
    def section(self) -> str:
        return SECTIONS[self.number % len(SECTIONS)]

    @property
    def author(self) -> str:
        return AUTHORS[self.number % len(AUTHORS)]


@dataclass(frozen=True)
class Send:
    """One event that a newsroom system sends. A kill has no version."""

    story: Story
    version: int
    op: Op = "put"


@dataclass(frozen=True)
class Death:
    """One kill -9: when so many events were acknowledged, at a point, or after a delay."""

    victim: Victim
    after: int
    point: Point | None = None
    passes: int = 1
    """It dies when it comes to the point for the how-manieth time."""
    delay_s: float = 0.0


@dataclass(frozen=True)
class Plan:
    """One run."""

    seed: int
    stories: tuple[Story, ...]
    sends: tuple[Send, ...]
    deaths: tuple[Death, ...]


def make_plan(seed: int, *, articles: int, kills: int) -> Plan:
    """The plan of a seed. Half of the kills are at random moments, half at crash points."""
    rng = Random(seed)
    stories = tuple(_story(rng, number, articles) for number in range(articles))
    sends = tuple(_sends(rng, stories))
    return Plan(seed, stories, sends, tuple(_deaths(rng, kills, len(sends))))


def uri_of(number: int) -> str:
    """The uri of a story."""
    return f"urn:chaos:{number:06}"


def headline_of(number: int, version: int) -> str:
    """Words and a mark that says which version of which story this is, wherever it is read."""
    return f"{STORIES[number % len(STORIES)][0]}（{number:06}-{version}）"


def published_at(plan: Plan, story: Story, started: datetime) -> datetime:
    """When a story was first published: the later ones later, all before the run."""
    return started - APART * (len(plan.stories) - story.number)


def body_of(plan: Plan, send: Send, started: datetime) -> dict[str, object]:
    """A put as wiredesk's own JSON."""
    story, version = send.story, send.version
    headline, text = headline_of(story.number, version), STORIES[story.number % len(STORIES)][1]
    kind = "correction" if story.number % 2 else "update"
    related = [{"uri": uri_of(n), "headline": headline_of(n, 1)} for n in story.links]
    return {
        "uri": story.uri,
        "version": version,
        "urgency": story.urgency,
        "headline": headline,
        "language": "zh-Hant",
        "section": story.section,
        "authors": [{"name": story.author}],
        "body_html": f"<p>{text}</p><p>第{version}版。</p>",
        "date_published": published_at(plan, story, started).isoformat(),
        "correction": {"kind": kind, "text": f"第{version}版"} if version > 1 else None,
        "related": related,
    }


def lists_of(plan: Plan, live: Container[str], length: int) -> dict[str, tuple[str, ...]]:
    """The latest `length` live stories of lists whose members are known, by address of the list."""
    members: dict[str, list[str]] = {}
    for story in reversed(plan.stories):
        if story.uri in live:
            for folder in ("/", f"/section/{story.section}/", f"/author/{story.author}/"):
                members.setdefault(folder, []).append(story.uri)
    return {
        folder + name: tuple(uris[:length]) for folder, uris in members.items() for name in FILES
    }


def _story(rng: Random, number: int, articles: int) -> Story:
    near = range(max(0, number - 20), min(articles, number + 10))
    linked = rng.sample(near, 2) if rng.random() < LINKED and len(near) > 2 else []
    urgency = rng.randint(1, 3) if rng.random() < URGENT else rng.randint(4, 9)
    return Story(number, urgency, tuple(n for n in linked if n != number))


def _sends(rng: Random, stories: Sequence[Story]) -> list[Send]:
    """Every event at a place on a line, and then in the order of places."""
    placed = [pair for story in stories for pair in _places(rng, story)]
    placed += [(at + rng.uniform(0, 50), send) for at, send in placed if rng.random() < REPEATED]
    return [send for _, send in sorted(placed, key=lambda pair: pair[0])]


def _places(rng: Random, story: Story) -> Iterator[tuple[float, Send]]:
    """A first version, often a second, sometimes the second before the first, sometimes a kill."""
    first = story.number + rng.uniform(0, 5)
    second = first + rng.choice((rng.uniform(0, 1), rng.expovariate(1 / 20), rng.uniform(0, 400)))
    has_second = rng.random() < SECOND_VERSIONS
    if has_second and rng.random() < OUT_OF_ORDER:
        first, second = second, first
    yield first, Send(story, 1)
    if has_second:
        yield second, Send(story, 2)
    if rng.random() < KILLED:
        moment = rng.choice((rng.uniform(-3, 3), rng.expovariate(1 / 20), rng.uniform(0, 400)))
        yield max(0.0, first + moment), Send(story, 0, "kill")


def _deaths(rng: Random, count: int, sends: int) -> Iterator[Death]:
    at_points = [SHARES[number % len(SHARES)] for number in range(count // 2)]
    others = range(count - len(at_points))
    at_random = [RANDOM_VICTIMS[number % len(RANDOM_VICTIMS)] for number in others]
    victims: list[Point | Victim] = [*at_points, *at_random]
    rng.shuffle(victims)
    step = sends * (LAST_DEATH - FIRST_DEATH) / max(count, 1)
    for number, victim in enumerate(victims):
        after = int(sends * FIRST_DEATH + step * (number + rng.random()))
        if isinstance(victim, Point):
            yield Death(victim.service, after, victim, passes=rng.randint(1, MOST_PASSES))
        else:
            yield Death(victim, after, delay_s=rng.uniform(0, MOST_DELAY_SECONDS))
