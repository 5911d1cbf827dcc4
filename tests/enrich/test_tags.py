"""Tags: what a story is about, by kind."""

import pytest
from hypothesis import given, settings, strategies as st

from services.enrich.folding import fold, key
from shared.article import Article, Author, Tag
from tests.enrich.samples import (
    CHIPS,
    ENGLISH,
    HARBOUR,
    JAPANESE,
    SIMPLIFIED,
    TRANSIT,
    article,
    newspaper,
    pipeline,
    tag_names,
)

NEWS_TEXT = st.text(
    "臺灣高鐵市長林靜宜記者陳明德「」智慧城市捷運 AI Huang，。\n圖／的", max_size=300
)


def tagged(headline: str, body: str, **fields: object) -> Article:
    return pipeline().enrich(article("urn:n:1", headline, body, **fields))


def kinds(enriched: Article) -> dict[str, str]:
    return {tag.name: tag.kind for tag in enriched.tags}


def test_a_person_is_named_by_the_office_before_or_after_the_name() -> None:
    found = kinds(tagged("蔣萬安視察捷運萬大線", TRANSIT))
    assert found["蔣萬安"] == "person"
    after = kinds(tagged("黃偉哲市長主持開工", "臺南市黃偉哲市長主持社會住宅開工典禮，黃偉哲說…"))
    assert after["黃偉哲"] == "person"


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("市長陳菊出席典禮，陳菊致詞。", "陳菊"),
        ("執行長詹文男及校長到場。詹文男致詞。", "詹文男"),
        ("校長歐陽文風宣布停課，歐陽文風致歉。", "歐陽文風"),
        ("部長黃彥男。", "黃彥男"),
    ],
)
def test_names_of_two_to_four_characters_end_where_the_name_ends(sentence: str, name: str) -> None:
    people = [tag.name for tag in tagged("快訊", sentence).tags if tag.kind == "person"]
    assert people == [name]


def test_an_ordinary_word_beside_an_office_is_no_person() -> None:
    enriched = tagged("主席高度評價合作", "主席高度評價雙方合作，江蘇省長與高雄市長都到場。")
    assert "person" not in kinds(enriched).values()


def test_who_wrote_or_photographed_a_story_is_no_tag() -> None:
    text = "記者林美玲／高雄報導\n林美玲直擊現場。\n" * 3 + HARBOUR
    enriched = tagged("高雄第七貨櫃中心啟用", text, authors=(Author(name="王大同"),))
    by_author = tagged(
        "王大同專欄：港口的明天",
        "王大同認為港口…王大同…" + HARBOUR,
        authors=(Author(name="王大同"),),
    )
    assert not any("林美玲" in name or "美玲" in name for name in tag_names(enriched))
    assert not any("王大同" in name or "大同" in name for name in tag_names(by_author))


def test_no_tag_is_a_piece_of_a_persons_name() -> None:
    for name in tag_names(tagged("高雄第七貨櫃中心啟用 陳明德：里程碑", HARBOUR)):
        assert name == "陳明德" or not set("其邁") & set(name)


def test_places_have_one_tag_however_they_are_written() -> None:
    text = "臺北市今天放晴。台北的氣溫回升，北市府提醒民眾補水。台北街頭人潮多，新北也是。"
    enriched = tagged("台北放晴", text)
    places = [tag for tag in enriched.tags if tag.kind == "place"]
    assert [key(tag.name) for tag in places].count(key("臺北")) == 1
    assert {tag.name for tag in places} >= {"台北"}


def test_organisations_are_known_by_how_their_names_end() -> None:
    assert kinds(tagged("高雄港新局", HARBOUR))["臺灣港務公司"] == "organisation"


def test_a_quoted_name_is_a_tag_and_a_quoted_sentence_is_not() -> None:
    text = "市府成立「智慧城鄉發展委員會」。市長說：「我們不會放棄，一定做到。」並推「靜桃專案」。"
    names = tag_names(tagged("市府改組", text))
    assert "智慧城鄉發展委員會" in names
    assert "靜桃專案" in names
    assert not any("放棄" in name for name in names)


def test_the_newsrooms_own_tags_come_first_and_stay_as_they_are() -> None:
    given_tags = (Tag(name="港口經濟"), Tag(name="高雄", kind="place", score=0.5))
    enriched = tagged("高雄第七貨櫃中心啟用", HARBOUR, tags=given_tags)
    assert enriched.tags[:2] == given_tags
    assert 3 <= len(enriched.tags) <= 8
    assert [key(name) for name in tag_names(enriched)].count(key("高雄")) == 1


def test_every_story_has_three_to_eight_tags_with_score_and_evidence() -> None:
    for story in newspaper():
        tags = pipeline().enrich(story).tags
        assert 3 <= len(tags) <= 8
        assert all(0 < tag.score < 1 and tag.evidence and tag.creator == "wiredesk" for tag in tags)


def test_the_strongest_phrase_of_a_story_is_among_its_tags() -> None:
    assert "先進封裝" in tag_names(tagged("先進封裝供不應求 竹科再蓋新廠", CHIPS))
    assert "第七貨櫃中心" in tag_names(tagged("高雄第七貨櫃中心啟用", HARBOUR))
    assert "Jensen Huang" in tag_names(tagged("Nvidia chief Jensen Huang visits Taipei", ENGLISH))
    assert "トヨタ自動車" in tag_names(tagged("トヨタ自動車、新型車を発表", JAPANESE))


def test_simplified_and_traditional_writing_of_a_story_get_the_same_tags() -> None:
    simplified = tag_names(tagged("蒋万安视察捷运万大线", SIMPLIFIED))
    assert "蒋万安" in simplified
    traditional = SIMPLIFIED.translate(str.maketrans("长蒋万视运线厂严", "長蔣萬視運線廠嚴"))
    again = tag_names(tagged("蔣萬安視察捷運萬大線", traditional))
    assert [fold(name) for name in again] == [fold(name) for name in simplified]


@settings(deadline=None)
@given(NEWS_TEXT, NEWS_TEXT)
def test_every_tag_stands_in_the_text_in_its_own_script(headline: str, body: str) -> None:
    whole = " ".join(f"標{headline} {body}".split())
    for name in tag_names(tagged(f"標{headline}", body)):
        assert name in whole


def test_the_title_of_a_work_may_be_any_words() -> None:
    body = "路寒以《白日的方向》獲長河文學獎。《白日的方向》寫一個失明的燈塔守。"
    assert "白日的方向" in tag_names(tagged("路寒《白日的方向》獲長河文學獎", body))


def test_an_office_that_is_news_itself_is_a_tag() -> None:
    body = "恆春的護理師又走了六人。護理師說，夜班一個人顧二十床，護理師工會盼加薪。"
    assert "護理師" in tag_names(tagged("護理師出走 恆春急診關夜班", body))
