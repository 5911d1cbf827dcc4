"""What a post is made of, and what a correction adds where it can be edited and where it cannot."""

import pytest

from services.publish.posts.story import amendment_of, notice_of, story_of
from shared.article import Article, Correction, CorrectionKind, Tag

URL = "https://news.example.tw/news/a"


def article(kind: CorrectionKind | None = None, text: str = "", **fields: object) -> Article:
    told: dict[str, object] = {
        "uri": "urn:a",
        "headline": "便橋通車　省下十分鐘",
        "description": "縣府今天開放便橋。",
        "correction": Correction(kind=kind, text=text) if kind else None,
    }
    return Article.model_validate(told | fields)


def test_a_story_without_a_standfirst_has_its_first_paragraph() -> None:
    bare = article(description="", body_text="第一段。\n第二段。")
    assert story_of(bare, URL, first=True, most_tags=3).summary == "第一段。"


def test_a_line_stays_one_line_and_keeps_its_wide_space() -> None:
    broken = article(headline="便橋\r\n 通車　今天\u2028開放")
    assert story_of(broken, URL, first=True, most_tags=3).headline == "便橋 通車　今天 開放"


def test_hashtags_are_so_many_at_most_in_the_order_of_the_tags() -> None:
    names = ("便橋", "1450", "便橋", "交通", "地方")
    tagged = article(tags=tuple(Tag(name=name) for name in names))
    assert story_of(tagged, URL, first=True, most_tags=2).hashtags == ("#便橋", "#交通")
    assert story_of(tagged, URL, first=True, most_tags=0).hashtags == ()


@pytest.mark.parametrize(
    ("kind", "first", "headline"),
    [
        ("correction", False, "【更正】便橋通車　省下十分鐘"),
        ("correction", True, "便橋通車　省下十分鐘"),
        ("update", False, "便橋通車　省下十分鐘"),
        ("refile", False, "便橋通車　省下十分鐘"),
        (None, False, "便橋通車　省下十分鐘"),
    ],
)
def test_only_who_had_what_was_wrong_is_told_of_a_correction(
    kind: CorrectionKind | None, headline: str, *, first: bool
) -> None:
    assert story_of(article(kind), URL, first=first, most_tags=3).headline == headline


@pytest.mark.parametrize("kind", ["update", "refile", "repeat", None])
def test_where_nothing_can_be_edited_only_a_correction_is_worth_a_post(
    kind: CorrectionKind | None,
) -> None:
    assert amendment_of(article(kind), URL, most_tags=3) is None


def test_a_post_that_corrects_another_says_what_was_wrong_and_links_to_the_page() -> None:
    told = amendment_of(article("correction", "省下的是十分鐘。"), URL, most_tags=3)
    assert told
    assert (told.headline, told.summary, told.url) == (
        "【更正】便橋通車　省下十分鐘",
        "省下的是十分鐘。",
        URL,
    )
    silent = amendment_of(article("correction"), URL, most_tags=3)
    assert silent
    assert silent.summary == "縣府今天開放便橋。"


@pytest.mark.parametrize(
    ("language", "word"), [("zh-CN", "撤下"), ("en", "withdrawn"), (None, "本則新聞已撤下")]
)
def test_a_notice_is_in_the_language_of_the_story(language: str | None, word: str) -> None:
    gone = Article(uri="urn:a", pubstatus="canceled", language=language)
    assert word in notice_of(gone)
