"""The pipeline: order of steps, same result every time, and text made to hurt."""

import time
from types import SimpleNamespace

import pytest

from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.enrich.step import Findings
from shared.article import Article
from shared.errors import Misconfigured
from tests.enrich.samples import HARBOUR, STEPS, any_han, article, newspaper, pipeline

CHARS = 100_000
HOSTILE = {
    "offices": "市長王一二" * (CHARS // 5),
    "quotes": "「甲乙」" * (CHARS // 4),
    "open quotes": "「" * CHARS,
    "one family name": "張" * CHARS,
    "one letter": "a" * CHARS,
    "apostrophes": "a'" * (CHARS // 2),
    "capitals": "Abc Def " * (CHARS // 8),
    "line feeds": "\n" * CHARS,
    "katakana": "ア" * CHARS,
    "credits": "圖／" * (CHARS // 2),
    "reporters": "記者 " * (CHARS // 3),
    "places": "桃園市臺北市" * (CHARS // 6),
    "dots": "安娜·" * (CHARS // 3),
    "parties": "民本黨團自強黨員" * (CHARS // 8),
    "endings": "晨曦科技公司基金會" * (CHARS // 9),
    "short endings": "水利局工務處" * (CHARS // 6),
    "brackets": "晨曦基金會（晨會）" * (CHARS // 9),
    "roles": "選手方子昂說" * (CHARS // 6),
    "towns": "基隆海鷹投手全壘打主場" * (CHARS // 11),
    "surnames": "王李張劉陳楊黃趙周吳" * (CHARS // 10),
    "one organisation a word": "".join(f"晨{chr(0x4E00 + n)}銀行" for n in range(CHARS // 4)),
    "any Han": any_han(CHARS, seed=1),
}


def step(*after: str) -> SimpleNamespace:
    def find(article: Article, corpus: Corpus) -> Findings:
        return {}

    return SimpleNamespace(after=after, find=find)


def test_a_step_comes_after_those_whose_findings_it_reads() -> None:
    names = pipeline().names
    assert names.index("language") < names.index("tags") < names.index("related")
    assert names.index("duplicates") < names.index("related")


@pytest.mark.parametrize(
    "steps",
    [{"one": step("two"), "two": step("one")}, {"one": step("one")}, {"one": step("nowhere")}],
)
def test_steps_that_cannot_be_ordered_stop_the_start(steps: dict[str, SimpleNamespace]) -> None:
    with pytest.raises(Misconfigured, match="one"):
        Pipeline(Corpus(), steps)


def test_the_same_articles_in_the_same_order_give_the_same_bytes() -> None:
    one, two = pipeline(), pipeline()
    for story in newspaper():
        assert one.enrich(story).model_dump_json() == two.enrich(story).model_dump_json()


def test_handling_an_event_twice_gives_the_same_result() -> None:
    enrich = pipeline().enrich
    for story in newspaper():
        assert enrich(story) == enrich(story)


def test_enriching_what_was_enriched_gives_the_same_again() -> None:
    enrich = pipeline().enrich
    for story in newspaper():
        once = enrich(story)
        assert enrich(once) == once


@pytest.mark.parametrize("pubstatus", ["withheld", "canceled"])
def test_a_withdrawal_passes_through_unchanged(pubstatus: str) -> None:
    gone = article("urn:n:1", "貨櫃中心", HARBOUR, pubstatus=pubstatus, ednote="消息有誤")
    assert pipeline().enrich(gone) is gone


def test_an_article_of_a_headline_alone_is_enriched() -> None:
    enriched = pipeline().enrich(article("urn:n:1", "快訊"))
    assert enriched.language == "zh-Hant"
    assert enriched.related == ()


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_step_takes_long_on_a_text_made_to_hurt(kind: str) -> None:
    corpus, story = Corpus(), article("urn:n:1", "標題", HOSTILE[kind])
    Pipeline(corpus, STEPS).enrich(article("urn:n:2", "暖機", HARBOUR))
    corpus.learn(story)
    for find in (STEPS[name].find for name in Pipeline(corpus, STEPS).names):
        started = time.process_time()
        find(story, corpus)
        assert time.process_time() - started < 0.2
