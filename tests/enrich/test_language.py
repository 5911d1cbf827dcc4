"""The language of a story, when the newsroom did not say."""

import pytest

from tests.enrich.samples import (
    ENGLISH,
    HARBOUR,
    JAPANESE,
    KOREAN,
    SIMPLIFIED,
    article,
    pipeline,
)

FRENCH = "Le gouvernement a annoncé lundi un nouveau plan pour les transports publics."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (HARBOUR, "zh-Hant"),
        (SIMPLIFIED, "zh-Hans"),
        (JAPANESE, "ja"),
        (KOREAN, "ko"),
        (ENGLISH, "en"),
        (FRENCH, "fr"),
    ],
)
def test_the_text_tells_its_language(text: str, language: str) -> None:
    assert pipeline().enrich(article("urn:n:1", text[:20], text)).language == language


def test_chinese_full_of_latin_names_is_still_chinese() -> None:
    text = "NVIDIA與AMD較勁，Blackwell、Instinct兩大平台在COMPUTEX同台，臺灣供應鏈受惠。"
    assert pipeline().enrich(article("urn:n:1", text)).language == "zh-Hant"


def test_writing_common_to_both_scripts_is_taken_for_traditional() -> None:
    assert pipeline().enrich(article("urn:n:1", "大雨")).language == "zh-Hant"


def test_the_newsrooms_word_stands() -> None:
    enriched = pipeline().enrich(article("urn:n:1", "大雨", HARBOUR, language="yue-Hant"))
    assert enriched.language == "yue-Hant"


@pytest.mark.parametrize("headline", ["12345", "！！！", "🎉🎉"])
def test_a_text_without_letters_has_no_language(headline: str) -> None:
    assert pipeline().enrich(article("urn:n:1", headline)).language is None
