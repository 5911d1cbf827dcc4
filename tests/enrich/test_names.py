"""Names in one piece: people, organisations, teams, and those that only the archive knows."""

import pytest

from services.enrich.corpus import Corpus
from services.enrich.folding import fold
from services.enrich.names import names_of
from services.enrich.words import read
from shared.article import Article
from tests.enrich.samples import article, pipeline, tag_names


def named(body: str, headline: str = "快訊", **fields: object) -> dict[str, str]:
    story = article("urn:n:1", headline, body, **fields)
    found = names_of(story, read(story), Corpus()).named
    return {one.name: one.kind for one in found}


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("防護員許淮安說，進度符合計畫。", "許淮安"),
        ("七十三歲的簡阿雪要到醫院洗腎。", "簡阿雪"),
        ("方子昂瘦了六公斤。左投方子昂今天先發。方子昂說，會回來。", "方子昂"),
        ("里長張簡文雄跳進箱涵。", "張簡文雄"),
        ("決賽對手岡本梨央叫傷停。岡本梨央說，盡力了。", "岡本梨央"),
        ("議長比令·達佑昨晚找兩黨來談，比令說不提預算。", "比令·達佑"),
        ("小組主席卡特琳·萊赫特率七名議員來訪。", "卡特琳·萊赫特"),
        ("鯤鵬第五棒馬可·韋斯特林敲出安打。", "馬可·韋斯特林"),
    ],
)
def test_a_person_is_found_in_full(sentence: str, name: str) -> None:
    people = [found for found, kind in named(sentence).items() if kind == "person"]
    assert people == [fold(name)]


@pytest.mark.parametrize(
    "sentence",
    [
        "1.2萬人開跑，選手說路線平坦。",
        "高下立判，何時能復駛，方便與否，路面結冰。",
        "蘇光橋今天動土，蘇光橋明年通車。",
        "林姓男子與張姓婦人到場，江面起風。",
    ],
)
def test_words_that_begin_like_a_name_are_no_person(sentence: str) -> None:
    assert "person" not in named(sentence).values()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("應邀出席余紀忠文教基金會主辦的研討會。", "余紀忠文教基金會"),
        ("經濟部長白承甫在議場外說，子法半年內訂完。", "經濟部"),
        ("設備承包商東瑞電力昨天開會。", "東瑞電力"),
        ("高雄市政府水利局派員會勘。", "高雄市政府水利局"),
        ("民本黨團書記長到場。", "民本黨"),
        ("主辦單位台中市政府運動局表示，名次將重算。", "台中市政府運動局"),
        ("與新創公司聲澄科技共同開發。", "聲澄科技"),
        ("資安公司奧義盾說，樣本已送驗。", "奧義盾"),
        ("女團「夏日奶昔」拆夥。", "夏日奶昔"),
        ("法官協會理事長說，筆錄是基礎。", "法官協會"),
        ("航商海島航運總經理道歉。", "海島航運"),
        ("晶拓微電子獲利，晶拓說，訂單滿到明年。", "晶拓微電子"),
        ("線西鄉慶安宮主委永福說，金牌丟了。", "慶安宮"),
        ("京都大學教授來訪。", "京都大學"),
    ],
)
def test_an_organisation_is_found_from_its_first_word_to_its_ending(
    sentence: str, name: str
) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert fold(name) in found


@pytest.mark.parametrize(
    "sentence",
    [
        "兩黨協商到半夜。",
        "第三次開標。處長說明。",
        "最高可處三萬元。",
        "知名公司裁員。",
        "他把錢轉到妻子名下公司。",
        "警方破獲盜伐集團。",
        "病歷系統不離院區。",
    ],
)
def test_what_only_ends_like_an_organisation_is_none(sentence: str) -> None:
    assert "organisation" not in named(sentence).values()


def test_a_short_form_counts_as_a_mention_and_is_no_second_name() -> None:
    text = "島嶼行動聯盟堅持四成。島盟三席立委點頭，島盟立委在表決前發言。"
    story = article("urn:n:1", "快訊", text)
    found = names_of(story, read(story), Corpus()).named
    assert [(one.name, len(one.mentions)) for one in found] == [(fold("島嶼行動聯盟"), 3)]


