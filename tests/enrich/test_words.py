"""Words: cut in any script, folded for comparing, shown as written."""

import numpy as np
from hypothesis import given, settings, strategies as st

from services.enrich.folding import fold, key
from services.enrich.grams import grams_of
from services.enrich.words import MAX_CHARS, Text, cut, hashes_of, read
from tests.enrich.samples import HARBOUR, article

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
NEWS_TEXT = st.text("臺灣高鐵市長林靜宜出席 AI Huang，。「」123のト가", max_size=120)


def words_of(text: str) -> list[str]:
    return [word for _, word in cut(text)]


def test_traditional_text_is_cut_like_its_simplified_twin() -> None:
    traditional = words_of("臺灣高鐵公司今天宣布，乾旱期間調整班次")
    assert traditional == ["臺灣高鐵", "公司", "今天", "宣布", "乾旱", "期間", "調整", "班次"]
    simplified = words_of("台湾高铁公司今天宣布，乾旱期间调整班次")
    assert [len(word) for word in simplified] == [len(word) for word in traditional]


def test_latin_words_katakana_and_hangul_are_not_taken_apart() -> None:
    assert words_of("Jensen Huang談GPT-4o與C++") == ["Jensen", "Huang", "談", "GPT-4o", "與", "C++"]
    assert words_of("トヨタ自動車は発表") == ["トヨタ", "自動車", "は", "発表"]
    assert words_of("삼성전자 공장") == ["삼성전자", "공장"]


@settings(deadline=None)
@given(st.one_of(ANY_TEXT, NEWS_TEXT))
def test_every_word_stands_in_the_text_at_its_offset(text: str) -> None:
    end = 0
    for at, word in cut(text):
        assert word
        assert text[at : at + len(word)] == word
        assert at >= end
        end = at + len(word)


@settings(deadline=None)
@given(ANY_TEXT)
def test_folding_never_changes_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_names_of_one_thing_share_a_key() -> None:
    assert key("臺北市") == key("台北市") == key("台北") == key("北市")
    assert key("ＡＩ") == key("ai") == key("人工智慧")
    assert key("林静宜") == key("林靜宜")
    assert key("新竹市") != key("新竹縣")


@settings(deadline=None)
@given(NEWS_TEXT, st.data())
def test_equal_slices_have_equal_numbers_wherever_they_stand(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    number = Text(text).hashes(np.array([start]), np.array([end]))
    assert number == hashes_of([text[start:end]])


def test_runs_of_words_never_cross_a_mark_nor_hold_a_function_word() -> None:
    text = Text("智慧城市，林靜宜的願景 Jensen Huang")
    grams = grams_of(text)
    runs = {text.surface[s:e] for s, e in zip(grams.starts, grams.ends, strict=True)}
    assert {"智慧城市", "林靜宜", "願景", "Jensen Huang"} <= runs
    assert not any(set(run) & set("，的") for run in runs)
    assert "願景 Jensen" not in runs


def test_a_very_long_text_is_read_from_its_beginning() -> None:
    long = article("urn:n:1", "標題", "港口" * MAX_CHARS)
    assert len(read(long).surface) == len("標題\n") + MAX_CHARS


def test_the_headline_counts_twice_in_what_is_searched_by() -> None:
    terms, counts = read(article("urn:n:1", "貨櫃中心", HARBOUR)).terms
    harbour = counts[list(terms).index(hashes_of([fold("貨櫃")])[0])]
    in_body = HARBOUR.count("貨櫃")
    assert harbour >= 2 + in_body
