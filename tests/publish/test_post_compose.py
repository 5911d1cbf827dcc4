"""A post: nothing too long, no character split, no address lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from services.publish.posts.compose import Limit, Story, compose
from services.publish.posts.counting import (
    Count,
    count_graphemes,
    count_mastodon,
    count_utf8,
    count_utf16,
    count_x,
    graphemes,
)
from services.publish.posts.cut import MORE, shorten
from services.publish.posts.hashtags import hashtag, hashtags
from shared.errors import Rejected

URL = "https://news.example.tw/news/20261123/abcdef"
SENTENCES = "縣府今天宣布停班停課。氣象署說，颱風明天中午最接近陸地，請留意14.5公尺長浪。"
FAMILY = "👨‍👩‍👧‍👦"
PIECES = (
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
    FAMILY,
    "か\u3099",
)
MORE_PIECES = ("🇹🇼", "葛\U000e0100", "<b>", "&", "\n", "https://a.tw/1", "臺", "、")
TEXT = st.lists(st.sampled_from(PIECES + MORE_PIECES), max_size=80).map("".join)
COUNTS = st.sampled_from([count_graphemes, count_utf8, count_utf16, count_x, count_mastodon(23)])


def spaced(headline: str, summary: str, tags: Sequence[str]) -> str:
    words = " ".join(tags)
    return "\n".join(filter(None, (headline, summary, words, URL)))


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("台北捷運", "#台北捷運"),
        ("C-130運輸機", "#C130運輸機"),
        ("COVID-19", "#COVID19"),
        ("iPhone 17", "#iPhone17"),
        ("Q&A", "#QA"),
        ("「國會改革」", "#國會改革"),
        ("高雄·左營", "#高雄左營"),
        ("1450", ""),
        ("#2024", ""),
        ("ＡＩ", "#AI"),
        ("😀", ""),
        ("か\u3099", "#が"),
    ],
)
def test_a_hashtag_holds_what_every_platform_links(name: str, tag: str) -> None:
    assert hashtag(name) == tag


def test_hashtags_are_different_and_in_the_order_of_the_tags() -> None:
    assert hashtags(["AI", "ＡＩ", "1450", "台積電", "ai", "5G"], 3) == ("#AI", "#台積電", "#5G")


@pytest.mark.parametrize(
    ("room", "cut"),
    [
        (99, SENTENCES),
        (12, "縣府今天宣布停班停課。"),
        (20, "縣府今天宣布停班停課。氣象署說…"),
        (33, "縣府今天宣布停班停課。氣象署說，颱風明天中午最接近陸地…"),
        (1, ""),
    ],
)
def test_a_text_is_cut_at_its_marks(room: int, cut: str) -> None:
    assert shorten(SENTENCES, lambda text: len(text) <= room) == cut


@pytest.mark.parametrize("room", range(2, 40))
def test_a_number_and_a_latin_word_stay_whole(room: int) -> None:
    text = "全長14.1公里由NVIDIA在2031年完工共1,000億元"
    kept = len(shorten(text, lambda some: len(some) <= room).removesuffix(MORE))
    for whole in ("14.1", "NVIDIA", "2031", "1,000"):
        begin = text.index(whole)
        assert not begin < kept < begin + len(whole)


def test_an_opening_quote_does_not_stand_alone_at_the_end() -> None:
    text = "市長說「大家一起來」"
    assert shorten(text, lambda text: len(text) <= 5) == "市長說…"


@given(TEXT, st.integers(0, 120), COUNTS, st.sampled_from(["zh-Hant-TW", "zh-Hans", "ja", "en"]))
def test_a_shortened_text_fits_and_is_a_beginning_of_whole_characters(
    text: str, room: int, count: Count, language: str
) -> None:
    cut = shorten(text, lambda some: count(some) <= room, language)
    assert count(cut) <= room
    kept, whole = graphemes(cut.removesuffix(MORE)), graphemes(text.strip())
    assert kept == whole[: len(kept)]


@given(TEXT.filter(str.strip), TEXT, st.lists(TEXT, max_size=5), st.integers(60, 400), COUNTS)
def test_no_post_is_too_long_or_without_its_address(
    headline: str, summary: str, names: list[str], most: int, count: Count
) -> None:
    story = Story(headline, summary, hashtags(names, 4), URL)
    try:
        post = compose(story, spaced, Limit(count, most))
    except Rejected:
        assert most < 150
        return
    assert count(post) <= most
    assert post.endswith(URL)


def test_hashtags_and_address_have_their_place_before_the_summary() -> None:
    story = Story("颱風逼近東部", SENTENCES * 5, ("#颱風", "#花蓮"), URL)
    post = compose(story, spaced, Limit(count_x, 280))
    assert post.startswith("颱風逼近東部\n縣府今天宣布停班停課。")
    assert post.endswith(f"\n#颱風 #花蓮\n{URL}")
    assert count_x(post) <= 280


def test_a_headline_without_room_costs_hashtags_the_last_one_first() -> None:
    story = Story("颱風逼近東部三處道路落石封閉", "", ("#颱風", "#" + "花蓮" * 12), URL)
    assert compose(story, spaced, Limit(count_x, 64)).endswith(f"\n#颱風\n{URL}")


def test_a_limit_below_the_address_is_said() -> None:
    with pytest.raises(Rejected, match="no room"):
        compose(Story("颱風", "", (), URL), spaced, Limit(len, 20))