def test_a_team_is_a_town_and_a_nickname_in_a_report_of_a_game() -> None:
    game = "基隆海鷹先發投手完投，打線敲出全壘打。總教練說，海鷹會更好。"
    assert named(game)[fold("基隆海鷹")] == "organisation"
    assert fold("基隆海鷹") not in named("基隆海鷹飛過港口，遊客驚呼。")


def test_who_signed_the_byline_is_no_name() -> None:
    assert fold("葉靖文") not in named("葉靖文說，天氣很好。", byline="記者葉靖文／台北報導")


def test_a_name_that_articles_were_tagged_with_is_known_the_next_time() -> None:
    enrich = pipeline().enrich
    story = "曜川半導體今天公布營收，曜川半導體說，先進封裝訂單滿到後年，毛利率上升。"
    later = Article(
        uri="urn:n:9", headline="台股收漲", body_text="權值股走高，曜川漲停，曜川創新高。"
    )
    assert "曜川" not in {tag.name for tag in enrich(later).tags if tag.kind == "organisation"}
    for number in (1, 2):
        assert "曜川半導體" in tag_names(
            enrich(article(f"urn:n:{number}", "曜川半導體營收", story))
        )
    kinds = {tag.name: tag.kind for tag in enrich(later.model_copy(update={"version": 2})).tags}
    assert kinds["曜川"] == "organisation"


def test_what_bodies_of_a_town_begin_with_is_no_body() -> None:
    enrich = pipeline().enrich
    for number, body in enumerate(("瀾港大學校長李賢義說，瀾港大學招生。",) * 3):
        enrich(article(f"urn:n:{number}", "瀾港大學招生", body))
    later = enrich(article("urn:n:9", "渡輪往返瀾港", "渡輪往返瀾港與離島，瀾港居民說好。"))
    assert ("瀾港", "organisation") not in {(tag.name, tag.kind) for tag in later.tags}


def test_who_past_articles_know_as_a_firm_is_no_person() -> None:
    enrich = pipeline().enrich
    for number in range(3):
        body = "嶽晶科技今天宣布擴廠，嶽晶科技發言人說，訂單很滿。"
        enrich(article(f"urn:n:{number}", "嶽晶科技擴廠", body))
    told = "嶽晶與居民協商，嶽晶說會節水。居民要嶽晶講清楚。"
    kinds = {tag.name: tag.kind for tag in enrich(article("urn:n:9", "封裝廠喝水", told)).tags}
    assert kinds["嶽晶"] == "organisation"


def test_the_whole_and_its_part_are_one_name_and_the_part_is_no_tag() -> None:
    story = article(
        "urn:n:1", "金門水獺", "慈濟基金會土耳其聯絡處發放毛毯，慈濟基金會土耳其聯絡處長期駐守。"
    )
    found = {one.name for one in names_of(story, read(story), Corpus()).named}
    assert fold("慈濟基金會土耳其聯絡處") in found
    assert "慈濟基金會" not in tag_names(pipeline().enrich(story))


def test_a_storm_has_one_name_with_and_without_the_word() -> None:
    text = "麒麟颱風轉強，麒麟今晚登陸，外圍環流已影響屏東。"
    story = article("urn:n:1", "快訊", text)
    found = {one.name: len(one.mentions) for one in names_of(story, read(story), Corpus()).named}
    assert found[fold("麒麟颱風")] == 2


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("老顧客陳怡君、林承恩與許雅婷都到場。", "林承恩"),
        ("那一晚黃俊傑沒有回家，黃俊傑的車停在橋邊。", "黃俊傑"),
        ("前工程師葉宗諺開發的工具上線。", "葉宗諺"),
        ("基隆海鷹王牌林子偉先發。", "林子偉"),
    ],
)
def test_a_given_name_tells_a_person_where_no_office_does(sentence: str, name: str) -> None:
    people = [found for found, kind in named(sentence).items() if kind == "person"]
    assert fold(name) in people


