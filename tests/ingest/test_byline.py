"""Who wrote it, as newspapers print it."""

import pytest

from services.ingest.byline import authors_of, is_byline, split_byline

BYLINES = [
    ("記者王小明／台北報導", ["王小明"]),
    ("記者 張○○ 整理報導", ["張○○"]),
    ("港都日常 記者 范○瑄 整理報導", ["范○瑄"]),
    ("〔記者李大華、陳美玉／高雄報導〕", ["李大華", "陳美玉"]),
    ("【記者黃大明台北訊】", ["黃大明"]),
    ("（聯合晨訊社記者林志豪台中23日電）", ["林志豪"]),
    ("記者張雅婷、實習記者李小華／台中報導", ["張雅婷", "李小華"]),
    ("特派記者歐陽明德／東京報導", ["歐陽明德"]),
    ("記者林和生與陳美玉／花蓮報導", ["林和生", "陳美玉"]),
    ("記者王小明台北報導", ["王小明"]),
    ("編譯陳韋廷／綜合外電", ["陳韋廷"]),
    ("本报记者 周启明 滨江报道", ["周启明"]),
    ("晨訊社記者邱子晴瀾港電", ["邱子晴"]),
    ("記者 王小明 金山報導", ["王小明"]),
    ("作者：周書宇", ["周書宇"]),
    ("文／林佳蓉 攝影／陳大同", ["林佳蓉"]),
    ("文・佐藤花子", ["佐藤花子"]),
    ("By Jane Roe and John Doe", ["Jane Roe", "John Doe"]),
    ("By Jane Roe, Harbour News", ["Jane Roe"]),
]

NO_BYLINES = [
    "記者會今天登場",
    "記者節是九月一日",
    "記者綜合外電報導",
    "記者在現場看到民眾排隊",
    "記者王小明問：「為什麼？」",
    "文化局公布補助名單",
    "作者不詳的老照片重見天日",
    "By the river they sat down and wept",
    "",
]


@pytest.mark.parametrize(("byline", "names"), BYLINES)
def test_a_byline_names_its_authors_in_order(byline: str, names: list[str]) -> None:
    assert [author.name for author in authors_of(byline)] == names


@pytest.mark.parametrize("byline", [byline for byline, _ in BYLINES])
def test_a_line_that_is_a_byline_is_known_as_one(byline: str) -> None:
    assert is_byline(byline)


@pytest.mark.parametrize("line", NO_BYLINES)
def test_a_line_about_reporters_is_no_byline(line: str) -> None:
    assert not is_byline(line)


def test_a_byline_that_opens_a_paragraph_is_parted_from_it() -> None:
    assert split_byline("〔記者葉信宏／南灣報導〕步道昨天通車。") == (
        "記者葉信宏／南灣報導",
        "步道昨天通車。",
    )


def test_a_paragraph_that_opens_with_other_brackets_stays_whole() -> None:
    paragraph = "「記者王小明／台北報導」這行字，他寫了三十年。"

    assert split_byline(paragraph) == ("", paragraph)
    assert split_byline("（圖文無關）步道通車。") == ("", "（圖文無關）步道通車。")
