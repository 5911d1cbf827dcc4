"""Related links that are made anew: what enrich and publish tell each other about them.

    stirred   sorted set: articles whose links must be made anew, by how much calls for it. Each
              cause is written in the script that does what causes it, so that none is lost
    remade    hash: uri -> the links made anew, until they stand on the desk

Both are sets of what is still to be done, not streams: a hundred causes for one article are one
piece of work, and only its newest list is worth showing. Both are in the partition of the script
that writes them.
"""

from typing import Annotated

from pydantic import Field

from shared.article import MAX_VERSION, Part, RelatedLink, Uri

STIRRED = "stirred"
REMADE = "remade"
CHANGED, LOST = 1, 1_000
"""How much calls for a new list: a story that came or changed, and a link that is gone from it."""


class Remade(Part):
    """The related links of one version, made anew."""

    uri: Uri
    version: Annotated[int, Field(ge=1, le=MAX_VERSION)]
    number: Annotated[int, Field(ge=1)]
    """Of two lists of one article, the one with the higher number knows more."""
    links: tuple[RelatedLink, ...]
