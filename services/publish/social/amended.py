"""What a platform without edits is told of a version: its story, a correction, or nothing."""

from services.publish.delivery.channel import Announcement, Unsaid
from services.publish.posts.compose import Story
from services.publish.posts.story import amendment_of, story_of


def story_or_amendment(announcement: Announcement, most_tags: int) -> Story:
    """What the next post says. Raises Unsaid when the post before it is still good enough."""
    article, url = announcement.article, announcement.url
    if announcement.first:
        return story_of(article, url, first=True, most_tags=most_tags)
    amendment = amendment_of(article, url, most_tags=most_tags)
    if amendment is None:
        raise Unsaid
    return amendment
