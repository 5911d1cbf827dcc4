"""The one wash at the door."""

import re
from typing import get_args

import pytest
from hypothesis import example, given, settings, strategies as st
from lxml import html as lxml_html
from pydantic import BaseModel

from services.ingest.clean import BODIES, LINES, PROSE, clean
from services.ingest.markup import ATTRIBUTES, MAX_TAGS, REL, TAGS
from shared.article import (
    MAX_BODY_CHARS,
    Article,
    Author,
    Correction,
    Image,
    Link,
    RelatedLink,
    Subject,
    Tag,
)
from shared.errors import InvalidArticle

VERBATIM = {"uri", "url", "evolved_from", "story", "duplicate_of", "language"}
"""Fields whose pattern leaves nothing to wash."""
CHOSEN = {"pubstatus", "kind", "creator"}

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://x.example/a.png' onload=alert(1) style=color:red>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<template><script>alert(1)</script></template>",
    "<form action='javascript:alert(1)'><button>x</button></form>",
    "<p style='background:url(javascript:alert(1))' class=x id=y>z</p>",
    "<!--><script>alert(1)</script-->",
    "<p title='>\u0338<script>'>&#x338;</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<plaintext><script>alert(1)",
    "<H1 onclick=x>標題</H1 >",
]
PIECES = st.sampled_from(
    ["<p>", "</p>", "<h1>", "</h1>", "<table>", "<tr>", "<td>", "<svg>", "<math>", "<style>", "<b>"]
) | st.sampled_from(
    ["<i lang=x>", "</b>", "<pre>", "\n", "<select>", "<textarea>", "<ruby>", "<rt>", "<!--", "-->"]
)
MORE_PIECES = st.sampled_from(
    ["<li>", "<figure>", "<figcaption>", "<plaintext>", "<img src=a>", "<a href=' x'>", "\u202e"]
) | st.sampled_from(
    ["<a href='https://x.example/'>", "&#x338;", "\u0338", "&amp;lt;", "&#8;", "&#13;"]
)
MARKUP = st.lists(PIECES | MORE_PIECES | st.text(max_size=5), max_size=12).map("".join)
TEXT = st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=60)


def article(**fields: object) -> Article:
    return Article.model_validate({"uri": "urn:x:1", "headline": "標題", **fields})


def nodes_of(html: str) -> list[tuple[str, set[str]]]:
    parsed = lxml_html.fragment_fromstring(html, create_parent="body")
    return [
        (str(node.tag), {str(name) for name in node.attrib}) for node in parsed.iterdescendants()
    ]


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_but_the_allowlist_survives_in_a_body(html: str) -> None:
    cleaned = clean(article(body_html=f"<p>前</p>{html}<p>後</p>")).body_html

    for tag, attributes in nodes_of(cleaned):
        assert tag in TAGS
        assert attributes <= ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | {"rel"}
    assert not re.search(r"(?:href|src)=\"(?!https?://|mailto:)", cleaned)


@given(html=MARKUP.map(lambda text: text.replace("\0", "")), line=TEXT, byline=TEXT)
@settings(max_examples=300, deadline=None)
def test_washing_twice_changes_nothing(html: str, line: str, byline: str) -> None:
    once = clean(article(body_html=html, subtitle=line, byline=byline, ednote=line))

    assert clean(once) == once


@given(text=TEXT)
def test_plain_text_becomes_paragraphs_and_is_never_markup(text: str) -> None:
    cleaned = clean(article(body_text=f"<b>{text}"))

    assert {tag for tag, _ in nodes_of(cleaned.body_html or "<p></p>")} <= {"p"}


@given(line=TEXT)
@example(line="\u2000報導\u2003")
def test_a_line_is_one_line_and_harmless_in_a_terminal(line: str) -> None:
    cleaned = clean(article(subtitle=line)).subtitle

    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", cleaned)
    assert cleaned == cleaned.strip()


def test_letters_are_composed_and_blanks_made_one_but_the_wide_space_stays() -> None:
    cleaned = clean(article(headline=" e\u0301lite \n\t市長　宣布 \u3000"))

    assert cleaned.headline == "élite 市長　宣布"


