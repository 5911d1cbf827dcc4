"""Near-duplicates: the same story in nearly the same words."""

from datetime import timedelta

import pytest

from services.enrich.corpus import Corpus
from services.enrich.duplicate_policy import policy_of
from services.enrich.sketches import sketch_of
from services.enrich.words import Text
from shared.article import Article
from shared.errors import Misconfigured
from tests.enrich.samples import (
    CHIPS,
    FIRST,
    HARBOUR,
    SIMPLIFIED,
    TRANSIT,
    TYPHOON,
    any_han,
    article,
    newspaper,
    pipeline,
)

LONG = f"{HARBOUR}\n{TRANSIT}\n{TYPHOON}"
SENTENCES = LONG.split("\n")
EDITS = {
    "the same": LONG,
    "text added": LONG + CHIPS,
    "cut to its first half": "\n".join(SENTENCES[: len(SENTENCES) // 2]),
    "a brief of first and last sentence": SENTENCES[1] + "\n" + SENTENCES[-1],
    "numbers changed": LONG.replace("六百五十萬", "七百一十萬").replace("三百名", "二百名"),
    "sentences reordered": "\n".join(SENTENCES[::-1]),
    "other marks": LONG.replace("，", ", ").replace("。", "．"),
}
TRADITIONAL = str.maketrans("长蒋万视运线厂严导报进议会说", "長蔣萬視運線廠嚴導報進議會說")


def second_of(first: Article, second: Article) -> Article:
    enrich = pipeline().enrich
    enrich(first)
    return enrich(second)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_points_to_the_article_it_repeats(edit: str) -> None:
    first = article("urn:n:1", "港口、捷運與颱風", LONG)
    copy = article("urn:n:2", "今日要聞", EDITS[edit])
    assert second_of(first, copy).duplicate_of == "urn:n:1"


def test_a_copy_in_the_other_chinese_script_is_a_duplicate() -> None:
    first = article("urn:n:1", "蒋万安视察捷运万大线", SIMPLIFIED)
    copy = article("urn:n:2", "蔣萬安視察捷運萬大線", SIMPLIFIED.translate(TRADITIONAL))
    assert second_of(first, copy).duplicate_of == "urn:n:1"


def test_different_stories_are_no_duplicates_even_of_one_event() -> None:
    enrich = pipeline().enrich
    assert [enrich(story).duplicate_of for story in newspaper()] == [None] * 6


def test_a_flash_is_no_duplicate_of_the_story_that_holds_its_words() -> None:
    first = article("urn:n:1", "今日要聞", TRANSIT)
    assert second_of(first, article("urn:n:2", "捷運局", "萬大線")).duplicate_of is None


def test_the_earlier_publication_is_the_original_whatever_arrives_first() -> None:
    later = article("urn:n:9", "港口", HARBOUR, date_published=FIRST + timedelta(days=1))
    earlier = article("urn:n:1", "港口", HARBOUR, date_published=FIRST)
    assert second_of(later, earlier).duplicate_of is None
    assert second_of(earlier, later).duplicate_of == "urn:n:1"


def test_copies_of_copies_all_point_to_the_first() -> None:
    enrich = pipeline().enrich
    found = [enrich(article(f"urn:n:{n}", "港口", HARBOUR)).duplicate_of for n in range(1, 5)]
    assert found == [None, "urn:n:1", "urn:n:1", "urn:n:1"]


def test_a_copy_of_a_killed_story_points_to_the_oldest_one_still_there() -> None:
    enrich = pipeline().enrich
    enrich(article("urn:n:1", "港口", HARBOUR))
    enrich(article("urn:n:2", "港口", HARBOUR))
    enrich(article("urn:n:1", "港口", version=2, pubstatus="canceled"))
    assert enrich(article("urn:n:3", "港口", HARBOUR)).duplicate_of == "urn:n:2"


def test_a_correction_is_no_duplicate_of_its_own_earlier_version() -> None:
    first = article("urn:n:1", "港口", HARBOUR)
    corrected = article("urn:n:1", "港口", HARBOUR.replace("八百", "九百"), version=2)
    assert second_of(first, corrected).duplicate_of is None


def test_random_pairs_of_stories_share_no_verdict() -> None:
    enrich = pipeline().enrich
    stories = [any_han(300, seed) for seed in range(60)]
    found = [enrich(article(f"urn:n:{n}", "要聞", text)) for n, text in enumerate(stories)]
    assert all(story.duplicate_of is None for story in found)


def test_a_long_text_is_kept_as_a_sample() -> None:
    sketch = sketch_of(Text(any_han(8_000, seed=5)))
    assert len(sketch.shingles) < sketch.total / 3


DROP_ONE = policy_of("link", ["範例通訊社=drop", "地方網=publish"])


@pytest.mark.parametrize(
    ("source", "passed_on"),
    [("本報", ["urn:n:1"]), ("地方網", [None]), ("範例通訊社", [])],
)
def test_each_source_has_its_own_way_with_duplicates(
    source: str, passed_on: list[str | None]
) -> None:
    story = article("urn:n:2", "港口", HARBOUR, source=source, duplicate_of="urn:n:1")
    kept = DROP_ONE(story, None)
    assert ([kept.duplicate_of] if kept else []) == passed_on


def test_what_readers_have_already_is_not_dropped() -> None:
    corpus = Corpus()
    corpus.remember(article("urn:n:2", "港口", HARBOUR))
    copy = article(
        "urn:n:2", "港口", TRANSIT, version=2, source="範例通訊社", duplicate_of="urn:n:1"
    )
    assert DROP_ONE(copy, corpus.get("urn:n:2")) == copy


@pytest.mark.parametrize(("usual", "sources"), [("hide", []), ("link", ["甲=hide"])])
def test_an_unknown_way_stops_the_start(usual: str, sources: list[str]) -> None:
    with pytest.raises(Misconfigured, match="hide"):
        policy_of(usual, sources)
