"""The article page as a reader and a search engine read it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from services.publish.live import Card, Listing, LiveArticle, Note
from services.publish.site.pages import Pages
from shared.article import Author, Correction, Image
from tests.publish.stories import MORNING, SITE, attributes, document, live, shown

PAGES = Pages(SITE)
BODY = (
    "<p>市府今天宣布，河岸步道年底前全線開放。</p><h2>夜間照明延長</h2>"
    '<figure><img src="https://img.example/2.jpg"><figcaption>步道夜景。</figcaption></figure>'
    '<p>詳見<a href="https://city.example/walk">市府公告</a>。</p>'
)


def story(**fields: object) -> LiveArticle:
    return live("urn:example:1", **({"body_html": BODY} | fields))


def test_an_article_page_has_every_part_of_a_newspaper_page() -> None:
    page = PAGES.article(story(), [])
    assert shown(page, "//nav[@class='crumb']//a") == ["首頁", "生活"]
    assert shown(page, "//h1") == ["河岸步道年底全線開放"]
    assert shown(page, "//p[@class='sub']") == ["夜間照明延長到十一點"]
    assert shown(page, "//fieldset//span") == ["A-", "A", "A+"]
    assert shown(page, "//p[@class='by']") == ["記者林小雨／台北報導"]
    assert shown(page, "//*[@class='body']/h2") == ["夜間照明延長"]
    assert shown(page, "//figcaption") == ["步道夜景。"]
    assert shown(page, "//a[@rel='tag']") == ["河岸步道", "AI 城市/治理"]
    assert shown(page, "//nav[contains(@class, 'share')]//a") == ["LINE", "Facebook", "X"]


def test_dates_are_of_the_newspapers_zone_and_an_update_is_told() -> None:
    first = PAGES.article(story(), [])
    later = PAGES.article(story(date_modified=MORNING + timedelta(hours=2)), [])
    assert shown(first, "//*[@class='meta soft']/p") == ["發布日期：2026/11/20 09:30"]
    assert shown(later, "//*[@class='meta soft']/p") == [
        "發布日期：2026/11/20 09:30 更新：2026/11/20 11:30"
    ]
    assert attributes(first, "//article//time/@datetime") == ["2026-11-20T09:30:00+08:00"]


def test_names_and_tags_lead_to_pages_of_their_own() -> None:
    page = PAGES.article(story(), [])
    assert attributes(page, "//a[@rel='author']/@href") == ["/author/%E6%9E%97%E5%B0%8F%E9%9B%A8/"]
    assert attributes(page, "//a[@rel='tag']/@href")[1].startswith("/tag/ai-%E5%9F%8E")


@pytest.mark.parametrize(
    ("byline", "names", "expected"),
    [
        ("", ["林小雨", "王大山"], "記者林小雨、王大山"),
        ("記者林小雨／台北報導", ["林小雨", "王大山"], "記者林小雨／台北報導、王大山"),
        ("王小明、王小明明報導", ["王小明", "王小明明"], "王小明、王小明明報導"),
        ("綜合報導", [], "綜合報導"),
    ],
)
def test_every_author_stands_in_the_byline_once(
    byline: str, names: list[str], expected: str
) -> None:
    authors = tuple(Author(name=name) for name in names)
    page = PAGES.article(story(byline=byline, authors=authors), [])
    assert shown(page, "//p[@class='by']") == [expected]
    assert shown(page, "//p[@class='by']/a") == names


def test_a_photo_without_a_file_leaves_its_credit_line() -> None:
    credit = (Image(role="lead", credit="圖/桃園市政府"),)
    page = PAGES.article(story(images=credit), [])
    assert shown(page, "//p[@class='credit']") == ["圖／桃園市政府"]
    assert not attributes(page, "//article/figure")


def test_a_picture_that_has_no_place_in_the_text_is_still_shown() -> None:
    urls = [f"https://img.example/{number}.jpg" for number in (1, 2, 3)]
    page = PAGES.article(story(images=tuple(Image(url=url) for url in urls)), [])
    assert attributes(page, "//img/@src") == [urls[0], urls[1], urls[2]]
    assert attributes(page, "//img[@fetchpriority]/@src") == [urls[0]]


def test_pictures_in_the_text_keep_their_place_while_they_load() -> None:
    known = Image(url="https://img.example/2.jpg", width=800, height=600, alt="夜景")
    page = PAGES.article(story(images=(known,)), [])
    (picture,) = document(page).xpath("//*[@class='body']//img")
    assert dict(picture.attrib) == {
        "src": "https://img.example/2.jpg",
        "loading": "lazy",
        "decoding": "async",
        "width": "800",
        "height": "600",
        "alt": "夜景",
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("correction", ["更正"]), ("update", ["更新"]), ("refile", []), ("repeat", [])],
)
def test_a_correction_is_told_and_a_quiet_one_is_not(kind: str, expected: list[str]) -> None:
    correction = Correction.model_validate({"kind": kind, "text": "原文誤植日期。"})
    page = PAGES.article(story(correction=correction), [])
    assert shown(page, "//*[@class='note']//strong") == expected


def test_every_correction_stays_on_the_page_with_its_time_and_the_last_update() -> None:
    later = MORNING + timedelta(hours=2)
    notes = (
        Note(4, "update", "傷者增為三人。", later),
        Note(3, "correction", "第二處更正。", later),
        Note(2, "correction", "第一處更正。", MORNING),
    )
    page = PAGES.article(replace(story(), notes=notes), [])
    assert shown(page, "//*[@class='note']/p[1]") == [
        "更新傷者增為三人。",
        "更正第二處更正。",
        "更正第一處更正。",
    ]
    assert attributes(page, "//*[@class='note']//time/@datetime")[2] == "2026-11-20T09:30:00+08:00"


def test_an_update_without_words_is_told_by_the_date_alone() -> None:
    page = PAGES.article(story(correction=Correction(kind="update")), [])
    assert shown(page, "//*[@class='note']") == []


def test_the_page_of_an_old_story_leads_on_to_the_newer_one() -> None:
    newer = [Card("續報：步道明年開放", "/news/河岸/2", "摘要", MORNING, "")]
    page = PAGES.article(story(), [], newer)
    assert shown(page, "//*[contains(@class, 'newer')]") == ["最新報導續報：步道明年開放"]
    [link] = attributes(page, "//*[contains(@class, 'newer')]//a/@href")
    assert link == "/news/%E6%B2%B3%E5%B2%B8/2"
    assert shown(PAGES.article(story(), []), "//*[contains(@class, 'newer')]") == []


def test_an_expired_story_says_so_to_readers_and_all_along_to_machines() -> None:
    until = story(expires=MORNING + timedelta(days=1))
    before, after = (PAGES.article(replace(until, expired=e), []) for e in (False, True))
    assert shown(before, "//*[@class='note']") == []
    assert shown(after, "//*[@class='note']") == ["這則新聞已過時效，內容可能不再適用。"]
    for page in (before, after):
        [robots] = attributes(page, "//meta[@name='robots']/@content")
        assert robots == "max-image-preview:large, unavailable_after: 2026-11-21T09:30:00+08:00"
        [news, _] = map(json.loads, shown(page, "//script[@type='application/ld+json']"))
        assert news["expires"] == "2026-11-21T09:30:00+08:00"
        [told] = attributes(page, "//meta[@property='article:expiration_time']/@content")
        assert told == news["expires"]


def test_related_cards_lead_to_our_stories_elsewhere_or_nowhere() -> None:
    cards = [
        Card("自家新聞", "/news/河岸", "摘要一句。", MORNING, "河岸步道"),
        Card("別家新聞", "https://other.example/1", "", None, ""),
        Card("只有標題", "", "", None, ""),
        Card("可疑連結", "javascript:alert(1)", "", None, ""),
        Card("無協定連結", "//evil.example/", "", None, ""),
    ]
    page = PAGES.article(story(), cards)
    assert shown(page, "//aside//h2") == ["相關新聞"]
    assert attributes(page, "//aside//a/@href") == [
        "/news/%E6%B2%B3%E5%B2%B8",
        "https://other.example/1",
    ]
    assert len(shown(page, "//aside//h3")) == len(cards)
    assert shown(page, "(//aside//li)[1]/p") == ["摘要一句。", "2026/11/20 09:30"]


def test_a_page_without_related_news_has_no_such_block() -> None:
    assert "相關新聞" not in PAGES.article(story(), []).decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hant-TW", ["LINE", "發布日期："]),
        ("zh-TW", ["LINE", "發布日期："]),
        ("zh-Hans", ["LINE", "发布时间："]),
        ("zh-CN", ["LINE", "发布时间："]),
        ("ja", ["LINE", "公開："]),
        ("en-GB", ["LINE", "Published:"]),
        ("fr", ["LINE", "Published:"]),
    ],
)
def test_the_page_speaks_the_language_of_its_article(language: str, words: list[str]) -> None:
    page = PAGES.article(story(language=language), [])
    assert attributes(page, "/html/@lang") == [language]
    assert all(word in page.decode() for word in words)


def test_machines_read_the_same_article() -> None:
    correction = Correction(kind="correction", text="原文誤植日期。")
    page = PAGES.article(story(correction=correction), [])
    news, crumbs = map(json.loads, shown(page, "//script[@type='application/ld+json']"))
    assert news["headline"] == "河岸步道年底全線開放"
    assert news["datePublished"] == "2026-11-20T09:30:00+08:00"
    assert news["author"][0]["name"] == "林小雨"
    assert news["keywords"] == ["河岸步道", "AI 城市/治理"]
    assert [one["text"] for one in news["correction"]] == ["原文誤植日期。"]
    assert [step["name"] for step in crumbs["itemListElement"]] == [
        "首頁",
        "生活",
        "河岸步道年底全線開放",
    ]
    assert attributes(page, "//link[@rel='canonical']/@href") == [
        "https://daily.example/news/%E6%B2%B3%E5%B2%B8/1"
    ]
    assert attributes(page, "//meta[@property='og:type']/@content") == ["article"]
    assert attributes(page, "//link[@rel='alternate']/@href")[:3] == [
        "https://daily.example/feed.xml",
        "https://daily.example/atom.xml",
        "https://daily.example/feed.json",
    ]


VISIBLE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"])
    | st.sampled_from("<>&\"'/{}%"),
    min_size=1,
    max_size=60,
).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(text=VISIBLE)
def test_no_text_of_an_article_becomes_markup(text: str) -> None:
    plain = [one.tag for one in document(PAGES.article(story(), [])).iter()]
    page = PAGES.article(story(headline=text, subtitle=text, byline=f"{text}林小雨"), [])
    tags = [one.tag for one in document(page).iter() if "ph" not in one.classes]
    extra = document(page).xpath("count(//*[@class='ph']/span)")
    assert len(tags) - extra == len(plain)
    assert "".join(shown(page, "//h1")).split() == text.split()
    news = json.loads(shown(page, "//script[@type='application/ld+json']")[0])
    assert news["headline"].split() == text.split()


def test_a_headline_cannot_end_the_data_block() -> None:
    page = PAGES.article(story(headline="</script><script>alert(1)</script>"), [])
    assert len(attributes(page, "//script/@type")) == len(document(page).xpath("//script")) == 2


def test_a_body_of_plain_text_becomes_paragraphs() -> None:
    page = PAGES.article(story(body_html="", body_text="第一段 <b>。\n第二段。"), [])
    assert shown(page, "//*[@class='body']/p") == ["第一段 <b>。", "第二段。"]


def test_a_newspaper_below_a_path_links_below_it() -> None:
    below = SITE.model_copy(update={"base_url": "https://example.tw/daily"})
    page = Pages(below, (Listing("section", "生活", "生活"),)).article(story(), [])
    links = attributes(page, "//header//a/@href")
    assert links
    assert all(link.startswith(("/daily/", "#")) for link in links)


def test_a_headline_divided_by_the_editor_breaks_there_and_keeps_its_text() -> None:
    page = PAGES.article(story(headline="河岸步道開放　照明延長"), [])
    assert document(page).xpath("//h1")[0].text_content().strip() == ("河岸步道開放　照明延長")
    assert shown(page, "//h1/span/span") == ["河岸步道開放", "照明延長"]
