"""RULE: what a social post is made of, and what a correction adds to it.

                    the post can be edited        it cannot
    correction      in place, 【更正】 in front    a post more: what was wrong, and the link
    any other kind  in place                      nothing

A story without a standfirst has its first paragraph for a summary.
"""

import re
from dataclasses import replace

from services.publish.posts.compose import Story
from services.publish.posts.hashtags import hashtags
from services.publish.words import words_for
from shared.article import Article

LANGUAGE = "zh-Hant"
"""Of a story that does not say."""
BREAKS = re.compile(r"[ \t]*[\r\n\t\v\f\u2028\u2029]+[ \t]*")


def story_of(article: Article, url: str, *, first: bool, most_tags: int) -> Story:
    """What stands in the post, now that the article is so. `first` = readers never had it."""
    story = Story(
        headline=_line(article.headline),
        summary=_line(article.description or article.body_text.partition("\n")[0]),
        hashtags=hashtags((tag.name for tag in article.tags), most_tags),
        url=url,
        language=article.language or LANGUAGE,
    )
    if first or not is_correction(article):
        return story
    prefix = words_for(story.language).correction_prefix
    return replace(story, headline=prefix + story.headline)


def amendment_of(article: Article, url: str, *, most_tags: int) -> Story | None:
    """The post after one that cannot be edited; None when its followers need no other."""
    if not is_correction(article):
        return None
    story = story_of(article, url, first=False, most_tags=most_tags)
    what_was_wrong = _line(article.correction.text) if article.correction else ""
    return replace(story, summary=what_was_wrong or story.summary)


def is_correction(article: Article) -> bool:
    """Whether what stood there before was wrong."""
    return article.correction is not None and article.correction.kind == "correction"


def notice_of(article: Article) -> str:
    """What stands in the place of a post that cannot be taken away."""
    return words_for(article.language or LANGUAGE).gone


def _line(text: str) -> str:
    """One line; an ideographic space stays what it is."""
    return BREAKS.sub(" ", text).strip()
