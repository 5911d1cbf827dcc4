"""The sample newsroom of the demonstration."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable

import pytest

from services.demo.newsroom import MEDIA, Step, load
from services.ingest.clean import clean
from services.ingest.formats import article_json, page_text
from shared.article import Article

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MEDIA_URL = "http://127.0.0.1:8083/media"
DEMO = files("services.demo")
PICTURES = sorted(path.name for path in (DEMO / "media").iterdir())


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return load(NOW, MEDIA_URL)


def versions_of(steps: list[Step]) -> dict[str, list[Article]]:
    by_uri = defaultdict(list)
    for step in steps:
        by_uri[step.article.uri].append(step.article)
    return by_uri


def test_there_are_enough_stories_in_four_languages(steps: list[Step]) -> None:
    firsts = [step.article for step in steps if step.article.version == 1]
    languages = Counter(article.language for article in firsts)

    assert len(firsts) >= 44
    assert (languages["zh-Hans"], languages["ja"], languages["en"]) == (3, 3, 4)
    assert languages["zh-Hant"] == len(firsts) - 10
    assert len({article.section for article in firsts}) >= 9


def test_every_version_of_a_story_leaves_once_in_order(steps: list[Step]) -> None:
    for versions in versions_of(steps).values():
        assert [one.version for one in versions] == list(range(1, len(versions) + 1))
        written = [one.version_created for one in versions if one.version_created]
        assert written == sorted(written)

    assert [step.after for step in steps] == sorted(step.after for step in steps)


def test_every_story_that_was_written_leaves(steps: list[Step]) -> None:
    written = {
        (article.uri, article.version)
        for path in (DEMO / "newsroom").iterdir()
        if path.name != "emission.json"
        for article in article_json.parse(path.read_bytes())
    }

    assert written == {(step.article.uri, step.article.version) for step in steps}


def test_no_moment_lies_ahead_but_the_embargo(steps: list[Step]) -> None:
    held = [step.article for step in steps if step.article.due and step.article.due > NOW]

    assert [article.embargoed for article in held] == [NOW + timedelta(seconds=20)]


def test_the_first_publication_never_moves(steps: list[Step]) -> None:
    for versions in versions_of(steps).values():
        assert len({one.date_published for one in versions}) == 1


def test_a_demonstration_shows_every_turn_a_story_can_take(steps: list[Step]) -> None:
    fates = {
        tuple((one.pubstatus, one.correction.kind if one.correction else "") for one in versions)
        for versions in versions_of(steps).values()
        if len(versions) > 1
    }

    assert fates == {
        (("usable", ""), ("usable", "update"), ("usable", "correction")),
        (("usable", ""), ("withheld", ""), ("usable", "correction")),
        (("usable", ""), ("canceled", "")),
    }
    assert all(
        step.article.ednote for step in steps if step.article.pubstatus in ("withheld", "canceled")
    )


def test_what_the_newsroom_sends_passes_the_door_unchanged_but_for_what_is_derived(
    steps: list[Step],
) -> None:
    for step in steps:
        derived = {"body_text": "", "authors": ()}
        assert clean(step.article).model_copy(update=derived) == step.article


def test_every_usable_story_is_a_whole_one(steps: list[Step]) -> None:
    for article in (step.article for step in steps if step.article.pubstatus == "usable"):
        washed = clean(article)
        assert len(washed.body_text) >= 190
        assert washed.authors
        assert article.section
        assert article.tags


def test_related_links_name_stories_that_exist(steps: list[Step]) -> None:
    known = {step.article.uri for step in steps}
    linked = {link.uri for step in steps for link in step.article.related}

    assert len(linked) >= 12
    assert linked <= known


def test_half_of_the_stories_show_a_picture_that_is_there(steps: list[Step]) -> None:
    firsts = [step.article for step in steps if step.article.version == 1]
    images = [image for article in firsts for image in article.images]

    assert len(PICTURES) == 6
    assert {image.url for image in images} == {f"{MEDIA_URL}/{name}" for name in PICTURES}
    assert all(image.caption and image.credit and image.alt for image in images)
    assert 0.4 < len(images) / len(firsts) < 0.65


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_a_small_webp(name: str) -> None:
    picture = (DEMO / "media" / name).read_bytes()

    assert len(picture) <= 25_000
    assert picture[:4] + picture[8:12] == b"RIFFWEBP"


@pytest.mark.parametrize(
    "page", sorted((DEMO / "pages").iterdir(), key=str), ids=lambda page: page.name
)
def test_a_sample_page_is_read_whole(page: Traversable) -> None:
    [article] = page_text.parse(page.read_bytes())

    assert article.section
    assert article.authors
    assert article.date_published
    assert article.related
    assert article.images[0].role == "lead"
    assert not re.search("粉絲專頁|LINE|A-", article.body_html)


def test_no_placeholder_is_left(steps: list[Step]) -> None:
    assert not any(MEDIA in step.article.model_dump_json() for step in steps)
