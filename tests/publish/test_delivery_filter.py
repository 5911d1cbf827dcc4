"""Which articles a destination wants, and how a person writes that down."""

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from services.publish.delivery.filter import Choice, Filter, matches
from shared.article import Article, Tag
from shared.errors import Misconfigured

ARTICLE = Article(
    uri="tag:example.tw,2026:typhoon",
    headline="輕颱接近　台東縣明天停班停課",
    description="氣象署說，風雨下半天最大。",
    body_text="記者從臺東報導。\nThe AIT office in Taitung is closed, WHO said.",
    section="生活",
    source="Example News",
    language="zh-Hant-TW",
    urgency=3,
    tags=(Tag(name="颱風"), Tag(name="臺東縣"), Tag(name="COVID-19")),
)
words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
choices = st.builds(
    Choice, include=st.lists(words, max_size=3), exclude=st.lists(words, max_size=3)
)
filters = st.builds(
    Filter,
    sections=choices,
    tags=choices,
    languages=choices,
    sources=choices,
    keywords=choices,
    max_urgency=st.none() | st.integers(1, 9),
)


def wanted(expression: str, article: Article = ARTICLE) -> bool:
    return matches(Filter.parse(expression), article)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "section:生活",
        "section:運動,生活",
        "section：運動、生活",
        "tag:台東縣",
        "tag:臺東縣 -tag:廣編",
        "tag:covid-19",
        "tag:ＣＯＶＩＤ－１９",
        "lang:zh",
        "lang:zh-Hant",
        "lang:zh-TW",
        "lang:ZH-hant-tw",
        'source:"example  news"',
        "urgency:<=3",
        "urgency:≤9",
        "keyword:台東 keyword:地震",
        "keyword:臺東",
        "keyword:ait",
        "keyword:風雨",
        "-keyword:地震",
        "section:生活 -tag:廣編 urgency:<=3 lang:zh-Hant keyword:輕颱",
    ],
)
def test_the_article_is_wanted(expression: str) -> None:
    assert wanted(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "section:運動",
        "section:生",
        "-section:生活",
        "section:生活 -tag:颱風",
        "tag:颱風 section:運動",
        "tag:颱",
        "lang:zh-Hans",
        "lang:zh-HK",
        "lang:z",
        "-lang:zh",
        "source:Example",
        "urgency:<=2",
        "keyword:地震",
        "keyword:AI",
        "keyword:taitun",
        "-keyword:台東",
    ],
)
def test_the_article_is_not_wanted(expression: str) -> None:
    assert not wanted(expression)


def test_a_region_says_its_script_without_writing_it() -> None:
    taiwan, china = (
        ARTICLE.model_copy(update={"language": language}) for language in ("zh-TW", "zh-CN")
    )
    assert wanted("lang:zh-Hant", taiwan)
    assert wanted("lang:zh-Hans", china)
    assert not wanted("lang:zh-Hant", china)


def test_an_article_of_unknown_language_section_or_source_is_in_none_of_those_named() -> None:
    bare = Article(uri="tag:a", headline="快訊")
    assert not any(map(wanted, ("lang:zh", "section:生活", "source:a"), [bare] * 3))
    assert all(map(wanted, ("-lang:zh", "-section:生活", "-source:a"), [bare] * 3))


@given(filters)
def test_what_is_written_is_read_back(wishes: Filter) -> None:
    assert Filter.parse(str(wishes)) == wishes


@given(filters)
def test_what_is_stored_is_read_back(wishes: Filter) -> None:
    assert Filter.model_validate_json(wishes.model_dump_json()) == wishes


@given(st.text(st.sampled_from('ab-:,"\\ <=3運urgencytagsection，　\n'), max_size=30))
def test_any_expression_is_read_or_refused_with_a_reason(expression: str) -> None:
    try:
        wishes = Filter.parse(expression)
    except Misconfigured as error:
        assert str(error).startswith("filter: ")  # noqa: PT017  # both ends are right here
    else:
        assert Filter.parse(str(wishes)) == wishes


@given(filters)
def test_an_exclusion_never_lets_more_through(wishes: Filter) -> None:
    stricter = wishes.model_copy(update={"tags": Choice(exclude=(*wishes.tags.exclude, "颱風"))})
    assert not matches(stricter, ARTICLE)


def test_settings_may_hold_an_expression() -> None:
    assert Filter.model_validate("tag:颱風") == Filter(tags=Choice(include=("颱風",)))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("city:台東", "no field 'city'"),
        ("section:", "cannot read 'section:'"),
        ("section:生活 運動", "cannot read '運動'"),
        ('tag:"颱風', "cannot read"),
        ('tag:""', "must not be empty"),
        ("urgency:3", "write urgency:<=3"),
        ("urgency:<=0", "write urgency:<=3"),
        ("-urgency:<=3", "write urgency:<=3"),
    ],
)
def test_a_wrong_expression_is_refused_by_saying_what_is_wrong(
    expression: str, reason: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        Filter.parse(expression)
    assert reason in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_an_unknown_field_of_a_stored_filter_is_refused() -> None:
    with pytest.raises(ValidationError):
        Filter.model_validate({"sektion": {"include": ["生活"]}})