@pytest.mark.parametrize(
    "sentence",
    ["學生戴口罩上課。", "陳姓男子與施姓婦人到場。", "警方查紀錄，再查紀錄。"],
)
def test_a_family_name_before_a_common_word_is_no_person(sentence: str) -> None:
    assert "person" not in named(sentence).values()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("他在洪雅印刷廠當學徒。", "洪雅印刷廠"),
        ("系統由沛星互動開發。", "沛星互動"),
        ("達卡努瓦部落會議主席林明德回憶。", "達卡努瓦部落會議"),
    ],
)
def test_an_organisation_is_told_by_its_place_in_the_sentence(sentence: str, name: str) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert fold(name) in found


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("立和國小全校五十人。", "立和國小"),
        ("擦挫傷的人送順盛醫院治療。", "順盛醫院"),
        ("主持人、立和大學教授白承甫到場。", "立和大學"),
        ("山海影視董事長林明說，影集開拍。", "山海影視"),
        ("掌舵曜川半導體十九年。", "曜川半導體"),
        ("航商紅石航運昨天道歉。", "紅石航運"),
    ],
)
def test_a_firm_may_be_called_by_any_words(sentence: str, name: str) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert found == [fold(name)]


@pytest.mark.parametrize(
    "sentence", ["路邊停三輛機車。", "他們用難燃材料。", "今年創下銀行紀錄。", "還請國際協助。"]
)
def test_ordinary_words_before_a_trade_are_no_firm(sentence: str) -> None:
    assert "organisation" not in named(sentence).values()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("美國國防部長赫格塞斯抵達。", "赫格塞斯"),
        ("俄羅斯總理米舒斯京說，談判繼續。", "米舒斯京"),
        ("帕妮塔宣布勝選。帕妮塔說，感謝選民。", "帕妮塔"),
        ("冠軍由周澤成奪下。", "周澤成"),
    ],
)
def test_a_foreign_name_is_told_by_its_sound_and_a_native_one_by_its_place(
    sentence: str, name: str
) -> None:
    people = [found for found, kind in named(sentence).items() if kind == "person"]
    assert people == [fold(name)]


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("全國家長協力聯盟理事長說，課綱要改。", "全國家長協力聯盟"),
        ("台灣媽媽監督核電廠聯盟發言人說。", "台灣媽媽監督核電廠聯盟"),
        ("台灣高等法院台中分院改判。", "台灣高等法院台中分院"),
        ("日本氣象廳發布警報。", "日本氣象廳"),
        ("Pinkoi表示，營收成長。", "pinkoi"),
        ("KKday執行長陳明德說，旅客回來了。", "kkday"),
    ],
)
def test_a_body_is_found_with_what_it_is_about_and_where(sentence: str, name: str) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert fold(name) in found


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("雲樹智慧執行長江以恆說，平台上線。", "雲樹智慧"),
        ("出版社「木紋」推出新書。", "木紋"),
        ("台灣區蔬菜輸出業同業公會理事長說。", "台灣區蔬菜輸出業同業公會"),
        ("福德宮廟方表示，香客回來了。", "福德宮"),
    ],
)
def test_a_body_is_told_by_what_stands_beside_it(sentence: str, name: str) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert fold(name) in found


@pytest.mark.parametrize(
    "sentence", ["「風城騎」去年虧損五千萬。", "由「落日飛碟」的團長米奇代打。"]
)
def test_a_quoted_name_that_does_business_or_has_a_head_is_a_body(sentence: str) -> None:
    assert "organisation" in named(sentence).values()


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("協辦的好丘教育基金會到場。", "好丘教育基金會"),
        ("他任職於群峰會計師事務所。", "群峰會計師事務所"),
        ("負責施工的長泰營造派出兩部吊車。", "長泰營造"),
        ("業主宏達建設尚未回應。", "宏達建設"),
        ("清水祖師廟主委說，香客多。", "清水祖師廟"),
        ("隔壁的阿珠麵店也停業。", "阿珠麵店"),
    ],
)
def test_a_firm_is_found_behind_what_is_said_of_it(sentence: str, name: str) -> None:
    found = [one for one, kind in named(sentence).items() if kind == "organisation"]
    assert fold(name) in found


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("領隊穆罕默德則坦言，球隊累了。", "穆罕默德"),
        ("湯普森說，他會回來。", "湯普森"),
        ("創辦人桑切斯・古騰堡在直播中道歉。", "桑切斯・古騰堡"),
        ("教練井上直樹是兩屆奧運國手。", "井上直樹"),
        ("市長鍾芬中午在市府說明。", "鍾芬"),
        ("送走洋將強森換來後衛。", "強森"),
    ],
)
def test_names_of_other_languages_and_short_ones_are_found_in_full(
    sentence: str, name: str
) -> None:
    people = [found for found, kind in named(sentence).items() if kind == "person"]
    assert people == [fold(name)]
