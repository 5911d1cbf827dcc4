"""No tag is a piece of something longer, whatever kind of candidate it is."""

import pytest

from tests.enrich.samples import article, pipeline, tag_names


def tags_of(headline: str, body: str) -> list[str]:
    return tag_names(pipeline().enrich(article("urn:n:1", headline, body)))


@pytest.mark.parametrize(
    ("headline", "body", "piece"),
    [
        (
            "紅雀奪冠",
            "紅雀隊奪冠。中華民國排球協會說，紅雀隊明年出國比賽，排球協會補助機票。",
            "排球",
        ),
        (
            "老工程師捐出首片晶圓",
            "老工程師捐出首片晶圓，首片晶圓將在博物館展出，首片晶圓是三吋的。",
            "片晶圓",
        ),
        (
            "六龜山區傳盜伐",
            "六龜山區傳盜伐，警方逮捕五人，起出樹瘤與空拍機。",
            "龜山區",
        ),
        (
            "急診夜班將關閉",
            "衛生福利部恆春旅遊醫院將關閉急診夜班，居民要多開一小時的車。",
            "衛生福利部",
        ),
        (
            "公學校日誌公開",
            "公學校日誌公開，研究員花三年整理，公學校日誌共有兩百冊。",
            "學校日誌",
        ),
        (
            "基隆海鷹贏球",
            "基隆海鷹王牌今天先發，基隆海鷹打線敲出全壘打，總教練說，海鷹會更好。",
            "隆海鷹",
        ),
    ],
)
def test_a_piece_is_no_tag(headline: str, body: str, piece: str) -> None:
    found = tags_of(headline, body)
    assert found
    assert piece not in found


def test_a_topic_of_the_headline_is_no_piece_though_a_name_holds_it() -> None:
    body = "花蓮外海今早發生地震，民眾說地震很久。氣象署地震測報中心說，地震深度二十公里。"
    assert "地震" in tags_of("花蓮地震 全台有感", body)


def test_an_agency_that_is_spoken_of_by_itself_is_no_piece() -> None:
    body = "衛生福利部今天宣布補助。衛生福利部恆春旅遊醫院將關閉急診夜班，衛生福利部說會協助。"
    assert "衛生福利部" in tags_of("衛生福利部補助急診", body)
