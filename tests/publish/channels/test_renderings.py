"""What every channel writes, whatever the story: never too long, no character split, a link.

The sandbox's own counting judges. WIREDESK_TEST_GOLDEN=FILE adds a table of expected texts.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from services.publish.delivery.channel import Announcement, Channel
from services.sandbox.app import PLUGS as PLATFORMS
from shared.article import Article, Tag
from shared.http import PublicClient
from tests.publish.channels.account import CHANNELS, story

GOLDEN = os.environ.get("WIREDESK_TEST_GOLDEN", "")
URL = "https://news.example.tw/news/a"
FAMILY = "👨‍👩‍👧‍👦"
WHOLE = (FAMILY, "🇹🇼", "か\u3099", "葛\U000e0100", "\U00020bb7", "e\u0301")
PIECES = (
    *WHOLE,
    "颱風",
    "通車",
    "2031年",
    "14.1",
    "NVIDIA",
    " ",
    "，",
    "。",
    "「",
    "」",
    "&",
    "<@1>",
)
MARKUP = ("**", "*", "_", "`", "@everyone", "#", "[a](b)", "https://a.tw/1", "臺", "、", "\n")
TEXT = st.lists(st.sampled_from(PIECES + MARKUP), max_size=120).map("".join)
NAMES = st.lists(st.sampled_from((*PIECES, "C-130運輸機", "1450")), max_size=6)
TEMPLATES = (
    "",
    "{{ headline }}\n{{ summary }}\n{{ tags }}\n{{ url }}",
    "{{ section }}】{{ headline }}{% if summary %}｜{{ summary }}{% endif %}看{{ url }} {{ tags }}",
    "只有{{ headline|lower }}",
    "快訊" * 500,
    "{{ headline }} {{ 1 // (summary|length % 7 - 3) }}",
)
PARTS = {part for whole in WHOLE for part in whole if not part.isascii()}
"""What is left of a character that was split."""
SOCIAL = pytest.mark.parametrize("kind", sorted(PLATFORMS))
WORDED = pytest.mark.parametrize(
    "kind",
    [kind for kind in sorted(PLATFORMS) if "template" in CHANNELS[kind].Settings.model_fields],
)
"""Those whose post is a few words, which a destination may choose itself."""
Words = Mapping[str, Any]


@cache
def channel(kind: str, template: str = "") -> Channel:
    plug = CHANNELS[kind]
    words = {**PLATFORMS[kind].settings("http://127.0.0.1:1"), "tags": "3"}
    if "template" in plug.Settings.model_fields:
        words["template"] = template
    nobody = PublicClient(httpx.MockTransport(lambda _: httpx.Response(500)))
    opened: Channel = plug.open_channel(plug.Settings.model_validate(words), nobody)
    return opened


def sent(kind: str, article: Article, template: str = "", *, first: bool = True) -> Words:
    post = channel(kind, template).render(Announcement(article, "put", URL, first=first))
    found: Words = json.loads(post.body)
    return found


@SOCIAL
@given(
    headline=TEXT.filter(lambda text: 0 < len(text.strip()) <= 500),
    summary=TEXT,
    names=NAMES,
    template=st.sampled_from(TEMPLATES),
    first=st.booleans(),
)
def test_no_post_is_too_long_splits_a_character_or_loses_its_link(
    kind: str, headline: str, summary: str, names: list[str], template: str, *, first: bool
) -> None:
    tags = tuple(Tag(name=name) for name in names if name.strip())
    article = story(2, headline=headline, description=summary, tags=tags, section="生活")
    post = sent(kind, article, template, first=first)
    text, link = PLATFORMS[kind].said(post)
    assert PLATFORMS[kind].fault_of(post) == ""
    assert link == URL or URL in re.findall(r"https?://[!-~]+", text)
    for whole in WHOLE:
        text = text.replace(whole, "")
    assert set(text) & PARTS == set()


@SOCIAL
@pytest.mark.parametrize("language", ["zh-Hans-CN", "ja", "en", "ar", None])
def test_any_language_and_no_summary_at_all_make_a_post(kind: str, language: str | None) -> None:
    bare = story(1, description="", body_text="", tags=(), language=language)
    text, _ = PLATFORMS[kind].said(sent(kind, bare))
    assert "跨河便橋通車" in text
    assert "\n\n\n" not in text


@SOCIAL
def test_equal_stories_make_equal_bytes(kind: str) -> None:
    put = Announcement(story(1), "put", URL, first=True)
    assert channel(kind).render(put) == channel(kind).render(put)


@WORDED
def test_a_destination_may_have_words_of_its_own(kind: str) -> None:
    template = "{{ section }}：{{ headline }}{% if summary %}\n{{ summary }}{% endif %}"
    text, link = PLATFORMS[kind].said(sent(kind, story(1, section="生活"), template))
    assert text.startswith("生活：跨河便橋通車　通勤省下二十分鐘（第1版）\n縣府今天")
    assert link == URL or text.endswith("\n" + URL)


@WORDED
def test_words_that_leave_no_room_or_fail_on_a_story_give_way_to_the_channels_own(
    kind: str,
) -> None:
    words = {"facebook": 40_000}.get(kind, 3_000)
    endless = f"{{{{ '快訊' * {words} }}}}"
    for template in (endless, "{{ headline }}{{ 1 // (summary|length - 24) }}"):
        own, _ = PLATFORMS[kind].said(sent(kind, story(1)))
        text, _ = PLATFORMS[kind].said(sent(kind, story(1), template))
        assert text == own


@WORDED
@pytest.mark.parametrize(
    "template",
    [
        "{{ headline",
        "{{ heading }}",
        "{% for a in %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ headline.nothing }}",
        "x" * 2_001,
    ],
)
def test_words_that_cannot_be_used_are_refused_when_they_are_set(kind: str, template: str) -> None:
    plug = CHANNELS[kind]
    words = {**PLATFORMS[kind].settings("http://127.0.0.1:1"), "template": template}
    with pytest.raises(ValidationError, match="template"):
        plug.Settings.model_validate(words)


def test_signs_that_mean_something_to_discord_are_shown_as_they_are() -> None:
    headline = "**@everyone** <@1> `C*D` [a](b)"
    post = sent("discord", story(1, headline=headline, description="", tags=()))
    shown = post["content"].splitlines()[0].removeprefix("**").removesuffix("**")
    assert re.sub(r"\\(.)", r"\1", shown) == headline
    assert not re.search(r"(?<!\\)[*<`\[]", shown)
    assert post["allowed_mentions"] == {"parse": []}


@pytest.mark.skipif(not GOLDEN, reason="WIREDESK_TEST_GOLDEN names no table")
@SOCIAL
def test_the_golden_story_is_written_to_the_letter(kind: str) -> None:
    table = json.loads(Path(GOLDEN).read_text("utf-8"))
    if kind not in table["texts"]:
        pytest.skip("the table does not know it")
    given_story = table["input"]
    article = Article(
        uri="tag:example.tw,2026:golden",
        headline=given_story["headline"],
        description=given_story["summary"],
        tags=tuple(Tag(name=name) for name in given_story["tags"]),
        language="zh-Hant-TW",
    )
    announcement = Announcement(article, "put", given_story["url"], first=True)
    post = json.loads(channel(kind).render(announcement).body)
    text, _ = PLATFORMS[kind].said(post)
    assert text == table["texts"][kind]
    if kind == "bluesky":
        places = [mark["index"] for mark in post["facets"]]
        assert [[p["byteStart"], p["byteEnd"]] for p in places] == [
            list(place)[:2] for place in _places(table["bluesky_facets"])
        ]


def _places(facets: Any) -> list[list[int]]:  # noqa: ANN401  # JSON of a table
    return [[one["byteStart"], one["byteEnd"]] if isinstance(one, dict) else one for one in facets]
