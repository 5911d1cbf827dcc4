"""Words that an archive uses and no dictionary knows are proposed, whole ones only."""

from hypothesis import example, given, strategies as st

from services.enrich.corpus import Corpus
from services.enrich.new_words import NewWord, new_words, unknown
from services.enrich.vocabulary import Vocabulary
from tests.enrich.samples import BASEBALL, CHIPS, HARBOUR, TRANSIT, TYPHOON, article

OTHERS = [HARBOUR, TRANSIT, TYPHOON, CHIPS, BASEBALL]
ABOUT = [
    "漫步穹頂鷺亭看夕陽，市民說好。",
    "今年穹頂鷺亭湧入遊客，交通打結。",
    "縣府整修穹頂鷺亭，工期半年。",
    "她在穹頂鷺亭拍婚紗照。",
    "從前的穹頂鷺亭只有漁民來。",
    "颱風吹壞穹頂鷺亭，暫停開放。",
]


def names(found: list[NewWord]) -> list[str]:
    return [one.name for one in found]


def test_a_word_with_firm_parts_and_varied_neighbours_is_proposed_whole() -> None:
    found = {one.name: one for one in new_words([*OTHERS, *ABOUT], 5)}
    word = found["穹頂鷺亭"]
    assert (word.articles, word.times, word.first) == (6, 6, 5)
    assert word.context == "漫步穹頂鷺亭看夕陽，市民說好"
    assert not [name for name in found if name != "穹頂鷺亭" and name in "穹頂鷺亭"], "no piece"


def test_what_always_goes_on_in_the_same_way_is_a_piece() -> None:
    longer = [text.replace("穹頂鷺亭", "穹頂鷺亭廊") for text in ABOUT]
    found = names(new_words([*OTHERS, *longer], 5))
    assert "穹頂鷺亭廊" in found
    assert "穹頂鷺亭" not in found


def test_too_few_articles_are_no_evidence_however_often_one_of_them_says_it() -> None:
    assert "穹頂鷺亭" not in names(new_words([*OTHERS, "".join(ABOUT)], 2))
    assert "穹頂鷺亭" not in names(new_words([*OTHERS, *ABOUT], 7))


def test_words_of_the_dictionary_are_not_new() -> None:
    known = [text.replace("穹頂鷺亭", "圖書館") for text in ABOUT]
    assert names(new_words([*OTHERS, *known], 5)) == []


def test_both_scripts_are_one_word_shown_as_it_first_stands() -> None:
    texts = [ABOUT[0], *(text.replace("頂鷺", "顶鹭") for text in ABOUT[1:])]
    assert "穹頂鷺亭" in names(new_words([*OTHERS, *texts], 6))


def test_what_rules_or_editors_know_already_is_not_proposed() -> None:
    stories = [article(f"urn:n:{n}", "快訊", text) for n, text in enumerate(ABOUT)]
    found = new_words([*ABOUT, *OTHERS], 5)
    corpus = Corpus()
    assert "穹頂鷺亭" in names(list(unknown(found, stories, corpus)))
    corpus.vocabulary = Vocabulary.parse("[[term]]\nlabel = '穹頂鷺亭'\nnever = true", "v.toml")
    assert list(unknown(found, stories, corpus)) == []


def test_a_name_that_the_engine_finds_is_not_proposed() -> None:
    texts = [text.replace("穹頂鷺亭", "穹鷺半導體公司") for text in ABOUT]
    stories = [article("urn:n:1", "快訊", "穹鷺半導體公司昨天宣布擴廠。")]
    found = new_words([*texts, *OTHERS], 5)
    assert found
    assert list(unknown(found, stories, Corpus())) == []


PARTS = st.sampled_from(["穹瀲", "鷺亭", "鷺亭", "，", "甪", "巒", "鳶", "霽", "澗", "渚"])


@given(st.lists(st.lists(PARTS, max_size=20).map("".join), max_size=30), st.integers(2, 4))
@example([f"{one}鷺亭{two}" for one, two in zip("甪巒鳶霽", "霽鳶澗巒", strict=True)], 2)
def test_figures_are_true_and_every_proposal_is_in_enough_texts(
    texts: list[str], least: int
) -> None:
    texts = [*OTHERS, *texts]
    starts = [(t, at) for t, text in enumerate(texts) for at in range(len(text))]
    for word in new_words(texts, least):
        said = [(t, at) for t, at in starts if texts[t].startswith(word.name, at)]
        assert word.times == len(said)
        assert word.articles == len({t for t, _ in said}) >= least
        assert word.first == said[0][0]
