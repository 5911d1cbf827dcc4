"""What we know of past articles: term counts, a search index, near-duplicates, and who is who.

Held in the memory of one process and rebuilt by remembering every stored article again. It is
fenced like every other store: an older version never replaces a newer one, and a killed story stays
out until it is reinstated with a higher version.
"""

from dataclasses import replace
from datetime import datetime
from textwrap import shorten

import numpy as np
from numpy.typing import NDArray

from services.enrich.folding import key
from services.enrich.frequencies import Frequencies
from services.enrich.grams import grams_of
from services.enrich.known import Known, KnownArticles
from services.enrich.postings import Postings
from services.enrich.roster import Roster
from services.enrich.sketches import Sketches, sketch_of
from services.enrich.vocabulary import EMPTY
from services.enrich.words import Hashes, Text, hashes_of, read
from shared.article import Article, PubStatus

Counts = NDArray[np.float32]
Idf = NDArray[np.float64]

QUERY_TERMS = 30
ALIKE = 10
"""Articles judged as copies because they are alike, whether or not they share a band."""
LEAST_LIKE = 0.01
"""Likeness below which nothing is worth being looked at."""
INDEXED_TERMS = 50
"""Of each article; pruning to 50 costs no measurable quality, to 24 it does."""
SATURATION, LENGTH_SHARE = 1.2, 0.5
"""The k1 and b of BM25."""
TOPIC_COUNT = 3
"""A tag counts like a word found three times."""
TOPIC = np.uint64(0x5851F42D4C957F2D)
"""Keeps the term of a tag apart from the term of the same word."""
LEAD_CHARS = 400
"""A phrase is counted when it stands in the lead, or twice: the rest is mostly chance."""
EXCERPT_CHARS, SPACED_EXCERPT_CHARS = 80, 160
RANK: dict[PubStatus, int] = {"usable": 0, "withheld": 1, "canceled": 2}


