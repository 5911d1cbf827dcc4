"""IPTC Media Topics: found by words, the one above brought along, the newsroom's left alone."""

from services.enrich.steps.subjects import topics
from shared.article import Subject
from tests.enrich.samples import BASEBALL, TYPHOON, article, pipeline


def names(headline: str, body: str, **fields: object) -> list[str]:
    enriched = pipeline().enrich(article("urn:n:1", headline, body, **fields))
    return [subject.name for subject in enriched.subjects]


def test_a_typhoon_is_weather_and_a_game_is_sport() -> None:
    assert {"天氣", "天氣現象"} <= set(names("海燕颱風逼近 氣象署發布海警", TYPHOON))
    assert "體育" in names("中華隊逆轉擊敗韓國", BASEBALL)
    assert "體育" not in names("海燕颱風逼近 氣象署發布海警", TYPHOON)


def test_an_english_story_gets_english_labels() -> None:
    assert "sport" in names("5G", "棒球 職棒 全壘打 總冠軍賽", language="en")


def test_media_topics_of_the_newsroom_are_the_only_ones() -> None:
    given = (Subject(uri="medtop:15000000", name="運動"),)
    enriched = pipeline().enrich(article("urn:n:1", "颱風", TYPHOON, subjects=given))
    assert enriched.subjects == given


def test_every_topic_of_the_second_level_lies_under_one_of_the_first() -> None:
    table = topics()
    assert sum(topic.above == "-" for topic in table.values()) == 17
    assert all(topic.above == "-" or table[topic.above].above == "-" for topic in table.values())
