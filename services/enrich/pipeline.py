"""The order of the steps, and what enrichment does with each kind of event.

A usable article goes through every step and is then remembered. A kill or a withhold passes
through unchanged, and takes the article out of what is known.
"""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from services.enrich.corpus import Corpus
from services.enrich.step import Step
from shared.article import Article, RelatedLink
from shared.errors import Misconfigured

RELATED = "related"
"""The step whose findings change when other articles come and go."""


class Pipeline:
    """Steps in order over one corpus.

    Raises `Misconfigured` when a step comes after one that is not there, or after itself.
    """

    def __init__(self, corpus: Corpus, steps: Mapping[str, Step]) -> None:
        self.corpus = corpus
        self.names = _ordered(steps)
        self._steps = {name: steps[name] for name in self.names}

    def enrich(self, article: Article) -> Article:
        """Return the article with what was found about it, and remember it.

        The same articles in the same order give the same result, in every process.
        """
        if article.pubstatus == "usable":
            self.corpus.learn(article)
            article = _as_received(article)
            for step in self._steps.values():
                article = article.model_copy(update=dict(step.find(article, self.corpus)))
        self.corpus.remember(article)
        return article

    def related(self, article: Article) -> tuple[RelatedLink, ...]:
        """The related links that an enriched article would be given now. Remembers nothing."""
        given = _given(article)
        bare = article.model_copy(update={"related": given})
        return self._steps[RELATED].find(bare, self.corpus).get("related", given)


def _as_received(article: Article) -> Article:
    """The article without what an earlier enrichment added."""
    return article.model_copy(
        update={
            "tags": tuple(tag for tag in article.tags if tag.creator == "newsroom"),
            "related": _given(article),
        }
    )


def _given(article: Article) -> tuple[RelatedLink, ...]:
    return tuple(link for link in article.related if link.creator == "newsroom")


def _ordered(steps: Mapping[str, Step]) -> tuple[str, ...]:
    for name, step in steps.items():
        missing = sorted(set(step.after) - set(steps))
        if missing:
            raise Misconfigured(f"steps/{name}.py comes after {missing[0]}, which is no step")
    try:
        return tuple(TopologicalSorter({name: steps[name].after for name in steps}).static_order())
    except CycleError as error:
        raise Misconfigured(f"steps come after each other: {' -> '.join(error.args[1])}") from error
