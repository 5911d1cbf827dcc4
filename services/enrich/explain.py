"""RULE: why an article has these tags and links, and why the others lost.

`explained` enriches the article over a corpus without remembering it, and tells what was weighed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.enrich.candidates import candidates_of
from services.enrich.corpus import Corpus
from services.enrich.folding import fold
from services.enrich.judgement import Candidate
from services.enrich.names import names_of
from services.enrich.pipeline import Pipeline
from services.enrich.steps.related import MOST, why_not_shown
from services.enrich.words import read
from shared.article import Article

MOST_TERMS, MOST_RELATED = 30, 20


@dataclass(frozen=True)
class Term:
    """A candidate for a tag, and what became of it."""

    name: str
    kind: str
    weight: float
    evidence: str
    fate: str


@dataclass(frozen=True)
class Neighbour:
    """A candidate for a related link, and what became of it."""

    uri: str
    headline: str
    likeness: float
    fate: str


@dataclass(frozen=True)
class Explanation:
    """The article as enriched, with all that was weighed for it."""

    article: Article
    terms: tuple[Term, ...]
    neighbours: tuple[Neighbour, ...]
    copies: tuple[Neighbour, ...]


def explained(article: Article, pipeline: Pipeline) -> Explanation:
    """Weigh an article anew. The pipeline remembers it: use one that is thrown away."""
    corpus = pipeline.corpus
    enriched = pipeline.enrich(article)
    copies = (Neighbour(o.uri, o.headline, share, "copy") for o, share in corpus.twins(enriched))
    return Explanation(
        enriched,
        tuple(_terms(enriched, corpus)),
        tuple(_neighbours(enriched, corpus)),
        tuple(copies),
    )


def _terms(article: Article, corpus: Corpus) -> Iterator[Term]:
    text = read(article)
    found = candidates_of(text, names_of(article, text, corpus), corpus)
    for one in found[:MOST_TERMS]:
        name = " ".join(text.surface[one.start : one.end].split())
        fate = _fate(name, one, article, corpus)
        yield Term(name, one.kind, round(one.weight, 2), f"{one.evidence} ×{one.times}", fate)


def _fate(name: str, one: Candidate, article: Article, corpus: Corpus) -> str:
    term = corpus.vocabulary.term_of(name)
    if term and term.never:
        return "the vocabulary says never"
    shown = {fold(tag.name): tag for tag in article.tags}
    label = fold(term.label) if term else fold(name)
    if label in shown:
        return f"tag, score {shown[label].score}"
    near = [tag.name for key, tag in shown.items() if label in key or key in label]
    if near:
        return f"part of {near[0]}, or the other way round"
    return f"weight {one.weight:.2f} is too little beside the others"


def _neighbours(article: Article, corpus: Corpus) -> Iterator[Neighbour]:
    shown = {link.uri: link for link in article.related}
    copies = {known.uri for known, _ in corpus.twins(article)}
    excluded = set(corpus.vocabulary.links_of(article.uri).excluded)
    clusters = {known.cluster for uri in shown if uri and (known := corpus.get(uri))}
    for other, likeness in corpus.nearest(article, MOST_RELATED):
        if other.uri in shown:
            fate = f"link: {shown[other.uri].reason}"
        elif other.uri in copies:
            fate = "a copy of the article itself"
        elif other.uri in excluded:
            fate = "excluded by the vocabulary"
        elif other.cluster in clusters:
            fate = "a copy of one that is shown"
        else:
            fate = (
                why_not_shown(article, other, likeness)
                or f"{MOST} better or more various ones, or one story"
            )
        yield Neighbour(other.uri, other.headline, round(likeness, 3), fate)
