"""The gold set can be trusted: its files are well-formed, and what they claim is in the text."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import pytest

from bench.gold_set import HALVES, GoldArticle, Half, Name, files, read, second_editor

FEWEST = 120
TOPICS = {"politics", "city", "finance", "sport", "culture", "crime", "weather", "technology"}
ARTICLES = {half: read(half) for half in HALVES}
BY_URI = {one.uri: one for one in chain.from_iterable(ARTICLES.values())}

ALONE = {one.uri: one for one in (*read("tune"), *read("blind"))}
"""The articles of no archive."""
ALL = BY_URI | ALONE

each_article = pytest.mark.parametrize("one", ALL.values(), ids=ALL.keys())
each_half = pytest.mark.parametrize("half", HALVES)


def text_of(one: GoldArticle) -> str:
    return f"{one.headline}\n{one.body_text}"


def spellings(names: tuple[Name, ...]) -> list[str]:
    return [spelling for name in names for spelling in name.spellings]


def people_and_bodies(names: tuple[Name, ...]) -> Iterator[Name]:
    return (name for name in names if name.type in ("person", "organisation"))


def links(one: GoldArticle) -> list[str]:
    return [*one.related, *one.same_story, *one.same_event]


def test_there_are_enough_articles_and_none_stands_in_both_halves() -> None:
    assert len(BY_URI) == sum(len(half) for half in ARTICLES.values()) >= FEWEST


def test_no_article_stands_in_two_sets() -> None:
    assert len(ALL) == len(BY_URI) + len(read("tune")) + len(read("blind"))


@each_half
def test_a_file_is_named_after_its_article(half: Half) -> None:
    names = {f"urn:gold:{file.stem}" for file in files(half)}
    assert names == {one.uri for one in ARTICLES[half]}


def test_both_halves_are_alike_in_mix() -> None:
    topics = {half: Counter(file.parent.name for file in files(half)) for half in HALVES}
    assert set(topics["dev"]) == TOPICS
    assert topics["dev"] == topics["held"]


@each_half
def test_most_articles_are_short_and_a_third_is_long(half: Half) -> None:
    lengths = [len(one.body_text) for one in ARTICLES[half]]
    assert min(lengths) >= 240
    assert max(lengths) <= 1_500
    assert 0.25 <= sum(length >= 700 for length in lengths) / len(lengths) <= 0.45


@each_article
def test_an_article_has_the_tags_of_an_editor(one: GoldArticle) -> None:
    tags = spellings(one.tags)
    assert 3 <= len(one.tags) <= 8
    assert len(tags) == len(set(tags))
    assert [tag for tag in tags if tag not in text_of(one)] == []


@each_article
def test_a_name_is_a_person_or_an_organisation_that_the_text_mentions(one: GoldArticle) -> None:
    assert set(people_and_bodies(one.names)) == set(one.names)
    assert len(spellings(one.names)) == len(set(spellings(one.names)))
    assert [name for name in spellings(one.names) if name not in text_of(one)] == []


@each_article
def test_a_person_or_organisation_that_is_a_tag_is_also_a_name(one: GoldArticle) -> None:
    names = {(spelling, name.type) for name in one.names for spelling in name.spellings}
    tags = list(people_and_bodies(one.tags))
    assert [tag for tag in tags if not names & {(s, tag.type) for s in tag.spellings}] == []


@each_article
def test_a_short_form_of_a_person_is_one_that_the_text_uses_by_itself(one: GoldArticle) -> None:
    for name in (*one.tags, *one.names):
        if name.type == "person":
            assert [short for short in shorter_first(name) if not stands_alone(short, one)] == []


def shorter_first(name: Name) -> list[tuple[str, ...]]:
    """Each spelling, with the longer ones of the same name behind it."""
    longest_last = sorted(name.spellings, key=len)
    return [tuple(longest_last[at:]) for at in range(len(longest_last))]


def stands_alone(spelling: tuple[str, ...], one: GoldArticle) -> bool:
    short, *longer = spelling
    text = text_of(one)
    for full in sorted(longer, key=len, reverse=True):
        text = text.replace(full, "")
    return short in text


@each_article
def test_the_reporter_is_neither_a_tag_nor_a_name(one: GoldArticle) -> None:
    named = spellings(one.tags) + spellings(one.names)
    written_by, _, _ = one.byline.partition("／")
    assert [name for name in named if name in written_by] == []


@each_article
def test_what_only_looks_like_a_tag_is_none(one: GoldArticle) -> None:
    assert set(one.never) & {*spellings(one.tags), *spellings(one.names)} == set()
    assert [name for name in one.never if name not in text_of(one) + one.byline] == []


@each_half
def test_links_lead_to_other_articles_of_the_same_half(half: Half) -> None:
    uris = {one.uri for one in ARTICLES[half]}
    for one in ARTICLES[half]:
        assert set(links(one)) <= uris - {one.uri}
        assert len(one.related) == len(set(one.related))


@each_article
def test_the_same_story_and_the_same_event_are_so_from_either_side(one: GoldArticle) -> None:
    assert set(one.same_event) <= set(one.same_story)
    assert all(one.uri in BY_URI[uri].same_event for uri in one.same_event)
    for uri in one.same_story:
        assert {*BY_URI[uri].same_story, uri} == {*one.same_story, one.uri}


@each_article
def test_two_reports_of_one_event_are_two_texts(one: GoldArticle) -> None:
    for uri in one.same_event:
        assert set(one.paragraphs) & set(BY_URI[uri].paragraphs) == set()


def test_no_person_stands_in_both_halves() -> None:
    people = {half: people_of(half) for half in HALVES}
    assert people["dev"] & people["held"] == set()


def people_of(half: Half) -> set[str]:
    names = (name for one in ARTICLES[half] for name in one.names if name.type == "person")
    return {spelling for name in names for spelling in name.spellings}


def test_the_second_editor_tagged_every_article_of_the_held_half() -> None:
    chosen = second_editor()
    assert set(chosen) == {one.uri for one in ARTICLES["held"]}
    for uri, tags in chosen.items():
        assert 4 <= len(tags) <= 8
        printed = text_of(BY_URI[uri]) + BY_URI[uri].byline
        assert [name for name in spellings(tags) if name not in printed] == []
