"""What a filter would have let through, of what is live."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from services.publish.delivery.filter import Filter
from services.publish.delivery.rehearsal import rehearse
from services.publish.desk import Desk
from services.publish.live import LiveArticle
from services.publish.recent import recent
from shared.article import Article
from shared.streams import Keys

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def story(number: int, section: str, hours_ago: float = 1, **fields: object) -> Article:
    return Article.model_validate(
        {
            "uri": f"urn:{number}",
            "headline": f"第{number}則",
            "section": section,
            "date_published": NOW - timedelta(hours=hours_ago),
            **fields,
        }
    )


def live(article: Article) -> LiveArticle:
    return LiveArticle(article, f"/news/{article.uri}", ())


def test_it_counts_by_section_and_finds_the_busiest_hour_and_the_latest() -> None:
    articles = [story(n, "運動", hours) for n, hours in enumerate((0, 0.1, 0.2, 5, 30))]
    articles += [story(9, "財經"), story(10, "")]
    found = rehearse(Filter.parse("section:運動"), map(live, articles))
    assert (found.looked_at, found.matched, found.busiest_hour) == (7, 5, 3)
    assert found.sections == (("運動", 5, 5), ("財經", 0, 1), ("", 0, 1))
    assert [one.uri for one in found.latest] == [f"urn:{n}" for n in range(5)]


def test_of_nothing_it_says_nothing() -> None:
    found = rehearse(Filter(), [])
    assert (found.looked_at, found.matched, found.busiest_hour, found.latest) == (0, 0, 0, ())


async def test_it_is_tried_on_what_is_live_and_was_published_since(redis: Redis) -> None:
    keys = Keys(3)
    desk = Desk(redis, keys, ZoneInfo("Asia/Taipei"))
    for number in range(6):
        await desk.put(story(number, "運動", hours_ago=number * 24), NOW)
    await desk.put(story(1, "運動", version=2, pubstatus="canceled"), NOW)
    found = [one async for one in recent(redis, keys, desk, NOW - timedelta(hours=72))]
    assert {one.article.uri for one in found} == {"urn:0", "urn:2", "urn:3"}
