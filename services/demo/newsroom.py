"""The sample newsroom: what the editors of an invented paper send during a demonstration.

The stories are JSON files in `newsroom/`, one a theme, in our own format; `emission.json` beside
them says in which order they leave, and how old each is. All people, firms and events are invented.
"""

from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from pydantic import NonNegativeInt, PositiveInt, TypeAdapter

from shared.article import Article, Part, Uri

MEDIA = "https://media.example"
"""Stands in the stories where the address of the pictures in `media/` belongs."""
EMISSION = "emission.json"


class Step(NamedTuple):
    """One emission: `after` the start of the demonstration, the newsroom sends `article`."""

    after: timedelta
    article: Article


class Emission(Part):
    """When a version leaves the newsroom, and how long before the start it was written."""

    uri: Uri
    version: PositiveInt
    minutes_ago: NonNegativeInt
    after_seconds: NonNegativeInt = 0
    embargoed_seconds: NonNegativeInt | None = None
    """After the start; such a version is published when its embargo ends."""


class Stories(Part):
    """One file of stories."""

    articles: tuple[Article, ...]


def load(now: datetime, media_url: str) -> list[Step]:
    """All emissions in order, with times counted from `now` and pictures under `media_url`."""
    room = files(__package__) / "newsroom"
    emissions = TypeAdapter(list[Emission]).validate_json((room / EMISSION).read_bytes())
    stories = {(one.uri, one.version): one for one in _stories(room, media_url.rstrip("/"))}
    published: dict[str, datetime] = {}
    steps = []
    for emission in emissions:
        first = published.setdefault(emission.uri, _first_published(emission, now))
        article = stories[emission.uri, emission.version]
        steps.append(
            Step(
                timedelta(seconds=emission.after_seconds),
                article.model_copy(update=_times(article, emission, first, now)),
            )
        )
    return steps


def _stories(room: Traversable, media_url: str) -> list[Article]:
    texts = (path.read_text("utf-8") for path in room.iterdir() if path.name != EMISSION)
    placed = (text.replace(MEDIA, media_url) for text in texts)
    return [one for text in placed for one in Stories.model_validate_json(text).articles]


def _first_published(emission: Emission, now: datetime) -> datetime:
    if emission.embargoed_seconds is None:
        return now - timedelta(minutes=emission.minutes_ago)
    return now + timedelta(seconds=emission.embargoed_seconds)


def _times(
    article: Article, emission: Emission, first: datetime, now: datetime
) -> dict[str, datetime]:
    written = now - timedelta(minutes=emission.minutes_ago)
    times = {"version_created": written, "date_published": first}
    if article.correction:
        times["date_modified"] = written
    if emission.embargoed_seconds is not None:
        times["embargoed"] = first
    return times
