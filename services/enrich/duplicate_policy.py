"""RULE: what becomes of an article that repeats an earlier one; each source may have its own way.

policy     what happens
link       it is published, and says which article it repeats (`duplicate_of`)
publish    it is published as a story of its own
drop       it is not published; its timeline says why. Never an article readers have already:
a new version of what was published goes on
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from services.enrich.known import Known
from shared.article import Article
from shared.errors import Misconfigured

Policy = Literal["link", "publish", "drop"]


@dataclass(frozen=True)
class DuplicatePolicy:
    """The way of all sources, and of some by name."""

    usual: Policy
    of_source: Mapping[str, Policy]

    def __call__(self, article: Article, before: Known | None) -> Article | None:
        """The article to pass on, or None. `before` = what was known of it until now."""
        if article.duplicate_of is None:
            return article
        policy = self.of_source.get(article.source, self.usual)
        if policy == "publish":
            return article.model_copy(update={"duplicate_of": None})
        is_new = before is None or before.cluster != article.uri
        return None if policy == "drop" and is_new else article


def policy_of(usual: str, sources: Iterable[str]) -> DuplicatePolicy:
    """Read the settings: a policy, and entries `SOURCE=POLICY`. Raises Misconfigured."""
    found = dict(entry.rpartition("=")[::2] for entry in sources)
    for source, policy in {"": usual, **found}.items():
        if policy not in get_args(Policy):
            name = f"duplicate_sources {source}" if source else "duplicates"
            raise Misconfigured(f"[enrich] {name}: {policy!r} is not link, publish or drop")
    return DuplicatePolicy(cast("Policy", usual), cast("dict[str, Policy]", found))
