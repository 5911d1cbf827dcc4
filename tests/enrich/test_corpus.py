"""What is known of past articles: fenced by version, final for kills, and forgotten on time."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from services.enrich.corpus import Corpus
from services.enrich.frequencies import Frequencies
from services.enrich.postings import FULL, Postings
from services.enrich.words import hashes_of
from shared.article import Article
from tests.enrich.samples import HARBOUR, TRANSIT, article, newspaper

PORT = article("urn:n:7", "貨櫃中心", HARBOUR)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["urn:n:1", "urn:n:2"]),
        st.integers(1, 4),
        st.sampled_from(["usable", "usable", "withheld", "canceled"]),
        st.booleans(),
    ),
    max_size=12,
)


def found_by(corpus: Corpus, query: Article) -> list[str]:
    return [known.uri for known, _ in corpus.nearest(query, 10)]


def test_an_older_version_never_replaces_a_newer_one() -> None:
    corpus = Corpus()
    assert corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=3))
    assert not corpus.remember(article("urn:n:1", "捷運", TRANSIT, version=2))
    assert found_by(corpus, PORT) == ["urn:n:1"]
    assert found_by(corpus, article("urn:n:8", "捷運萬大線", TRANSIT)) == []


@pytest.mark.parametrize("pubstatus", ["withheld", "canceled"])
def test_a_withdrawal_beats_the_version_it_names(pubstatus: str) -> None:
    corpus = Corpus()
    corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=2))
    assert corpus.remember(article("urn:n:1", "", version=2, pubstatus=pubstatus))
    assert not corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=2))
    assert found_by(corpus, PORT) == []


def test_a_killed_story_comes_back_only_when_reinstated_with_a_higher_version() -> None:
    corpus = Corpus()
    corpus.remember(article("urn:n:1", "", version=2, pubstatus="canceled"))
    assert not corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=3))
    assert not corpus.remember(article("urn:n:1", "貨櫃", HARBOUR, version=2, reinstate=True))
    assert corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=3, reinstate=True))
    assert found_by(corpus, PORT) == ["urn:n:1"]


def test_a_withheld_story_comes_back_with_a_higher_version() -> None:
    corpus = Corpus()
    corpus.remember(article("urn:n:1", "", version=2, pubstatus="withheld"))
    assert corpus.remember(article("urn:n:1", "貨櫃中心", HARBOUR, version=3))
    assert len(corpus) == 1


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_what_can_be_found_is_exactly_what_stands(
    events: list[tuple[str, int, str, bool]],
) -> None:
    corpus = Corpus()
    for uri, version, pubstatus, reinstate in events:
        story = article(uri, "貨櫃中心", HARBOUR, version=version, reinstate=reinstate)
        corpus.remember(story.model_copy(update={"pubstatus": pubstatus}))
    known = [corpus.get(uri) for uri in ("urn:n:1", "urn:n:2")]
    standing = {one.uri for one in known if one and one.pubstatus == "usable"}
    assert set(found_by(corpus, PORT)) == standing
    assert {twin.uri for twin, _ in corpus.twins(PORT)} == standing
    assert len(corpus) == len(standing)


def test_an_article_counts_once_however_often_it_is_corrected() -> None:
    once, often = Corpus(), Corpus()
    once.remember(article("urn:n:1", "貨櫃中心", HARBOUR))
    for version in range(1, 9):
        often.remember(article("urn:n:1", "貨櫃中心", HARBOUR + str(version), version=version))
    terms = hashes_of(["货柜", "码头"])
    assert np.array_equal(once.idf(terms), often.idf(terms))


def test_what_many_articles_say_is_less_telling() -> None:
    frequencies = Frequencies()
    common, rare = hashes_of(["甲乙丙", "丁戊己"])
    for _ in range(50):
        frequencies.count(np.array([common]))
    idf = frequencies.idf(np.array([common, rare]))
    assert idf[0] < idf[1]


def test_common_words_are_known_before_the_first_article() -> None:
    common, rare = Frequencies().idf(hashes_of(["发展", "萬大線"]))
    assert common < rare


def test_a_corpus_built_anew_from_what_was_kept_finds_the_same() -> None:
    first, again = Corpus(), Corpus()
    for story in newspaper():
        first.remember(story)
    for story in newspaper():
        again.remember(story)
        again.remember(story)
    assert first.nearest(PORT, 10) == again.nearest(PORT, 10)


def test_removed_rows_leave_no_posting_after_a_merge() -> None:
    postings = Postings()
    term = np.array([7], np.uint64)
    for row in range(100):
        postings.add(row, term, np.array([1 + row / 100], np.float32))
        postings.remove(row - 1) if row else None
    found = postings.search(term, np.array([1], np.float32), 10)
    assert [row for row, _ in found] == [99]
    assert sum(len(segment.rows) for segment in postings._segments) < 50  # noqa: SLF001


def test_removed_rows_leave_no_posting_in_what_is_merged_no_more() -> None:
    """As with the bands of the last articles, of which the oldest always go."""
    postings, term = Postings(), np.arange(1 << 16, dtype=np.uint64) << np.uint64(32)
    weights = np.ones(len(term), np.float32)
    rows = 4 * FULL // len(term)
    for row in range(rows):
        postings.add(row, term, weights)
        postings.remove(row - 2) if row > 1 else None
    kept = [len(segment) for segment in postings._segments]  # noqa: SLF001
    assert sum(kept) <= 2 * FULL
    assert {row for row, _ in postings.search(term[:1], weights[:1], rows)} == {rows - 1, rows - 2}
