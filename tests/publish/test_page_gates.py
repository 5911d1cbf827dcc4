"""What holds for every page: weight, policy, no scripts, equal bytes, honest notices."""

import gzip
from base64 import b64encode
from hashlib import sha256

import pytest

from services.publish.lists import ALL
from services.publish.live import Card, Listing, Tombstone
from services.publish.site.pages import Pages
from services.publish.site.policy import CONTENT_SECURITY_POLICY
from shared.article import Image
from tests.publish.stories import MORNING, SITE, attributes, document, live, shown

LIFE = Listing("section", "生活", "生活")
PAGES = Pages(SITE, (LIFE,), search_path="/search")


def every_page() -> dict[str, bytes]:
    story = live(images=(Image(url="https://img.example/1.jpg", role="lead", credit="市府"),))
    return {
        "article": PAGES.article(story, [Card("舊聞", "/news/1", "", None, "")]),
        "front": PAGES.listing(ALL, [story]),
        "section": PAGES.listing(LIFE, [story]),
        "empty": PAGES.listing(ALL, []),
        "gone": PAGES.gone(Tombstone("urn:example:1", "/news/1", MORNING)),
        "withheld": PAGES.withheld("/news/1"),
        "not found": PAGES.not_found(),
    }


@pytest.mark.parametrize("name", every_page())
def test_a_page_keeps_within_its_gates(name: str) -> None:
    page = every_page()[name]
    styles = document(page).xpath("//style/text()")
    assert sum(len(style.encode()) for style in styles) <= 8_000
    assert len(gzip.compress(page)) <= 30_000
    assert len(list(document(page).iter())) < 800
    assert set(attributes(page, "//script/@type")) <= {"application/ld+json"}
    assert not attributes(page, "//@style | //@onclick | //@onload | //@onerror")
    assert not attributes(page, "//link[@rel='stylesheet'] | //iframe | //object")


@pytest.mark.parametrize("name", every_page())
def test_the_policy_allows_the_styles_of_every_page_and_no_scripts(name: str) -> None:
    styles = document(every_page()[name]).xpath("//style/text()")
    for style in styles:
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert styles
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "script-src" not in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_two_renders_give_equal_bytes() -> None:
    assert every_page() == every_page()


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("gone", "本則新聞已撤下"),
        ("withheld", "本則新聞暫時下架"),
        ("not found", "找不到這個網頁"),
    ],
)
def test_a_notice_says_what_happened_and_is_not_indexed(name: str, headline: str) -> None:
    page = every_page()[name]
    assert shown(page, "//h1") == [headline]
    assert attributes(page, "//meta[@name='robots']/@content") == ["noindex"]
    assert not attributes(page, "//link[@rel='canonical']/@href")
