"""RULE: headline, summary, hashtags and address put together so that it all fits.

The address and the hashtags are set aside first, then the headline gets what it needs, then the
summary. When even the headline has no room, hashtags go, the last one first; the address never.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.publish.posts.counting import Count
from services.publish.posts.cut import Fits, shorten
from shared.errors import Rejected

LEAST_SUMMARY, LEAST_HEADLINE = 12, 8
"""Code points. A summary with less is left out, a headline with less costs hashtags."""


@dataclass(frozen=True, slots=True)
class Story:
    """What a post is made of. `hashtags` have their `#`, best first."""

    headline: str
    summary: str
    hashtags: tuple[str, ...]
    url: str
    language: str = "zh-Hant"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most`, as `count` counts."""

    count: Count
    most: int

    def holds(self, text: str) -> bool:
        return self.count(text) <= self.most


Layout = Callable[[str, str, Sequence[str]], str]
"""Headline, summary and hashtags as the platform wants them, with the address in its place."""


def compose(story: Story, layout: Layout, *limits: Limit) -> str:
    """The post. Raises Rejected when not even a short headline fits with the address."""

    def fits(text: str) -> bool:
        return all(limit.holds(text) for limit in limits)

    for kept in range(len(story.hashtags), -1, -1):
        tags = story.hashtags[:kept]
        headline = _headline(story, tags, layout, fits)
        is_enough = headline == story.headline.strip() or len(headline) >= LEAST_HEADLINE
        if headline and (is_enough or not kept):
            return layout(headline, _summary(story, headline, tags, layout, fits), tags)
    raise Rejected("the post has no room for its headline and its address")


def _headline(story: Story, tags: Sequence[str], layout: Layout, fits: Fits) -> str:
    return shorten(story.headline, lambda some: fits(layout(some, "", tags)), story.language)


def _summary(story: Story, headline: str, tags: Sequence[str], layout: Layout, fits: Fits) -> str:
    """As much of the summary as fits: none under a headline that was cut already."""
    if headline != story.headline.strip():
        return ""
    summary = shorten(
        story.summary, lambda some: fits(layout(headline, some, tags)), story.language
    )
    whole = summary == story.summary.strip()
    return summary if whole or len(summary) >= LEAST_SUMMARY else ""
