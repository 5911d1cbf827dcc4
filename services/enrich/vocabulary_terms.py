"""RULE: where a text names what the editors' vocabulary knows, each time by its longest name."""

from collections.abc import Iterator, Sequence

from services.enrich.judgement import IN_VOCABULARY
from services.enrich.named import Named, Span
from services.enrich.vocabulary import PREFIX_CHARS, Term, Vocabulary
from services.enrich.words import Text
from shared.article import Tag

MAX_DEMANDED = 8


def terms_in(text: Text, vocabulary: Vocabulary) -> list[tuple[Term, list[Span]]]:
    """The terms that a text names, first by first, each with its spans; no two spans overlap."""
    found: dict[str, tuple[Term, list[Span]]] = {}
    for start, end, term in _mentions(text, vocabulary) if vocabulary.term else ():
        found.setdefault(term.label, (term, []))[1].append((start, end))
    return list(found.values())


def named_in(text: Text, vocabulary: Vocabulary, taken: Sequence[Span]) -> Iterator[Named]:
    """The terms as names, where they are no part of a longer name at a `taken` span."""
    for term, spans in terms_in(text, vocabulary):
        apart = tuple(span for span in spans if not _lies_in(span, taken))
        if apart and not term.never:
            yield Named(text.folded[slice(*apart[0])], term.kind, apart, IN_VOCABULARY)


def demanded_in(text: Text, vocabulary: Vocabulary) -> tuple[Tag, ...]:
    """The terms that must be tags, in the order of the vocabulary."""
    named = {term.label: spans[0] for term, spans in terms_in(text, vocabulary)}
    demanded = (one for one in vocabulary.term if one.always and not one.never)
    tags = [_tag(text, one, named[one.label]) for one in demanded if one.label in named]
    return tuple(tags[:MAX_DEMANDED])


def _tag(text: Text, term: Term, span: Span) -> Tag:
    evidence = f"{IN_VOCABULARY}，文中作「{text.surface[slice(*span)]}」"
    return Tag(name=term.label, kind=term.kind, evidence=evidence, creator="wiredesk")


def _mentions(text: Text, vocabulary: Vocabulary) -> Iterator[tuple[int, int, Term]]:
    """Yield (start, end, term), at each place the longest name that stands there."""
    folded, by_prefix, at = text.folded, vocabulary.by_prefix, 0
    while at < len(folded):
        names = by_prefix.get(folded[at : at + PREFIX_CHARS], ())
        said = next((one for one in names if _stands_at(folded, one[0], at)), None)
        if said:
            yield at, at + len(said[0]), said[1]
        at += len(said[0]) if said else 1


def _stands_at(folded: str, name: str, at: int) -> bool:
    """Whether a folded name stands there; one in Latin letters only as a word of its own."""
    if not folded.startswith(name, at):
        return False
    before, first, last = folded[at - 1 : at], name[0], name[-1]
    after = folded[at + len(name) : at + len(name) + 1]
    return not (_one_word(before, first) or _one_word(last, after))


def _one_word(left: str, right: str) -> bool:
    pair = left + right
    return len(pair) > 1 and pair.isascii() and pair.isalnum()


def _lies_in(span: Span, longer: Sequence[Span]) -> bool:
    """Whether it is a part of one of them, and not the whole."""
    return any(s <= span[0] and span[1] <= e and (s, e) != span for s, e in longer)
