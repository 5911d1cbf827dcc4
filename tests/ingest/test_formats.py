"""What bytes mean: every sample of every format, and what no format may ever do."""

import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import TypeAdapter

from services.ingest.formats import article_json, ninjs, page_text
from services.ingest.reading import FORMATS, HEAD_BYTES, read
from shared.article import Article
from shared.errors import InvalidArticle

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples"
SUITE = ROOT.parent / "shared" / "data" / "JSONTestSuite" / "test_parsing"
PAGE = ROOT.parent / "shared" / "reference" / "article-page.txt"
ARTICLES = TypeAdapter(list[Article])

EXPECTED = sorted(SAMPLES.glob("*/*.expected.json"))
formats = pytest.mark.parametrize("plug", FORMATS.values(), ids=FORMATS)


def sample_of(expected: Path) -> Path:
    case = expected.name.removesuffix(".expected.json")
    return next(path for path in expected.parent.glob(f"{case}.*") if path != expected)


def fields_of(plug: ModuleType, body: bytes) -> set[str]:
    with pytest.raises(InvalidArticle) as caught:
        plug.parse(body)
    return {fault.field for fault in caught.value.fields}


def parses_or_refuses(plug: ModuleType, body: bytes) -> bool:
    try:
        articles = plug.parse(body)
    except InvalidArticle as error:
        return len(error.fields) > 0 and all(fault.field for fault in error.fields)
    return len(articles) > 0 and all(isinstance(article, Article) for article in articles)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_means_exactly_what_stands_beside_it(expected: Path) -> None:
    articles = FORMATS[expected.parent.name].parse(sample_of(expected).read_bytes())

    assert articles == ARTICLES.validate_json(expected.read_bytes())


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_is_told_by_a_look_when_the_sender_does_not_say(expected: Path) -> None:
    body = sample_of(expected).read_bytes()

    assert read(body) == FORMATS[expected.parent.name].parse(body)


@formats
def test_every_format_has_samples_and_the_three_parts_of_a_format(plug: ModuleType) -> None:
    name = plug.__name__.rpartition(".")[2]

    assert list((SAMPLES / name).glob("*.expected.json"))
    assert all("/" in media_type for media_type in plug.MEDIA_TYPES)
    assert plug.looks_like(b"") is False
    assert plug.__doc__


@formats
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_a_format_fail_in_another_way_than_invalid_article(
    plug: ModuleType, body: bytes
) -> None:
    assert isinstance(plug.looks_like(body[:HEAD_BYTES]), bool)
    assert parses_or_refuses(plug, body)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_cut_short_is_read_or_refused(expected: Path) -> None:
    body = sample_of(expected).read_bytes()
    plug = FORMATS[expected.parent.name]

    assert all(parses_or_refuses(plug, body[:cut]) for cut in range(0, len(body), 37))


@pytest.mark.parametrize("plug", [article_json, ninjs], ids=["article_json", "ninjs"])
@pytest.mark.skipif(not SUITE.exists(), reason="JSONTestSuite is not beside the repository")
def test_the_whole_json_test_suite_ends_in_articles_or_invalid_article(plug: ModuleType) -> None:
    cases = sorted(SUITE.glob("*.json"))

    assert len(cases) == 318
    assert all(parses_or_refuses(plug, case.read_bytes()) for case in cases)


@pytest.mark.parametrize(
    "body",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"a":"' + '\\"' * 100_000,
        "標題\n" + "9" * 300_000,
        "延伸閱讀" + " " * 300_000 + "文\n2024/1/1" + " " * 300_000 + "字",
        "A " * 150_000,
        "字\n" * 200_000,
    ],
    ids=lambda body: body[:6],
)
@formats
def test_a_hostile_body_is_judged_in_bounded_time(plug: ModuleType, body: str) -> None:
    assert parses_or_refuses(plug, body.encode())


def test_every_bad_field_is_named_not_only_the_first() -> None:
    body = {"headline": " ", "urgency": 12, "tags": [{"name": ""}], "embargoed": "2026-01-01"}

    assert fields_of(article_json, json.dumps(body).encode()) == {
        "uri",
        "headline",
        "urgency",
        "tags.0.name",
        "embargoed",
    }


