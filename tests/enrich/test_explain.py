"""Why an article has its tags and links, and why the others lost."""

from services.enrich.explain import explained
from services.enrich.vocabulary import Vocabulary
from tests.enrich.samples import TRANSIT, article, newspaper, pipeline


def test_every_tag_and_link_is_explained_and_what_lost_says_why() -> None:
    pipe = pipeline()
    for story in newspaper():
        pipe.enrich(story)
    found = explained(newspaper()[2], pipe)
    tags = {tag.name for tag in found.article.tags}
    assert {one.name for one in found.terms if one.fate.startswith("tag")} == tags
    links = {link.uri for link in found.article.related}
    assert {one.uri for one in found.neighbours if one.fate.startswith("link")} == links
    assert all(one.fate and one.evidence for one in found.terms)
    assert all(one.fate for one in found.neighbours)


def test_copies_and_what_the_vocabulary_forbids_are_told() -> None:
    pipe = pipeline()
    never = "[[term]]\nlabel = '蔣萬安'\nnever = true"
    pipe.corpus.vocabulary = Vocabulary.parse(never, "vocabulary.toml")
    pipe.enrich(newspaper()[1])
    found = explained(article("urn:n:9", "視察萬大線", TRANSIT), pipe)
    assert [copy.uri for copy in found.copies] == ["urn:n:2"]
    assert {one.fate for one in found.terms if one.name == "蔣萬安"} == {
        "the vocabulary says never"
    }
    assert [one.fate for one in found.neighbours] == ["a copy of the article itself"]
