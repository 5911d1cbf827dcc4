"""Near-duplicates: the same story in nearly the same words."""

from datetime import timedelta

import pytest

from services.enrich.sketches import sketch_of
from services.enrich.words import Text
from shared.article import Article
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
