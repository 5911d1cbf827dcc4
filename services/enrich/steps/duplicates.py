"""Whether an earlier article says the same in nearly the same words.

A finding, not a decision: what to do with duplicates is the newsroom's to say.
"""

from math import inf

from services.enrich.corpus import Corpus
from services.enrich.known import Known
from services.enrich.step import Findings
from shared.article import Article

after: tuple[str, ...] = ()


def find(article: Article, corpus: Corpus) -> Findings:
    """Find the first of the articles that this one repeats."""
    if article.duplicate_of:
        return {}
    own = corpus.get(article.uri)
    sequence = own.sequence if own else inf
    mine = _age(article.date_published.timestamp() if article.date_published else inf, sequence)
    earlier = [twin for twin, _ in corpus.twins(article) if _age_of(twin) < mine]
    if not earlier:
        return {}
    first = min(earlier, key=_age_of)
    root = corpus.get(first.cluster)
    uri = first.cluster if root and root.row is not None else first.uri
    return {"duplicate_of": uri} if uri != article.uri else {}


def _age(published: float, sequence: float) -> tuple[float, float]:
    """Earlier published is earlier; without a date, the order of arrival decides."""
    return published, sequence


def _age_of(twin: Known) -> tuple[float, float]:
    return _age(twin.published.timestamp() if twin.published else inf, twin.sequence)
