"""How long a text is on each platform.

X's own rules judge beside us where `twitter-text-parser` is installed (with a setuptools below 81,
which the locked environment cannot have: `pip install twitter-text-parser 'setuptools<81'`).
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from services.publish.posts.counting import (
    count_graphemes,
    count_mastodon,
    count_threads,
    count_utf8,
    count_utf16,
    count_x,
    graphemes,
)

GOLDEN = Path(__file__).parents[3] / "shared/data/social_golden.json"
FAMILY, FLAG, RARE = "👨‍👩‍👧‍👦", "🇹🇼", "\U00020bb7"
MARKED, VARIANT = "か\u3099", "葛\U000e0100"
URL = "https://news.example.tw/news/politics/20261123000123"
COUNTED = {
    # text: graphemes, UTF-8 bytes, UTF-16 units, X weight
    "台北捷運環狀線北環段動工 2031年通車": (20, 50, 20, 35),
    "台北捷運環狀線北環段動工　2031年全線通車": (22, 58, 22, 40),
    FAMILY: (1, 25, 11, 2),
    FLAG: (1, 8, 4, 2),
    RARE: (1, 4, 2, 2),
    MARKED: (1, 6, 2, 2),
    VARIANT: (1, 7, 3, 4),
    "…": (1, 3, 1, 2),
    "　": (1, 3, 1, 2),
    "「": (1, 3, 1, 2),
    "“": (1, 3, 1, 1),
    "·": (1, 2, 1, 1),
}


@pytest.mark.parametrize("text", COUNTED)
def test_a_text_is_counted_in_four_units(text: str) -> None:
    counts = (count_graphemes(text), count_utf8(text), count_utf16(text), count_x(text))
    assert counts == COUNTED[text]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("台" * 140, 280),
        ("台" * 141, 282),
        ("台" * 139 + "…", 280),
        ("台" * 128 + " " + URL, 280),
        ("台" * 129 + " " + URL, 282),
        ("看https://a.tw/x", 25),
        ("https://a.tw/1。", 25),
        ("Ahttps://a.tw/x", 15),
    ],
)
def test_x_counts_han_twice_and_an_address_as_23(text: str, weight: int) -> None:
    assert count_x(text) == weight


LETTERS = "台北aZ7 \n。，…“·　é가ん"
MIXED = (FAMILY, FLAG, RARE, MARKED, VARIANT, "©", "#台北 ", f" {URL} ", "👍🏽", "5️⃣")
PIECES = st.sampled_from((*LETTERS, *MIXED))


@pytest.fixture(scope="module")
def judge() -> Callable[[str], int]:
    """The weighted length that X's own parser finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its data by pkg_resources, which is old
        pytest.importorskip("pkg_resources", reason="needs setuptools<81")
        x = pytest.importorskip("twitter_text", reason="twitter-text-parser is not installed")
    return lambda text: int(x.parse_tweet(text).weightedLength)


@settings(max_examples=300)
@given(text=st.lists(PIECES, max_size=40).map("".join))
def test_x_counts_what_its_own_parser_counts(judge: Callable[[str], int], text: str) -> None:
    assert count_x(text) == judge(text)


@given(st.text(max_size=60))
def test_graphemes_are_the_text_and_nothing_else(text: str) -> None:
    assert "".join(graphemes(text)) == text


def test_mastodon_counts_an_address_as_its_server_says() -> None:
    assert count_mastodon(23)(f"看 {URL}") == 25
    assert count_mastodon(30)(f"看 {URL}") == 32


def test_threads_counts_the_bytes_of_an_emoji() -> None:
    assert count_threads("台北" + FAMILY) == 27
    assert count_threads(MARKED) == 2


@pytest.mark.skipif(not GOLDEN.exists(), reason="the golden table is not beside the project")
def test_the_golden_posts_are_as_long_as_the_table_says() -> None:
    golden: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    texts, visible = golden["texts"], golden["texts"]["telegram"]
    for mark in ("<b>", "</b>", f'<a href="{URL}">', "</a>"):
        visible = visible.replace(mark, "")
    told = {name: [one["value"] for one in counts] for name, counts in golden["counts"].items()}
    assert told == {
        "mastodon": [count_mastodon(23)(texts["mastodon"]), count_graphemes(texts["mastodon"])],
        "bluesky": [count_graphemes(texts["bluesky"]), count_utf8(texts["bluesky"])],
        "x": [count_x(texts["x"])],
        "x+summ": [count_x(texts["x+summ"])],
        "telegram": [count_utf16(visible)],
        "line": [count_utf16(texts["line"])],
        "threads": [count_threads(texts["threads"])],
        "facebook": [len(texts["facebook"])],
    }
