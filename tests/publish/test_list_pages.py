"""The front page and the pages of sections, tags and authors."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from services.publish.lists import ALL
from services.publish.live import Listing
from services.publish.site.pages import Pages
from tests.publish.stories import MORNING, SITE, attributes, live, shown

LIFE = Listing("section", "生活", "生活")
PAGES = Pages(SITE, (LIFE, Listing("section", "財經", "財經")))


def test_the_front_page_leads_with_the_most_urgent_story_of_the_day() -> None:
    quiet = [live(f"urn:example:{number}") for number in range(3)]
    urgent = live("urn:example:9", headline="規模 6.8 地震", urgency=2)
    old = MORNING - timedelta(hours=30)
    stale = live("urn:example:8", headline="昨天的颱風", urgency=1, date_published=old)
    page = PAGES.listing(ALL, [*quiet, urgent, stale])
    assert shown(page, "//*[@class='lead']/article//h2") == ["規模 6.8 地震"]


@pytest.mark.parametrize("count", [1, 2, 5, 12, 50])
def test_every_story_stands_on_the_front_page_once(count: int) -> None:
    sections = ["生活", "財經", "", "文化"]
    stories = [
        live(
            f"urn:example:{number}",
            section=sections[number % 4],
            date_published=MORNING - timedelta(minutes=number),
            date_modified=MORNING,
        )
        for number in range(count)
    ]
    links = attributes(PAGES.listing(ALL, stories), "//main//article//a/@href")
    assert sorted(links) == sorted(quote(story.path) for story in stories)


def test_the_front_page_follows_the_order_of_the_navigation() -> None:
    stories = [
        live(f"urn:example:{number}", section="生活" if number % 2 else "財經")
        for number in range(40)
    ]
    page = PAGES.listing(ALL, stories)
    assert shown(page, "//*[@class='block']/h2") == ["生活", "財經"]
    assert shown(page, "//header//nav//a") == ["生活", "財經"]


def test_a_list_page_groups_stories_by_the_newspapers_day() -> None:
    late = datetime(2026, 11, 19, 15, 59, tzinfo=UTC)
    stories = [live("urn:example:1"), live("urn:example:2", date_published=late)]
    page = PAGES.listing(LIFE, stories)
    assert shown(page, "//h1") == ["生活"]
    assert shown(page, "//section/h2") == ["2026/11/20", "2026/11/19"]
    assert shown(page, "//header//a[@aria-current='page']") == ["生活"]


@pytest.mark.parametrize(
    ("listing", "kind"),
    [
        (LIFE, []),
        (Listing("tag", "河岸步道", "河岸步道"), ["關鍵字"]),
        (Listing("author", "林小雨", "林小雨"), ["作者"]),
    ],
)
def test_every_list_page_advertises_its_own_feeds(listing: Listing, kind: list[str]) -> None:
    page = PAGES.listing(listing, [live()])
    assert shown(page, "//p[@class='kicker']") == kind
    feeds = attributes(page, "//link[@rel='alternate']/@href")
    assert feeds == [
        SITE.url(listing.path + name) for name in ("feed.xml", "atom.xml", "feed.json")
    ]
    assert len(attributes(page, "//footer//a/@href")) == 3


@pytest.mark.parametrize("listing", [ALL, LIFE, Listing("tag", "無", "無")])
def test_an_empty_list_is_a_decent_page(listing: Listing) -> None:
    page = PAGES.listing(listing, [])
    assert shown(page, "//*[@class='notice']/h2") == ["目前還沒有新聞"]
    assert len(shown(page, "//h1")) == 1
