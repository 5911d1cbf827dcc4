"""The feeds as independent readers understand them: feedparser, a strict XML parser, json."""

import json
from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType

import feedparser
import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from services.publish import feeds
from services.publish.feeds import atom, json_feed, rss
from services.publish.lists import ALL
from services.publish.live import Listing, LiveArticle, Tombstone
from shared.article import Author, Correction, Image, Tag
from shared.plugs import find_plugs
from tests.publish.stories import MORNING, SITE, live

GRAVE = Tombstone("urn:example:gone", "/news/gone", MORNING + timedelta(hours=3))
FORMATS = find_plugs(feeds)
XML_FORMATS = (rss, atom)
NAMESPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "c": "http://purl.org/rss/1.0/modules/content/",
    "m": "http://search.yahoo.com/mrss/",
}


def story(**fields: object) -> LiveArticle:
    sample = {
        "description": "夜間照明延長到十一點。",
        "authors": (Author(name="林小雨"), Author(name="王大山")),
        "tags": (Tag(name="河岸步道"),),
        "date_modified": MORNING + timedelta(hours=1),
    }
    return live("urn:example:1", **(sample | fields))


def find(body: bytes, path: str) -> list[etree._Element]:
    """The elements an XPath finds in XML that must be well-formed."""
    return etree.fromstring(body).findall(path, NAMESPACES)


def read(
    feed: ModuleType, articles: Sequence[LiveArticle], graves: Sequence[Tombstone] = ()
) -> bytes:
    body: bytes = feed.render(SITE, ALL, articles, graves)
    return body


def titles(feed: ModuleType, body: bytes) -> list[str]:
    if feed is json_feed:
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body, sanitize_html=False).entries]


def content(feed: ModuleType, body: bytes) -> str:
    if feed is json_feed:
        return str(json.loads(body)["items"][0]["content_html"])
    path = "//c:encoded" if feed is rss else "//a:entry/a:content"
    return str(etree.fromstring(body).xpath(f"string({path})", namespaces=NAMESPACES))


@pytest.mark.parametrize("feed", XML_FORMATS)
def test_a_feed_reader_finds_what_the_article_says(feed: ModuleType) -> None:
    parsed = feedparser.parse(read(feed, [story()]))
    (entry,) = parsed.entries
    assert not parsed.bozo
    assert parsed.feed.title == "島嶼日報"
    assert parsed.feed.language == "zh-Hant-TW"
    assert entry.id == "urn:example:1"
    assert entry.title == "河岸步道年底全線開放"
    assert entry.link == "https://daily.example/news/%E6%B2%B3%E5%B2%B8/1"
    assert entry.summary == "夜間照明延長到十一點。"
    assert entry.content[0].value == "<p>市府今天宣布。</p>"
    assert entry.published_parsed[:5] == (2026, 11, 20, 1, 30)
    assert [author.name for author in entry.authors] == ["林小雨", "王大山"]
    assert {tag.term for tag in entry.tags} == {"生活", "河岸步道"}


def test_a_json_reader_finds_what_the_article_says() -> None:
    feed = json.loads(read(json_feed, [story()]))
    (item,) = feed["items"]
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://daily.example/feed.json"
    assert item == {
        "id": "urn:example:1",
        "url": "https://daily.example/news/%E6%B2%B3%E5%B2%B8/1",
        "title": "河岸步道年底全線開放",
        "summary": "夜間照明延長到十一點。",
        "content_html": "<p>市府今天宣布。</p>",
        "date_published": "2026-11-20T09:30:00+08:00",
        "date_modified": "2026-11-20T10:30:00+08:00",
        "authors": [{"name": "林小雨"}, {"name": "王大山"}],
        "tags": ["生活", "河岸步道"],
        "language": "zh-Hant-TW",
        "_news": {"version": 1, "signal": None},
    }


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
def test_a_feed_names_the_address_it_is_served_at(feed: ModuleType) -> None:
    listing = Listing("section", "生活", "生活")
    body = feed.render(SITE, listing, [], [])
    address = SITE.url(listing.path + feed.FILE_NAME)
    assert f'"{address}"' in body.decode()
    assert "charset=utf-8" in feed.MEDIA_TYPE


def test_rss_dates_carry_the_newspapers_zone() -> None:
    (channel,) = find(read(rss, [story()]), "channel")
    assert channel.findtext("item/pubDate") == "Fri, 20 Nov 2026 09:30:00 +0800"
    assert channel.findtext("lastBuildDate") == "Fri, 20 Nov 2026 10:30:00 +0800"


def test_an_rss_guid_is_the_uri_and_no_link() -> None:
    (guid,) = find(read(rss, [story()]), ".//guid")
    assert (guid.text, guid.get("isPermaLink")) == ("urn:example:1", "false")


