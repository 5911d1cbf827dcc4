"""RULE: the byline as the newsroom wrote it, with the authors' names leading to their pages."""

import re
from dataclasses import dataclass

from services.publish.lists import slug_of
from services.publish.words import Words
from shared.article import Article


@dataclass(frozen=True, slots=True)
class BylinePart:
    """A piece of the byline. `path` is the page it leads to, or ""."""

    text: str
    path: str = ""


def byline_of(article: Article, words: Words) -> tuple[BylinePart, ...]:
    """The byline in pieces; authors it does not name stand at its end."""
    names = list(dict.fromkeys(author.name for author in article.authors))
    missing = words.between.join(name for name in names if name not in article.byline)
    whole = article.byline or (words.byline.format(missing) if missing else "")
    if article.byline and missing:
        whole += words.between + missing
    if not names:
        return (BylinePart(whole),) if whole else ()
    # The longest first, so that a name inside another name does not tear it.
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    pieces = re.split(f"({either})", whole)
    return tuple(_part(piece, names) for piece in pieces if piece)


def _part(piece: str, names: list[str]) -> BylinePart:
    slug = slug_of(piece) if piece in names else ""
    return BylinePart(piece, f"/author/{slug}/" if slug else "")
