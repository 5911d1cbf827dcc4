"""The editors' vocabulary wins over what is found by rule; its file is followed."""

import os
from pathlib import Path

import pytest

from services.enrich.corpus import Corpus
from services.enrich.pipeline import Pipeline
from services.enrich.vocabulary import Vocabulary
from services.enrich.vocabulary_file import VocabularyFile
from shared.article import Article, Tag
from shared.errors import Misconfigured
from tests.enrich.samples import CHIPS, HARBOUR, STEPS, article, tag_names

TSMC = """
[[term]]
label = "台積電"
aliases = ["TSMC", "台灣積體電路製造"]
kind = "organisation"
always = true
"""


def tagged(vocabulary: str, body: str, **fields: object) -> Article:
    corpus = Corpus()
    corpus.vocabulary = Vocabulary.parse(vocabulary, "vocabulary.toml")
    return Pipeline(corpus, STEPS).enrich(article("urn:n:1", "快訊", body, **fields))


def test_an_alias_is_shown_by_its_label_and_kind() -> None:
    tag = tagged(TSMC, "TSMC今天宣布擴廠，TSMC說訂單很滿。" + CHIPS).tags[0]
    assert (tag.name, tag.kind) == ("台積電", "organisation")
    assert "TSMC" in tag.evidence


def test_a_term_in_latin_letters_is_no_part_of_a_longer_word() -> None:
    assert "台積電" not in tag_names(tagged(TSMC, "新元件名為TSMCX，規格未公布。"))


SHINING = """[[term]]
label = "曜川"
aliases = ["曜川電"]
kind = "organisation"

[[term]]
label = "潮間帶廊道"
"""


def test_a_term_that_no_rule_would_find_is_a_tag_in_one_piece() -> None:
    body = "曜川電昨天說，曜川要在潮間帶廊道旁種樹，潮間帶廊道年底完工。"
    assert ("曜川", "organisation") not in {(t.name, t.kind) for t in tagged("", body).tags}
    found = {(tag.name, tag.kind): tag for tag in tagged(SHINING, body).tags}
    assert "編輯詞彙" in found["曜川", "organisation"].evidence
    assert "共 2 次" in found["曜川", "organisation"].evidence, "the alias counts"
    assert ("潮間帶廊道", "topic") in found
    assert not [name for name, _ in found if name != "潮間帶廊道" and name in "潮間帶廊道"]


def test_a_term_inside_a_longer_name_is_not_spoken_of() -> None:
    body = "曜川文教基金會昨天頒獎，曜川文教基金會董事長李賢義說，明年還有。" + CHIPS
    assert "曜川" not in tag_names(tagged(SHINING, body))


def test_a_blocked_name_is_no_tag_and_the_others_move_up() -> None:
    blocked = "[[term]]\nlabel = '陳明德'\nnever = true"
    assert "陳明德" in tag_names(tagged("", HARBOUR))
    names = tag_names(tagged(blocked, HARBOUR))
    assert "陳明德" not in names
    assert len(names) >= 3


def test_another_spelling_becomes_the_preferred_label() -> None:
    label = "[[term]]\nlabel = '港務公司'\naliases = ['臺灣港務公司']\nkind = 'organisation'"
    names = tag_names(tagged(label, HARBOUR))
    assert "港務公司" in names
    assert "臺灣港務公司" not in names


def test_a_tag_of_the_newsroom_stays_as_it_is_beside_the_vocabulary() -> None:
    given = (Tag(name="TSMC"),)
    enriched = tagged(TSMC, "台積電擴廠。" + CHIPS, tags=given)
    assert enriched.tags[:1] == given
    assert "台積電" not in tag_names(enriched), "one thing, one tag"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[term]]\nlabel_ = 'x'", "label_"),
        ("[[term", "not TOML"),
        ("[[term]]\nlabel = ''", "label"),
    ],
)
def test_a_mistake_is_refused_by_name(text: str, fault: str) -> None:
    with pytest.raises(Misconfigured, match=rf"v\.toml: .*{fault}"):
        Vocabulary.parse(text, "v.toml")


def test_a_changed_file_holds_at_once_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    file, corpus = tmp_path / "vocabulary.toml", Corpus()
    following = VocabularyFile(str(file), corpus)
    with pytest.raises(Misconfigured, match="cannot be read"):
        following.load()
    file.write_text(TSMC, "utf-8")
    following.load()
    assert corpus.vocabulary.term_of("tsmc")
    file.write_text("[[term]]\nlabel = 1", "utf-8")
    os.utime(file, (1, 1))
    with pytest.raises(Misconfigured, match="label"):
        following.load()
    assert corpus.vocabulary.term_of("TSMC")


def test_without_a_file_nothing_is_laid_down() -> None:
    corpus = Corpus()
    VocabularyFile("", corpus).load()
    assert corpus.vocabulary.term_of("台積電") is None