def test_a_removal_moves_the_date_of_a_feed() -> None:
    body = read(atom, [story()], [GRAVE])
    assert feedparser.parse(body).feed.updated == "2026-11-20T12:30:00+08:00"
    assert b"12:30:00 +0800</lastBuildDate>" in read(rss, [story()], [GRAVE])


def test_atom_buries_a_killed_story_and_names_tombstones_only_then() -> None:
    (stone,) = find(read(atom, [story()], [GRAVE]), ".//at:deleted-entry")
    assert stone.get("ref") == "urn:example:gone"
    assert stone.get("when") == "2026-11-20T12:30:00+08:00"
    assert b"tombstones" not in read(atom, [story()])


def test_json_names_killed_stories() -> None:
    deleted = json.loads(read(json_feed, [], [GRAVE]))["_news"]["deleted"]
    assert [stone["id"] for stone in deleted] == ["urn:example:gone"]


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    ("kind", "language", "prefix"),
    [
        ("correction", "zh-Hant-TW", "【更正】"),
        ("correction", "ja", "【訂正】"),
        ("correction", "en", "Correction: "),
        ("update", "zh-Hant-TW", ""),
        ("refile", "zh-Hant-TW", ""),
    ],
)
def test_a_corrected_headline_says_so(
    feed: ModuleType, kind: str, language: str, prefix: str
) -> None:
    correction = Correction.model_validate({"kind": kind, "text": "原文誤植 <日期>。"})
    body = read(feed, [story(correction=correction, language=language)])
    assert titles(feed, body) == [prefix + "河岸步道年底全線開放"]
    assert ("&lt;日期&gt;" in content(feed, body)) == (kind != "refile")


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
def test_addresses_in_the_body_become_absolute(feed: ModuleType) -> None:
    html = '<p><a href="/tag/河岸/">步道</a><img src="圖.jpg" alt="&quot;夜&quot;"></p>'
    text = content(feed, read(feed, [story(body_html=html)]))
    assert 'href="https://daily.example/tag/%E6%B2%B3%E5%B2%B8/"' in text
    assert 'src="https://daily.example/news/%E6%B2%B3%E5%B2%B8/%E5%9C%96.jpg"' in text


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
def test_the_lead_picture_stands_in_the_text_with_its_credit(feed: ModuleType) -> None:
    lead = Image(url="https://img.example/圖.jpg", role="lead", caption="夜景", credit="圖/市府")
    text = content(feed, read(feed, [story(images=(lead,))]))
    assert 'src="https://img.example/%E5%9C%96.jpg"' in text
    assert "夜景 圖／市府" in text


def test_rss_pictures_carry_credit_and_size() -> None:
    picture = Image(url="https://img.example/1.jpg", credit="市府", width=800, height=600)
    (media,) = find(read(rss, [story(images=(picture,))]), ".//m:content")
    assert media.get("width") == "800"
    assert media.findtext("m:credit", namespaces=NAMESPACES) == "市府"


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
def test_an_empty_feed_is_valid_and_has_no_clock(feed: ModuleType) -> None:
    first, second = read(feed, []), read(feed, [])
    assert first == second
    assert titles(feed, first) == []
    assert b"2026" not in first


@pytest.mark.parametrize("feed", FORMATS.values(), ids=FORMATS)
def test_a_change_shows_even_under_the_same_version(feed: ModuleType) -> None:
    before = read(feed, [story()])
    assert read(feed, [story()]) == before
    assert read(feed, [story(tags=(Tag(name="照明"),))]) != before
    moved = SITE.model_copy(update={"base_url": "https://moved.example"})
    assert b"https://daily.example" not in feed.render(moved, ALL, [story()], [])


def test_a_cdata_end_in_the_text_ends_nothing() -> None:
    html = "<p>程式碼 ]]> 與 &lt;b&gt;</p>"
    assert content(rss, read(rss, [story(body_html=html)])) == html


ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("<>&\"'\x0b\x08\ufffe]"),
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT, word=ANY_TEXT)
def test_no_text_breaks_a_feed(text: str, word: str) -> None:
    any_story = story(
        headline=f"標題{text}",
        description=text,
        section=f"生活{word}",
        tags=(Tag(name=f"標籤{word}"),),
        authors=(Author(name=f"林{word}"),),
        images=(Image(url="https://img.example/1.jpg", role="lead", caption=text, credit=word),),
        body_html=f"<p>{text.replace('&', '').replace('<', '')}</p>",
        copyright=word,
    )
    for feed in XML_FORMATS:
        assert read(feed, [any_story]) == read(feed, [any_story])
        etree.fromstring(read(feed, [any_story]))
    assert json.loads(read(json_feed, [any_story]))["items"][0]["title"] == f"標題{text}"
