"""Names that only their signs tell: foreign ones, wives', brands; and what is none."""

import pytest

from services.enrich.folding import fold
from services.enrich.people import writers_of
from tests.enrich.test_names import named


def people(sentence: str) -> list[str]:
    return [name for name, kind in named(sentence).items() if kind == "person"]


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("體能教練丹麥人瑪德斯·倫德高說，體力夠。", "瑪德斯·倫德高"),
        ("技術長施羅德·林說，關鍵不在這裡。", "施羅德·林"),
        ("教授馮·瓦倫丁利用資料推算。", "馮·瓦倫丁"),
        ("製作人唐納文·李曾操刀英國樂團。", "唐納文·李"),
        ("中爪哇的看護工西蒂·努爾哈雅蒂在台下。", "西蒂·努爾哈雅蒂"),
        ("館長菲歐娜·麥克雷隨柱來台。", "菲歐娜·麥克雷"),
    ],
)
def test_a_name_with_a_dot_begins_and_ends_where_its_sound_does(sentence: str, name: str) -> None:
    assert people(sentence) == [fold(name)]


def test_two_names_with_a_dot_may_follow_each_other() -> None:
    assert people("莉絲・杜邦與瑪儂・杜邦到場。") == [fold("莉絲・杜邦"), fold("瑪儂・杜邦")]


def test_a_wide_full_stop_is_a_dot_in_a_name_and_a_narrow_one_is_none() -> None:
    assert people("總教練馬耀．里信說，球員累了。") == [fold("馬耀．里信")]
    assert people("方法.利用模型分析.結果表明有效.") == []


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("民宿業者呂黃香蘭說，訂房多了。", "呂黃香蘭"),
        ("理事長吳尤美珠說，條例不夠。", "吳尤美珠"),
        ("教授司徒念指出，價格會漲。", "司徒念"),
        ("韓國外野手元宰赫說，很開心。", "元宰赫"),
        ("社長郡司圭吾說，乘客沒有少。", "郡司圭吾"),
    ],
)
def test_rare_and_double_family_names_are_read_whole(sentence: str, name: str) -> None:
    assert people(sentence) == [fold(name)]


@pytest.mark.parametrize(
    "sentence",
    [
        "颱風生成，週三起影響台灣東部海面。",
        "全案移送政風，監造單位回應，會改進。",
        "蘇光橋今天動土，蘇光橋明年通車。",
    ],
)
def test_a_day_a_thing_and_a_bridge_are_no_people(sentence: str) -> None:
    assert people(sentence) == []


def test_a_city_in_a_byline_is_no_reporter() -> None:
    assert writers_of("記者蔡曉彤／高雄報導") == [fold("蔡曉彤")]
    assert fold("高雄市政府水利局") in named(
        "高雄市政府水利局昨天開挖。", byline="記者蔡曉彤／高雄報導"
    )


def test_a_name_without_an_ending_is_told_by_what_stands_around() -> None:
    found = named("樂團地下六樓昨晚宣布巡演，主唱江望說，地下六樓會唱新歌。地下六樓成軍十年。")
    assert found[fold("地下六樓")] == "organisation"


def test_a_line_is_no_body() -> None:
    assert "organisation" not in named("市長視察捷運萬大線工程，萬大線後年通車。").values()
