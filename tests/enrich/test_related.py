"""Related links: what to read next, and what must never be shown."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, strategies as st

from services.enrich.corpus import Corpus
from services.enrich.known import Known
from services.enrich.pipeline import Pipeline
from services.enrich.steps.related import various
from services.enrich.vocabulary import Vocabulary
from shared.article import Article, RelatedLink
from tests.enrich.samples import (
    FIRST,
    HARBOUR,
    STEPS,
    TRANSIT,
    TRANSIT_FOLLOW_UP,
    any_han,
    article,
    newspaper,
    pipeline,
)

DEPOT = """萬大線機廠今天完成首列電聯車吊掛，捷運局說，號誌與機電系統下月起聯合測試。
臺北市長蔣萬安到場時說，土城與中和居民等待多年，捷運局須逐月公布進度。
廠商代表承諾趕工，通車前先辦理里民試乘。"""
FOLLOW_UP = article("urn:n:20", "萬大線首列電聯車進廠 捷運局：下月測試", DEPOT)


def uris(enriched: Article) -> list[str | None]:
    return [link.uri for link in enriched.related]


def enriched_after(story: Article, *before: Article) -> Article:
    enrich = pipeline().enrich
    for other in before:
        enrich(other)
    return enrich(story)


def test_the_nearest_stories_come_first() -> None:
    third = newspaper()[2]
    related = enriched_after(third, *newspaper()[:2], *newspaper()[3:]).related
    assert related[0].uri == "urn:n:2"
    assert all(one.score >= two.score for one, two in pairwise(related))


def test_a_link_is_a_card_with_headline_excerpt_date_and_reason() -> None:
    link = enriched_after(newspaper()[2], newspaper()[1]).related[0]
    assert link.headline == newspaper()[1].headline
    assert link.excerpt.startswith("臺北市長蔣萬安今天視察")
    assert len(link.excerpt) <= 80
    assert link.date_published == newspaper()[1].date_published
    assert link.reason.startswith("共同主題：")
    assert link.creator == "wiredesk"


def test_the_reason_speaks_the_language_of_the_article() -> None:
    first = article("urn:n:1", "Nvidia opens Taipei centre", "Nvidia opens a centre in Taipei.")
    second = article("urn:n:2", "Nvidia hires in Taipei", "Nvidia hires engineers in Taipei.")
    assert enriched_after(second, first).related[0].reason.startswith("Shared topics: ")


def test_no_story_is_related_to_itself_or_to_more_than_six_others() -> None:
    stories = [
        article(f"urn:n:{n}", f"萬大線第{n}標進度", f"捷運萬大線第{n}標。{any_han(80, n)}")
        for n in range(1, 12)
    ]
    enrich = pipeline().enrich
    for story in stories:
        found = uris(enrich(story))
        assert story.uri not in found
        assert len(found) <= 6
        assert len(set(found)) == len(found)
    assert len(uris(enrich(stories[0]))) >= 3


def test_the_newsrooms_links_come_first_and_are_never_displaced() -> None:
    given = tuple(RelatedLink(headline=f"編輯精選{n}") for n in range(5))
    story = FOLLOW_UP.model_copy(update={"related": (RelatedLink(uri="urn:n:1"), *given)})
    related = enriched_after(story, *newspaper()).related
    assert related[:6] == story.related
    assert len(related) == 6


def test_a_story_the_newsroom_linked_is_not_shown_twice() -> None:
    story = FOLLOW_UP.model_copy(update={"related": (RelatedLink(uri="urn:n:2"),)})
    found = uris(enriched_after(story, *newspaper()))
    assert found.count("urn:n:2") == 1


def test_of_near_duplicates_one_is_shown() -> None:
    copies = [article(f"urn:n:{n}", "蔣萬安視察萬大線", TRANSIT) for n in range(31, 36)]
    found = uris(enriched_after(FOLLOW_UP, *copies, newspaper()[2]))
    assert sum(uri in {copy.uri for copy in copies} for uri in found) == 1


def test_of_near_duplicates_the_first_is_shown_even_if_another_is_more_alike() -> None:
    first = article("urn:n:31", "蔣萬安視察萬大線", TRANSIT)
    copy = article("urn:n:32", FOLLOW_UP.headline, TRANSIT)
    assert uris(enriched_after(FOLLOW_UP, first, copy)) == [first.uri]
    killed = article(first.uri, "", version=2, pubstatus="canceled")
    assert uris(enriched_after(FOLLOW_UP, first, copy, killed)) == [copy.uri]


def test_duplicates_of_the_article_itself_are_not_shown() -> None:
    copies = [article(f"urn:n:{n}", "蔣萬安視察萬大線", TRANSIT) for n in range(1, 4)]
    found = uris(enriched_after(article("urn:n:9", "視察萬大線", TRANSIT), *copies))
    assert not {copy.uri for copy in copies} & set(found)


def test_a_killed_or_withheld_story_is_shown_no_more() -> None:
    killed = article("urn:n:2", "", version=2, pubstatus="canceled")
    withheld = article("urn:n:3", "", version=2, pubstatus="withheld")
    assert {"urn:n:2", "urn:n:3"} <= set(uris(enriched_after(FOLLOW_UP, *newspaper())))
    found = uris(enriched_after(FOLLOW_UP, *newspaper(), killed, withheld))
    assert not {"urn:n:2", "urn:n:3"} & set(found)


def test_a_corrected_story_is_found_by_its_new_words_only() -> None:
    corrected = article("urn:n:2", newspaper()[0].headline, HARBOUR, version=2)
    found = enriched_after(FOLLOW_UP, newspaper()[1], corrected)
    assert all(link.headline == corrected.headline for link in found.related)


def test_a_close_follow_up_joins_the_running_story_and_another_does_not() -> None:
    again = article("urn:n:9", newspaper()[1].headline, TRANSIT[:100] + TRANSIT_FOLLOW_UP[:60])
    enriched = enriched_after(again, newspaper()[1])
    assert "urn:n:2" in {enriched.story, enriched.duplicate_of}
    assert enriched_after(newspaper()[3], *newspaper()[:3]).story is None


def test_a_story_that_evolved_from_another_belongs_to_its_story() -> None:
    evolved = article("urn:n:9", "颱風後續", "災後復原。", evolved_from="urn:n:4")
    assert enriched_after(evolved, *newspaper()).story == "urn:n:4"


def test_the_editors_pins_come_first_and_what_they_excluded_never() -> None:
    corpus = Corpus()
    fixed = f"[[links]]\nuri = '{FOLLOW_UP.uri}'\npinned = ['urn:n:5']\nexcluded = ['urn:n:3']"
    corpus.vocabulary = Vocabulary.parse(fixed, "vocabulary.toml")
    pipe = Pipeline(corpus, STEPS)
    for story in newspaper():
        pipe.enrich(story)
    enriched = pipe.enrich(FOLLOW_UP)
    assert uris(enriched)[:2] == ["urn:n:5", "urn:n:2"]
    assert "urn:n:3" not in uris(enriched)
    assert enriched.related[0].reason == "編輯指定"
    pipe.enrich(article("urn:n:5", "", version=2, pubstatus="canceled"))
    assert "urn:n:5" not in uris(pipe.enrich(FOLLOW_UP))


def test_a_town_in_common_is_no_reason_to_show_a_story() -> None:
    fair = "花蓮文創市集週末登場，攤商帶來手作木器與陶杯，主辦人說，去年有三千人次到訪。"
    other = article("urn:n:9", "花蓮文創市集週末登場", fair)
    assert uris(enriched_after(other, newspaper()[3])) == []


def test_age_plays_a_part_only_when_the_newsroom_wants_it() -> None:
    nearest, next_one = uris(enriched_after(FOLLOW_UP, *newspaper()))[:2]
    long_ago = FIRST - timedelta(days=90)
    for days, first in ((0, nearest), (30, next_one)):
        pipe = Pipeline(Corpus(days), STEPS)
        for story in newspaper():
            is_old = story.uri == nearest
            aged = story.model_copy(update={"date_published": long_ago}) if is_old else story
            pipe.enrich(aged)
        assert uris(pipe.enrich(FOLLOW_UP))[0] == first


def known(number: int, *topics: str, story: str = "", cluster: str = "") -> Known:
    uri = f"urn:n:{number}"
    themes = frozenset(topics)
    return Known(
        uri, 1, "usable", number, number, topics=themes, story=story or uri, cluster=cluster or uri
    )


def shown(ranked: list[tuple[Known, float]], room: int = 6) -> list[int]:
    return [one.sequence for one, _ in various(ranked, {"urn:n:0"}, room)]


def test_a_list_is_not_filled_with_one_side_of_a_matter_alone() -> None:
    digging = [(known(n, "萬大線", "潛盾", "工安"), 0.4 - n / 1000) for n in range(1, 9)]
    money = (known(20, "萬大線", "預算", "議會"), 0.36)
    far = (known(21, "颱風"), 0.2)
    assert shown([*digging, money, far]) == [1, 2, 3, 4, 5, 20]


def test_variety_takes_nothing_from_a_list_that_has_room() -> None:
    digging = [(known(n, "萬大線"), 0.4 - n / 1000) for n in range(1, 7)]
    assert shown(digging) == [1, 2, 3, 4, 5, 6]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.frozensets(st.sampled_from("甲乙丙丁")),
            st.sampled_from(["", "s", "t"]),
            st.sampled_from(["", "urn:n:0", "c"]),
        ),
        max_size=30,
    ),
    st.integers(-1, 7),
)
def test_whatever_is_ranked_a_list_keeps_its_limits_and_its_order(
    told: list[tuple[float, frozenset[str], str, str]], room: int
) -> None:
    told.sort(key=lambda one: -one[0])
    ranked = [
        (known(n, *topics, story=story, cluster=cluster), likeness)
        for n, (likeness, topics, story, cluster) in enumerate(told, start=1)
    ]
    taken = various(ranked, {"urn:n:0"}, room)
    assert taken == [pair for pair in ranked if pair in taken]
    assert len(taken) <= max(room, 0)
    clusters = Counter(one.cluster for one, _ in taken)
    assert "urn:n:0" not in clusters
    assert max(clusters.values(), default=0) <= 1
    assert max(Counter(one.story for one, _ in taken).values(), default=0) <= 4
    if len(taken) < room:  # then nothing was left that may be shown
        stories = Counter(one.story for one, _ in taken)
        left = [one for one, _ in ranked if one not in [t for t, _ in taken]]
        assert all(o.cluster in {*clusters, "urn:n:0"} or stories[o.story] == 4 for o in left)
