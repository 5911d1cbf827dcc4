"""A story as ninjs 3.1: only what the standard has words for, and nothing for editors."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from services.ingest.formats import ninjs as door
from services.publish import ninjs
from services.publish.live import Card, LiveArticle, Tombstone
from shared.article import Article, Author, Correction, Image, Subject, Tag
from tests.publish.stories import MORNING, SITE, live

# Closed objects of ninjs-schema_3.1.json, as far as we write them: name -> what its value is.
TEXT, TIME, WHOLE = "text", "time", "whole"
LINE = {"role": TEXT, "contentType": TEXT, "value": TEXT}
BODY = {**LINE, "charCount": WHOLE, "wordCount": WHOLE}
NAMED = {"name": TEXT, "rel": TEXT, "uri": TEXT, "literal": TEXT}
SUBJECT = {**NAMED, "creator": TEXT, "relevance": WHOLE, "confidence": WHOLE}
SOURCE = {"name": TEXT, "role": TEXT, "uri": TEXT, "literal": TEXT}
FILE = {"name": TEXT, "href": TEXT, "contentType": TEXT, "width": WHOLE, "height": WHOLE}
OBJECT: dict[str, Any] = {
    "standard": {"name": TEXT, "version": TEXT, "schema": TEXT},
    **dict.fromkeys(("uri", "type", "version", "pubStatus", "language", "by"), TEXT),
    **dict.fromkeys(("firstCreated", "versionCreated", "contentCreated", "expires"), TIME),
    "copyrightNotice": TEXT,
    "urgency": WHOLE,
    "headlines": [LINE],
    "descriptions": [LINE],
    "bodies": [BODY],
    "infoSources": [SOURCE],
    "people": [NAMED],
    "organisations": [NAMED],
    "places": [NAMED],
    "subjects": [SUBJECT],
    "renditions": [FILE],
}
OBJECT["associations"] = [{**OBJECT, "name": TEXT, "rel": TEXT}]

FULL = live(
    version=3,
    description="步道全長八公里。",
    source="市府新聞稿",
    copyright="© 2026 島嶼日報",
    urgency=3,
    ednote="記者電話 0900",
    authors=(Author(name="林小雨", url="https://daily.example/staff/lin"), Author(name="王大明")),
    tags=(
        Tag(name="河岸步道", score=0.456, creator="wiredesk", evidence="標題"),
        Tag(name="李宗翰", kind="person"),
        Tag(name="台北市政府", kind="organisation"),
        Tag(name="台北", kind="place"),
    ),
    subjects=(Subject(uri="medtop:20000253", name="步道"), Subject(uri="medtop:1")),
    images=(
        Image(url="https://p.example/圖.jpg", caption="步道", credit="圖／市府", width=9, height=6),
        Image(url="https://p.example/2.jpg", alt="夜景", role="lead"),
        Image(credit="圖／讀者"),
    ),
    body_html='<p>市府<a href="/about">宣布</a>。</p>',
    correction=Correction(kind="correction", text="全長應為七公里。"),
    evolved_from="urn:example:0",
    expires=MORNING + timedelta(days=9),
)
CARDS = (
    Card("停駛的渡船", "/news/20261101/abc", "摘要", MORNING, "同一條河", uri="urn:example:9"),
    Card("別家的報導", "https://other.example/1", "", None, ""),
    Card("只有標題", "", "", None, ""),
)


def written(story: LiveArticle = FULL, cards: tuple[Card, ...] = CARDS) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ninjs.document(SITE, story, cards))
    return told


def faults(value: Any, wanted: Any, where: str = "") -> list[str]:  # noqa: ANN401
    """What the standard does not know, or wants otherwise."""
    if isinstance(wanted, dict):
        strangers = [f"{where}.{name}" for name in value if name not in wanted]
        known = ((name, one) for name, one in value.items() if name in wanted)
        return strangers + [f for n, one in known for f in faults(one, wanted[n], f"{where}.{n}")]
    if isinstance(wanted, list):
        return [f for one in value for f in faults(one, wanted[0], where)]
    kind = int if wanted == WHOLE else str
    is_right = isinstance(value, kind) and (wanted != TIME or value.endswith("Z"))
    return [] if is_right else [f"{where}: {value!r}"]


def test_only_what_the_standard_knows_is_written_and_in_its_types() -> None:
    told = written()
    assert faults(told, OBJECT) == []
    for one in told["associations"]:
        assert {"name", "uri"} <= one.keys()
        assert all(file["name"] for file in one.get("renditions", ()))
    assert told["standard"]["version"] == "3.1"


def test_everything_readers_see_is_in_it() -> None:
    told = written()
    assert (told["uri"], told["version"], told["pubStatus"]) == ("urn:example:1", "3", "usable")
    assert [one["value"] for one in told["headlines"]] == [
        "河岸步道年底全線開放",
        "夜間照明延長到十一點",
    ]
    roles = {one["role"]: one["value"] for one in told["descriptions"]}
    assert roles == {"summary": "步道全長八公里。", "correction": "全長應為七公里。"}
    assert told["renditions"][0]["href"].startswith("https://daily.example/news/")
    assert [one["name"] for one in told["people"]] == ["林小雨", "王大明", "李宗翰"]
    topic = next(one for one in told["subjects"] if one["name"] == "河岸步道")
    assert (topic["relevance"], topic["creator"]) == (46, "wiredesk")
    [html, _] = told["bodies"]
    assert 'href="https://daily.example/about"' in html["value"]


def test_what_editors_tell_each_other_is_not_in_it() -> None:
    assert "0900" not in json.dumps(written(), ensure_ascii=False)


def test_pictures_and_stories_are_told_apart_and_the_lead_by_name() -> None:
    told = [(one["name"], one["uri"]) for one in written()["associations"]]
    assert told == [
        ("picture-0", "https://p.example/%E5%9C%96.jpg"),
        ("featuremedia", "https://p.example/2.jpg"),
        ("related", "urn:example:9"),
        ("related", "https://other.example/1"),
        ("evolved-from", "urn:example:0"),
    ]


def test_our_own_door_reads_it_as_the_same_story() -> None:
    [read] = door.parse(ninjs.document(SITE, FULL, CARDS))
    same = {"uri", "version", "urgency", "language", "headline", "subtitle", "description"}
    same |= {"byline", "source", "copyright", "expires", "body_text"}
    assert read.model_dump(include=same) == FULL.article.model_dump(include=same)
    assert [author.name for author in read.authors] == ["林小雨", "王大明"]
    assert [image.credit for image in read.images] == ["圖／市府", ""]
    assert [link.headline for link in read.related] == ["停駛的渡船", "別家的報導", ""]


def test_a_tombstone_says_that_the_story_is_gone_and_nothing_else_of_it() -> None:
    stone = Tombstone("urn:example:1", "/news/1", MORNING)
    told = json.loads(ninjs.tombstone(stone, 4))
    assert told.pop("standard")
    assert told == {
        "uri": "urn:example:1",
        "type": "text",
        "version": "4",
        "pubStatus": "canceled",
        "versionCreated": "2026-11-20T01:30:00Z",
    }
    assert door.parse(ninjs.tombstone(stone, 4))[0].pubstatus == "canceled"


@pytest.mark.parametrize("uri", ["urn:1", "https://x.example/a?b=c#d", "tag:新聞,2026:一"])
def test_the_least_a_story_can_be_is_a_document(uri: str) -> None:
    article = Article(uri=uri, headline="一", date_published=MORNING, date_modified=MORNING)
    told = written(LiveArticle(article, "/news/1", ()), ())
    assert faults(told, OBJECT) == []
    assert told["uri"] == uri


@given(st.text(max_size=40).filter(str.strip), st.text(max_size=60))
def test_any_words_make_a_document(headline: str, text: str) -> None:
    clean = text.replace("\x00", "")
    story = live(headline=headline.replace("\x00", "") or "一", body_html="", body_text=clean)
    assert faults(written(story), OBJECT) == []