def test_a_first_heading_becomes_a_second() -> None:
    assert clean(article(body_html="<h1 class=x>段</h1><h1/>")).body_html == "<h2>段</h2><h2></h2>"


def test_links_keep_only_absolute_addresses_and_promise_nothing() -> None:
    cleaned = clean(article(body_html='<a href="https://x.example/甲">甲</a><a href="/b">乙</a>'))

    assert cleaned.body_html == (
        f'<a href="https://x.example/甲" rel="{REL}">甲</a><a rel="{REL}">乙</a>'
    )


def test_a_picture_without_an_address_is_left_out() -> None:
    cleaned = clean(article(body_html='<p>甲<img src="/a.png" alt="乙>">丙</p>'))

    assert cleaned.body_html == "<p>甲丙</p>"


def test_the_plain_text_is_the_running_text_without_captions_and_glosses() -> None:
    html = (
        "<h2>小標</h2><p>第一<br>第二 &amp; <b>三</b></p>"
        "<figure><img src='https://x.example/a.png'><figcaption>（圖／市府）</figcaption></figure>"
        "<p><ruby>漢字<rp>（</rp><rt>かんじ</rt><rp>）</rp></ruby></p>"
        "<table><tr><td>甲</td><td>乙</td></tr></table>"
    )

    assert clean(article(body_html=html)).body_text == "小標\n第一\n第二 & 三\n漢字\n甲 乙"


def test_the_plain_text_follows_the_markup_whatever_the_sender_wrote() -> None:
    assert clean(article(body_html="<p>真</p>", body_text="假")).body_text == "真"


def test_a_body_of_plain_text_becomes_escaped_paragraphs() -> None:
    cleaned = clean(article(body_text="一 < 二\r\n\r\n三 & 四"))

    assert cleaned.body_html == "<p>一 &lt; 二</p><p>三 &amp; 四</p>"
    assert cleaned.body_text == "一 < 二\n三 & 四"


def test_authors_come_from_the_byline_when_nobody_named_them() -> None:
    derived = clean(article(byline="記者王小明／台北報導"))
    named = clean(article(byline="記者王小明／台北報導", authors=(Author(name="李大華"),)))

    assert [author.name for author in derived.authors] == ["王小明"]
    assert [author.name for author in named.authors] == ["李大華"]


def test_a_tag_of_nothing_but_controls_is_no_tag() -> None:
    assert clean(article(tags=(Tag(name="\x07\u202e"), Tag(name="水")))).tags == (Tag(name="水"),)


def test_a_headline_of_nothing_but_controls_is_refused_by_name() -> None:
    with pytest.raises(InvalidArticle) as caught:
        clean(article(headline="\u202e\x07"))

    assert [fault.field for fault in caught.value.fields] == ["headline"]


@pytest.mark.parametrize(
    "body",
    [
        "<b>" * (MAX_TAGS + 1),
        "<p>" * MAX_TAGS,
        "&" * MAX_BODY_CHARS,
        "<p>" + "&" * 9_000 + "字" * 490_000,
    ],
    ids=["tags", "tags that close themselves", "ampersands", "grows over the limit"],
)
def test_a_body_that_costs_too_much_is_refused_by_name(body: str) -> None:
    with pytest.raises(InvalidArticle) as caught:
        clean(article(body_html=body))

    assert [fault.field for fault in caught.value.fields] == ["body_html"]


def test_unclosed_formatting_is_not_multiplied_by_the_paragraphs_after_it() -> None:
    opened = "".join(f"<b lang=a{number}>" for number in range(100))

    assert (
        clean(article(body_html=f"<p>{opened}</p>{'<p>x' * 300}")).body_html.count("<b>") == 1_000
    )


@pytest.mark.parametrize(
    "part", [Article, Author, Image, Tag, Subject, RelatedLink, Link, Correction]
)
def test_every_text_field_of_the_model_is_washed_or_has_nothing_to_wash(
    part: type[BaseModel],
) -> None:
    texts = {
        name
        for name, field in part.model_fields.items()
        if field.annotation is str or str in get_args(field.annotation)
    }

    assert texts <= LINES | PROSE | BODIES | VERBATIM | CHOSEN
