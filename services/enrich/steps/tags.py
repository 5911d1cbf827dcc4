"""What an article is about: three to eight tags, each with its kind, score and evidence.

The newsroom's own tags come first and stay as they are. To them are added the names and phrases
that the text leans on most, no two that say the same, and none that is a piece of another.
"""

from collections.abc import Iterator

from services.enrich.candidates import candidates_of
from services.enrich.corpus import Corpus
from services.enrich.folding import fold, key, key_of_folded
from services.enrich.judgement import Candidate
from services.enrich.names import names_of
from services.enrich.step import Findings
from services.enrich.vocabulary import Vocabulary
from services.enrich.vocabulary_terms import demanded_in
from services.enrich.words import Text, read
from shared.article import Article, Tag, TagKind

after: tuple[str, ...] = ("language",)

FEWEST, MOST = 3, 8
CUT_OFF = 0.65
"""A tag beyond the fewest is at least as likely as this share of the likeliest."""
NEARLY = 0.8


def find(article: Article, corpus: Corpus) -> Findings:
    """Find tags. Those of the newsroom stay first; the vocabulary's follow, then the rest."""
    text = read(article)
    found = candidates_of(text, names_of(article, text, corpus), corpus)
    fixed = demanded_in(text, corpus.vocabulary)
    tags = _chosen(text, (*article.tags, *fixed), found, corpus.vocabulary)
    taken = {key(tag.name) for tag in article.tags}
    wanted = (tag for tag in fixed if key(tag.name) not in taken)
    return {"tags": (*article.tags, *wanted, *tags)}


def _whole(text: Text, found: list[Candidate]) -> Iterator[Candidate]:
    """Leave out a phrase where a longer one that holds it weighs nearly as much."""
    names = [text.folded[one.start : one.end] if one.kind == "topic" else "" for one in found]
    end = 0
    for name, one in zip(names, found, strict=True):
        while end < len(found) and found[end].weight >= NEARLY * one.weight:
            end += 1
        holders = names[:end] if one.kind == "topic" else ()
        if not any(name in other and name != other for other in holders):
            yield one


def _chosen(
    text: Text, given: tuple[Tag, ...], found: list[Candidate], vocabulary: Vocabulary
) -> Iterator[Tag]:
    taken = [(key(tag.name), fold(tag.name), tag.kind) for tag in given]
    heaviest = 0.0
    for one in _whole(text, found):
        heaviest = heaviest or one.weight
        is_enough = len(taken) >= FEWEST and one.weight < CUT_OFF * heaviest
        if is_enough or len(taken) >= MOST:
            return
        folded = text.folded[one.start : one.end]
        term = vocabulary.term_of(folded)
        if term and term.never:
            continue
        kind, label = (term.kind, term.label) if term else (one.kind, "")
        identity = key(label) if label else key_of_folded(folded), folded, kind
        if not any(_clash(identity, other) for other in taken):
            taken.append(identity)
            yield Tag(
                name=label or " ".join(text.surface[one.start : one.end].split()),
                kind=kind,
                score=round(one.weight, 3),
                evidence=_evidence(text, one),
                creator="wiredesk",
            )


def _clash(one: tuple[str, str, TagKind], other: tuple[str, str, TagKind]) -> bool:
    """Whether one is the other or a part of it.

    A place may be a part of other names, and so may a topic of the headline (`pieces.py`): 柔道
    beside 柔道總會.
    """
    if one[0] == other[0]:
        return True
    kinds = {one[2], other[2]}
    is_apart = len(kinds) > 1 and not kinds.isdisjoint(("place", "topic"))
    return not is_apart and (one[1] in other[1] or other[1] in one[1])


def _evidence(text: Text, candidate: Candidate) -> str:
    where = "見於標題" if candidate.start < text.head else "見於內文"
    return f"{candidate.evidence}，{where}，共 {candidate.times} 次"