class Corpus:
    """Past articles, by uri. `freshness_days` = half-life of related links, 0 for none."""

    def __init__(self, freshness_days: int = 0) -> None:
        self.roster = Roster()
        self.vocabulary = EMPTY
        self.freshness_days = freshness_days
        self._known = KnownArticles()
        self._only_counted: set[str] = set()
        self._counted = 0
        self._uris: list[str] = []
        self._frequencies = Frequencies()
        self._postings = Postings()
        self._sketches = Sketches()
        self._terms_of_all = 0
        self._findable = 0
        self._expiring: dict[str, datetime] = {}
        self._asked: tuple[Text, list[tuple[int, float]]] | None = None
        """The last question of `twins` and its answer: two steps ask it, one after the other."""

    def __len__(self) -> int:
        """How many articles can be found."""
        return self._findable

    def get(self, uri: str) -> Known | None:
        """What is known of an article, also of one that was withdrawn."""
        return self._known.get(uri)

    def idf(self, terms: Hashes) -> Idf:
        """How telling each term is: see `Frequencies.idf`."""
        return self._frequencies.idf(terms)

    def expected(self, terms: Hashes) -> Idf:
        """How common each term is in the language: see `Frequencies.expected`."""
        return self._frequencies.expected(terms)

    def seen_before(self, terms: Hashes) -> Idf:
        """How many other articles held each term of an article that was counted itself."""
        return np.maximum(self._frequencies.seen(terms) - 1, 0)

    def learn(self, article: Article) -> None:
        """Count the terms of an article, once in its life: corrections must not make it common."""
        is_counted = article.uri in self._known or article.uri in self._only_counted
        if is_counted or article.pubstatus != "usable":
            return
        self._only_counted.add(article.uri)
        self._counted += 1
        text = read(article)
        grams = grams_of(text)
        telling = (grams.starts < text.head + LEAD_CHARS) | (grams.counts > 1)
        self._frequencies.count(np.union1d(text.terms[0], grams.hashes[telling]))
        self._terms_of_all += len(text.terms[0])

    def remember(self, article: Article) -> bool:
        """Keep an enriched article, or take a withdrawn one out.

        Returns False, and changes nothing, when a later version or a kill stands against it.
        """
        known = self._known.get(article.uri)
        if known and not _replaces(article, known):
            return False
        told = self._described(article, known.sequence if known else len(self._known))
        if told != known:
            self._asked = None
            self._forget(known)
            self._expiring.pop(article.uri, None)
            if article.pubstatus == "usable" and article.expires:
                self._expiring[article.uri] = article.expires
            self.learn(article)
            if known is None:
                self.roster.learn(article.uri, article.tags)
            self._known.put(self._indexed(article, told))
            self._only_counted.discard(article.uri)
        return True

    def let_expire(self, now: datetime) -> None:
        """Take out what is news no longer: it is known, and not found. Cheap to call often."""
        for uri in [uri for uri, when in self._expiring.items() if when <= now]:
            del self._expiring[uri]
            known, self._asked = self._of(uri), None
            self._forget(known)
            self._known.put(replace(known, row=None))

    def nearest(self, article: Article, limit: int) -> list[tuple[Known, float]]:
        """The articles most like this one: (article, likeness 0 to 1), best first, never itself."""
        others = ((self._uris[row], like) for row, like in self._nearest_rows(article, limit + 1))
        return [(self._of(uri), like) for uri, like in others if uri != article.uri][:limit]

    def _nearest_rows(self, article: Article, limit: int) -> list[tuple[int, float]]:
        terms, counts, idf = self._terms(read(article), _topics(article))
        importance = (np.log1p(counts) * idf).astype(np.float32)
        query = np.argsort(-importance, kind="stable")[:QUERY_TERMS]
        own = float((importance * self._weights(counts))[query].sum())
        least = LEAST_LIKE * own
        found = self._postings.search(terms[query], importance[query], limit, least)
        return [(row, min(score / own, 1.0)) for row, score in found]

    def twins(self, article: Article) -> list[tuple[Known, float]]:
        """The near-duplicates of this article: (article, containment), never itself."""
        text = read(article)
        if self._asked is None or self._asked[0] is not text:
            likely = [row for row, _ in self._nearest_rows(article, ALIKE)]
            self._asked = text, self._sketches.twins(sketch_of(text), likely)
        others = ((self._uris[row], share) for row, share in self._asked[1])
        return [(self._of(uri), share) for uri, share in others if uri != article.uri]

    def _of(self, uri: str) -> Known:
        known = self._known.get(uri)
        if known is None:
            raise KeyError(uri)
        return known

    def _forget(self, known: Known | None) -> None:
        if known and known.row is not None:
            self._findable -= 1
            self._postings.remove(known.row)
            self._sketches.remove(known.row)

    def _indexed(self, article: Article, told: Known) -> Known:
        if article.pubstatus != "usable":
            return told
        text, row = read(article), len(self._uris)
        self._uris.append(article.uri)
        self._findable += 1
        terms, counts, idf = self._terms(text, told.topics)
        weights = self._weights(counts)
        kept = np.argsort(-weights * idf, kind="stable")[:INDEXED_TERMS]
        self._postings.add(row, terms[kept], weights[kept])
        self._sketches.add(row, sketch_of(text))
        return replace(told, row=row)

    def _described(self, article: Article, sequence: int) -> Known:
        if article.pubstatus != "usable":
            return Known(article.uri, article.version, article.pubstatus, sequence)
        return Known(
            uri=article.uri,
            version=article.version,
            pubstatus="usable",
            sequence=sequence,
            words=hash((article.headline, article.body_text, article.description)),
            published=article.date_published,
            headline=article.headline,
            excerpt=_excerpt(article),
            topics=_topics(article),
            cluster=self._cluster(article),
            story=article.story or article.uri,
        )

    def _cluster(self, article: Article) -> str:
        first = self._known.get(article.duplicate_of or "")
        return (first.cluster if first else article.duplicate_of) or article.uri

    def _weights(self, counts: Counts) -> Counts:
        average = self._terms_of_all / max(self._counted, 1) or 1.0
        length = 1 - LENGTH_SHARE + LENGTH_SHARE * len(counts) / average
        return (counts * (SATURATION + 1) / (counts + SATURATION * length)).astype(np.float32)

    def _terms(self, text: Text, topics: frozenset[str]) -> tuple[Hashes, Counts, Idf]:
        """What an article is searched and found by: terms, how often, and how telling each is."""
        terms, counts = text.terms
        if not topics:
            return terms, counts, self.idf(terms)
        names = hashes_of(sorted(topics))
        return (
            np.concatenate((terms, names ^ TOPIC)),
            np.concatenate((counts, np.full(len(names), TOPIC_COUNT, np.float32))),
            self.idf(np.concatenate((terms, names))),
        )


def _replaces(article: Article, known: Known) -> bool:
    if known.pubstatus == "canceled" and article.pubstatus != "canceled":
        return article.reinstate and article.version > known.version
    newer = (article.version, RANK[article.pubstatus])
    return newer >= (known.version, RANK[known.pubstatus])


def _topics(article: Article) -> frozenset[str]:
    return frozenset(key(tag.name) for tag in article.tags)


def _excerpt(article: Article) -> str:
    lead = " ".join((article.description or article.body_text[:1_000]).split())
    if not Text(lead).ideographic.any():
        return shorten(lead, SPACED_EXCERPT_CHARS, placeholder="…")
    return lead if len(lead) <= EXCERPT_CHARS else f"{lead[: EXCERPT_CHARS - 1]}…"
