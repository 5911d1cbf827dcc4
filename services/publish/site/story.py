"""RULE: what a list says of a story, and how stories are laid out on the front page and by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from services.publish.body import cover_image
from services.publish.live import Listing, LiveArticle, Site
from shared.article import Image
from shared.text import excerpt

LEAD_AGE = timedelta(hours=24)
SECONDS = 2
SECONDS_WITHOUT_PICTURE = 6
LATEST = 9
BLOCK = 5


@dataclass(frozen=True, slots=True)
class Story:
    """An article in a list."""

    path: str
    headline: str
    excerpt: str
    language: str
    urgency: int
    section: Listing | None
    published: datetime
    cover: Image | None


@dataclass(frozen=True, slots=True)
class Block:
    """Stories of one section on the front page."""

    listing: Listing
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The front page from top to bottom. Every story stands in it once."""

    lead: Story | None = None
    seconds: tuple[Story, ...] = ()
    latest: tuple[Story, ...] = ()
    blocks: tuple[Block, ...] = ()
    more: tuple[Story, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """Stories of one day of the newspaper's zone."""

    date: date
    stories: tuple[Story, ...]


def story_of(site: Site, live: LiveArticle) -> Story:
    """Read an article as a list shows it."""
    article = live.article
    return Story(
        path=live.path,
        headline=article.headline,
        excerpt=excerpt(article.description or article.subtitle or article.body_text),
        language=article.language or site.language,
        urgency=article.urgency,
        section=section_of(live),
        published=live.published,
        cover=cover_image(article),
    )


def section_of(live: LiveArticle) -> Listing | None:
    """The section an article belongs to, as its breadcrumb says."""
    return next((listing for listing in live.lists if listing.kind == "section"), None)


def lay_out(stories: Sequence[Story], sections: Sequence[Listing]) -> FrontPage:
    """Lay out stories, given newest first. Sections follow the order of the navigation.

    The lead is the most urgent story of the newest one's last 24 hours, so that a quiet day's small
    news does not push the day's event off the top, and yesterday's event does not stay there.
    """
    if not stories:
        return FrontPage()
    fresh = [s for s in stories if s.published >= stories[0].published - LEAD_AGE]
    ranked = sorted(fresh, key=lambda story: story.urgency)
    lead, others = ranked[0], [story for story in stories if story is not ranked[0]]
    latest, others = others[:LATEST], others[LATEST:]
    places = SECONDS if lead.cover else SECONDS_WITHOUT_PICTURE
    seconds = sorted(others, key=lambda story: story.cover is None)[:places]
    others = [story for story in others if story not in seconds]
    blocks = _blocks(others, sections)
    shown = {story.path for block in blocks for story in block.stories}
    more = tuple(story for story in others if story.path not in shown)
    return FrontPage(lead, tuple(seconds), tuple(latest), blocks, more)


def by_day(site: Site, stories: Iterable[Story]) -> tuple[Day, ...]:
    """Stories, given newest first, under the days they were published on."""

    def day_of(story: Story) -> date:
        return story.published.astimezone(site.timezone).date()

    return tuple(Day(day, tuple(group)) for day, group in groupby(stories, day_of))


def _blocks(stories: Sequence[Story], sections: Sequence[Listing]) -> tuple[Block, ...]:
    found = dict.fromkeys(story.section for story in stories if story.section)
    order = [section for section in sections if section in found]
    order += [section for section in found if section not in order]
    return tuple(
        Block(section, tuple(story for story in stories if story.section == section)[:BLOCK])
        for section in order
    )
