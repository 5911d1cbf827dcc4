"""Feeds are joined from fragments: one article in one format is rendered once, then remembered.

Joining is far cheaper than rendering, and one story stands in many feeds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from services.publish.live import LiveArticle, Site

Render = Callable[[Site, LiveArticle], str]
Fragment = Callable[[Site, LiveArticle], bytes]
MAX_FRAGMENTS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a fragment was made from. All of it is compared, so a stale fragment cannot be served.

    The hash looks at little, because hashing a whole article costs more than comparing it.
    """

    site: Site
    live: LiveArticle

    def __hash__(self) -> int:
        return hash((self.live.article.uri, self.live.article.version))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Seen):
            return NotImplemented
        return (self.live, self.site) == (other.live, other.site)


def remembered(render: Render) -> Fragment:
    """`render` in UTF-8, remembering the last 1024. It must depend on its arguments alone."""

    @lru_cache(MAX_FRAGMENTS)
    def fragment(seen: _Seen) -> bytes:
        return render(seen.site, seen.live).encode()

    return lambda site, live: fragment(_Seen(site, live))
