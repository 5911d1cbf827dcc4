"""Associations, branches, agencies and parties: where their names begin, and what is none."""

import pytest

from services.enrich.folding import fold
from tests.enrich.test_names import named


def organisations(sentence: str, headline: str = "快訊") -> list[str]:
    return [name for name, kind in named(sentence, headline).items() if kind == "organisation"]


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("環團台灣街道林健康美化協會呼籲複審。", "台灣街道林健康美化協會"),
        ("居民與花蓮縣野鳥學會開會。", "花蓮縣野鳥學會"),
        ("立法院外交及國防委員會昨天審查。", "立法院外交及國防委員會"),
        ("主辦的台灣獨立書店文化協會透露，又有書店熄燈。", "台灣獨立書店文化協會"),
        ("服務尖石的志善社會福利基金會建議補助。", "志善社會福利基金會"),
        ("台中市公車駕駛產業工會痛批公司。", "台中市公車駕駛產業工會"),
        ("中華桌協秘書長說，獎金加碼。", "中華桌協"),
    ],
)
def test_an_association_is_found_from_where_it_begins(sentence: str, name: str) -> None:
    assert fold(name) in organisations(sentence)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("新竹縣消防局山崎分隊隊員接住女童。", "新竹縣消防局山崎分隊"),
        ("文化資產保存處說，已登錄。", "文化資產保存處"),
        ("環保局昨天開罰，公園處也到場。", "環保局"),
    ],
)
def test_a_branch_or_an_agency_is_found_whole(sentence: str, name: str) -> None:
    assert fold(name) in organisations(sentence)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("南投縣信義鄉同曦國中校長史永義說，外師走了。", "同曦國中"),
        ("宜蘭縣私立慧燈高中傳出霸凌。", "慧燈高中"),
        ("台中市西區正鼎法律事務所收到包裹。", "正鼎法律事務所"),
        ("高雄市政府水利局會勘。", "高雄市政府水利局"),
    ],
)
def test_an_address_is_no_part_of_a_name_but_of_an_agency_it_is(sentence: str, name: str) -> None:
    assert fold(name) in organisations(sentence)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("台灣戰隊閃電狼人以三比二逆轉。閃電狼人晉級。", "閃電狼人"),
        ("同業旭晶微測、日商東亞探針也在擴產。", "旭晶微測"),
        ("協調客運業者泰成巴士支援。", "泰成巴士"),
    ],
)
def test_a_name_behind_a_word_for_its_kind_may_be_made_of_any_words(
    sentence: str, name: str
) -> None:
    assert fold(name) in organisations(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "市府已向業者調借三十八輛巴士。",
        "廠商成本增加，業者成本也增加。",
        "居民夜守區公所，七天內向公所申報。",
        "第三局投完一球，關鍵第六局反手得分。",
        "審完預算後散會。",
        "瀾港市長夏承恩今天視察，隙頂、石棹茶農江順安苦笑。",
        "可由市府協調，並與市府開會。",
        "黑熊十二局再見轟。",
        "颱風青鳥今晚轉強，青鳥中心位於外海，颱風青鳥持續北上。",
    ],
)
def test_what_only_looks_like_a_body_is_none(sentence: str) -> None:
    assert organisations(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("新世代黨團占領主席台，新世代黨團總召說不退。", "新世代黨"),
        ("國本黨新竹縣黨部主委宣布反罷免。", "國本黨"),
        ("民本黨團書記長到場。", "民本黨"),
    ],
)
def test_a_party_has_two_or_three_characters_before_its_ending(sentence: str, name: str) -> None:
    assert fold(name) in organisations(sentence)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("秘書長勾美玲呼籲修法。", "勾美玲"),
        ("會長季中和表示，符合規章。", "季中和"),
        ("七十九歲的居民姬林阿滿笑說太慢。", "姬林阿滿"),
        ("十歲的阮氏明珠扮演貂蟬。", "阮氏明珠"),
        ("兄妹檔費利克斯・勒菲弗與瑪儂・勒菲弗奪冠。", "費利克斯・勒菲弗"),
        ("副議長Petra Nováková與縣長簽署。", "Petra Nováková"),
    ],
)
def test_rare_and_foreign_people_are_found_whole(sentence: str, name: str) -> None:
    people = [found for found, kind in named(sentence).items() if kind == "person"]
    assert fold(name) in people


def test_what_ends_like_a_firm_is_no_person() -> None:
    found = named("嵐信工程董座傳投入選舉，嵐信工程沒有回應。")
    assert found == {fold("嵐信工程"): "organisation"}


def test_a_short_name_that_is_a_firm_elsewhere_is_no_person() -> None:
    found = named("嶽晶科技昨天與瀾港大學簽約，由嶽晶派員授課。", "嶽晶與三大學合辦學程")
    assert found.get(fold("嶽晶科技")) == "organisation"
    assert "person" not in found.values()


@pytest.mark.parametrize("sentence", ["已將蕭男送醫，蕭男清醒。", "母親唐小姐說，沒有警語。"])
def test_who_is_not_named_is_no_person(sentence: str) -> None:
    assert "person" not in named(sentence).values()
