"""What to know of a post before it is made: what was cut, what it lacks, and what bars it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.publish.body import cover_image
from services.publish.delivery.caps import Caps
from services.publish.delivery.destinations import Destination
from services.publish.delivery.filter import matches
from services.publish.posts.hashtags import hashtags
from services.publish.posts.story import story_of
from shared.article import Article

ENOUGH = 12
"""Characters by which the beginning of a summary is known again."""


def bars(
    destination: Destination, article: Article, now: datetime, *, first: bool
) -> Iterator[str]:
    """Why it would not be sent now, though it looks like this."""
    if destination.state != "active":
        yield f"{destination.state}: {destination.reason}".removesuffix(": ")
    if first and not matches(destination.filter, article):
        yield f"its filter does not let it pass: {destination.filter}"
    hours, published = destination.max_age_hours, article.date_published
    if first and hours is not None and published and now - published > timedelta(hours=hours):
        yield f"older than {hours:g} hours"


def losses(article: Article, text: str, card: str, sent: str, most_tags: int) -> Iterator[str]:
    """What the story has, and the post has not. `card` = the words of a card of its own.

    `sent` is the body of the call: a tag may be a field of its own in it.
    """
    story = story_of(article, "", first=True, most_tags=most_tags)
    shown = f"{text} {card}"
    if story.headline not in text:
        yield "the headline is cut"
    if story.summary and story.summary not in shown:
        begins = story.summary[:ENOUGH] in shown
        yield "the summary is cut" if begins else "the summary is left out"
    fields = (f'"{tag.removeprefix("#")}"' for tag in story.hashtags)
    tags = zip(story.hashtags, fields, strict=True)
    if missing := [tag for tag, own in tags if tag not in shown and own not in sent]:
        yield f"left out: {' '.join(missing)}"
    names = [tag.name for tag in article.tags]
    if names and most_tags and not hashtags(names, most_tags):
        yield "none of its tags makes a hashtag"


def lacks(article: Article) -> Iterator[str]:
    """What the story itself has not."""
    image = cover_image(article)
    if image is None:
        yield "the story has no picture"
    elif not (image.alt or image.caption):
        yield "the picture has no description"
    if not article.tags:
        yield "the story has no tags"


def limits(caps: Caps) -> Iterator[str]:
    """What cannot be undone there."""
    if not caps.edits:
        yield "it cannot be changed there: a correction is a post more"
    if not caps.deletes:
        yield "it cannot be taken away there"
