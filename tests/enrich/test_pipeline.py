"""The pipeline: order of steps, same result every time, and text made to hurt."""

from types import SimpleNamespace

import pytest

from bench.hostile import HOSTILE
from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.enrich.step import Findings
from shared.article import Article
from shared.errors import Misconfigured
from tests.enrich.samples import HARBOUR, article, newspaper, pipeline


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


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_text_made_to_hurt_is_enriched_like_any_other(kind: str) -> None:
    """`python -m bench enrich` says how long the slowest step takes."""
    enriched = pipeline().enrich(article("urn:n:1", "標題", HOSTILE[kind]))
    assert enriched.body_text == HOSTILE[kind]
    assert enriched.language
    assert len(enriched.tags) <= 8
