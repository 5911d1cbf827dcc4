"""What a step of enrichment is: one file in `steps/`, with `after` and `find`.

    after: tuple[str, ...] = ("language",)     the steps whose findings it reads

    def find(article: Article, corpus: Corpus) -> Findings: ...

`find` only reads, and returns the same for the same article and corpus. The article it is given
already carries what the steps before it found.
"""

from typing import Protocol, TypedDict

from services.enrich.corpus import Corpus
from shared.article import Article, RelatedLink, Subject, Tag


class Findings(TypedDict, total=False):
    """What a step adds to the article; the keys are fields of `Article`."""

    language: str
    tags: tuple[Tag, ...]
    subjects: tuple[Subject, ...]
    related: tuple[RelatedLink, ...]
    duplicate_of: str
    story: str


class Step(Protocol):
    """One thing to find out about an article."""

    @property
    def after(self) -> tuple[str, ...]:
        """The names of the steps that come first."""
        ...

    def find(self, article: Article, corpus: Corpus) -> Findings:
        """Find it out."""
        ...