def test_a_bad_article_in_a_batch_is_named_with_its_place() -> None:
    body = {"articles": [{"uri": "urn:x:1", "headline": "好"}, {"uri": "urn:x:2"}]}

    assert fields_of(article_json, json.dumps(body).encode()) == {"articles.1.headline"}


def test_half_a_character_is_refused_by_the_name_of_its_field() -> None:
    body = b'{"uri":"urn:x:1","headline":"h","images":[{"caption":"\\ud83d"}]}'

    assert fields_of(article_json, body) == {"images.0.caption"}


def test_a_nul_is_refused_by_the_name_of_its_field() -> None:
    assert fields_of(article_json, b'{"uri":"urn:x:1","headline":"h\\u0000"}') == {"headline"}
    assert fields_of(ninjs, b'{"uri":"urn:x:1","headlines":[{"value":"\\u0000"}]}') == {
        "headlines.0.value"
    }
    assert fields_of(page_text, "標題\0標題\n內文在此。".encode()) == {"headline"}


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    body = f'{{"uri":"urn:x:1","headline":"h","tags":[{{"name":"a","score":{number}}}]}}'

    assert fields_of(article_json, body.encode()) <= {"body", "tags.0.score"}


def test_a_byte_order_mark_is_no_fault() -> None:
    body = b'{"uri":"urn:x:1","headline":"h"}'

    assert article_json.parse(b"\xef\xbb\xbf" + body) == article_json.parse(body)


def test_depth_is_counted_outside_of_text_only() -> None:
    deep = {"uri": "urn:x:1", "headline": "[" * 100}

    assert article_json.parse(json.dumps(deep).encode())[0].headline == "[" * 100


def test_the_name_wins_then_the_media_type_then_a_look() -> None:
    body = (SAMPLES / "ninjs" / "version_3.json").read_bytes()
    [article] = read(body, format="ninjs", media_type="text/plain")

    assert read(body, media_type="application/json; charset=utf-8") == [article]
    assert read(body) == [article]


def test_what_nobody_knows_is_answered_with_the_known_formats() -> None:
    with pytest.raises(InvalidArticle, match="article_json, ninjs") as caught:
        read(b"\x00\x01\x02")

    assert [fault.field for fault in caught.value.fields] == ["format"]


def test_an_unknown_format_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidArticle, match="page_text"):
        read(b"{}", format="fax")


def test_the_same_page_sent_twice_is_the_same_article() -> None:
    page = (SAMPLES / "page_text" / "english.txt").read_bytes()
    retyped = page.replace(b"It was like dentistry", b"It was like watchmaking")

    [first], [second] = page_text.parse(page), page_text.parse(retyped)
    assert first.uri == second.uri
    assert first.body_html != second.body_html


def test_a_day_that_never_was_is_refused_by_name() -> None:
    assert fields_of(page_text, "標題標題標題\n發布日期:13/32/2024\n內文在此。".encode()) == {
        "date_published"
    }


@pytest.mark.skipif(not PAGE.exists(), reason="the reference page is not beside the repository")
def test_the_reference_page_of_a_taiwanese_newspaper_is_read_whole() -> None:
    [article] = page_text.parse(PAGE.read_bytes())
    printed = [line.strip() for line in PAGE.read_text("utf-8").splitlines() if line.strip()]

    assert (article.section, article.headline, article.byline) == (printed[0], *printed[3:7:3])
    assert [len(author.name) for author in article.authors] == [3]
    assert article.authors[0].name in printed[6]
    assert str(article.date_published) == "2024-11-24 00:00:00+08:00"
    assert [article.body_html.count(f"<{tag}>") for tag in ("h2", "figure", "p")] == [5, 4, 18]
    assert [image.role for image in article.images] == ["lead", "body", "body", "body", "body"]
    assert len(article.related) == 10
    assert all(stub.excerpt and stub.date_published for stub in article.related)
    assert not any(word in article.body_html for word in ("粉絲專頁", "按讚", "🎉", "A- A"))
