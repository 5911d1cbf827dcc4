"""RULE: a post in a destination's own words: a template, measured and cut like any other post.

    {{ headline }}  {{ summary }}  {{ tags }}  {{ url }}  {{ section }}  {{ language }}

in Jinja2 (https://jinja.palletsprojects.com/templates/), sandboxed. It is tried when it is set.
What is too long is cut out of summary and headline, never out of what the template makes of them;
where the address has to stand in the text it is added, if the template has left it out. A template
that leaves no room, or fails on a story, is not used for that story: the channel's own layout is.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Annotated

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, Field

from services.publish.posts.compose import Layout, Limit, Story, compose
from services.publish.posts.counting import ADDRESS
from shared.errors import Rejected

MOST_CHARACTERS = 2_000
BLANK_LINES = re.compile(r"\n{3,}")
SAMPLE = Story("標題", "摘要", ("#標籤",), "https://news.example/1")
FAULTS = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What the words of a template may raise when they meet a story."""
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined)

Shows = Callable[[str], str]
"""A text as the platform needs it to be shown as it is, with its escapes."""


class Unwordable(Rejected):
    """The template cannot be made out for this story."""


def _well_worded(template: str) -> str:
    if template:
        try:
            _words(template, SAMPLE, "地方", str)("標題", "摘要", ("#標籤",))
        except (Rejected, TemplateError) as error:
            raise ValueError(f"the template cannot be used: {error}") from None
    return template


Wording = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_well_worded)]
"""A template, or "" for the channel's own layout."""


def write(
    story: Story,
    own: Layout,
    *limits: Limit,
    template: str = "",
    section: str = "",
    shows: Shows = str,
    has_card: bool = False,
) -> str:
    """The post. `has_card` = the address stands in a card, not in the text. Raises Rejected."""
    if template:
        words = _words(template, story, section, shows)
        with suppress(Rejected):
            return compose(story, words if has_card else _with_address(words, story.url), *limits)
    return compose(story, own, *limits)


def _words(template: str, story: Story, section: str, shows: Shows) -> Layout:
    made = _template(template)

    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        values = {"headline": headline, "summary": summary, "tags": " ".join(tags)}
        shown = {name: shows(value) for name, value in (values | {"section": section}).items()}
        try:
            text = made.render(shown, url=story.url, language=story.language)
        except FAULTS as error:
            raise Unwordable(f"{type(error).__name__}: {error}") from None
        return BLANK_LINES.sub("\n\n", text).strip()

    return layout


def _with_address(words: Layout, url: str) -> Layout:
    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        text = words(headline, summary, tags)
        is_there = url in ADDRESS.findall(text) or f'"{url}"' in text
        return text if is_there else f"{text}\n{url}"

    return layout


@cache
def _template(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)
