"""RULE: which tags the vocabulary demands of a text: terms marked `always` that it names."""

from services.enrich.folding import fold
from services.enrich.vocabulary import Vocabulary
from services.enrich.words import Text
from shared.article import Tag

MAX_DEMANDED = 8


def demanded_in(text: Text, vocabulary: Vocabulary) -> tuple[Tag, ...]:
    """The terms that must be tags, in the order of the vocabulary."""
    tags = []
    for term in vocabulary.term:
        if term.always and not term.never:
            said = next((n for n in (term.label, *term.aliases) if _stands_in(text, fold(n))), "")
            if said:
                evidence = f"編輯詞彙，文中作「{said}」"
                kind, name = term.kind, term.label
                tags.append(Tag(name=name, kind=kind, evidence=evidence, creator="wiredesk"))
    return tuple(tags[:MAX_DEMANDED])


def _stands_in(text: Text, name: str) -> bool:
    """Whether a folded name stands there; one in Latin letters only as a word of its own."""
    if not name.isascii():
        return name in text.folded
    at = text.folded.find(name)
    while at >= 0:
        before, after = text.folded[at - 1 : at], text.folded[at + len(name) : at + len(name) + 1]
        if not any(c.isascii() and c.isalnum() for c in (before, after)):
            return True
        at = text.folded.find(name, at + 1)
    return False
