"""RULE: the hashtag of a tag, such that every platform links the whole of it.

    台北捷運 -> #台北捷運     C-130運輸機 -> #C130運輸機     ＡＩ -> #AI     高雄·左營 -> #高雄左營
    1450 -> none: digits alone are linked nowhere

Compatibility forms are made plain (NFKC); whatever is no letter, mark, digit or underscore ends a
hashtag on one platform or the other, so it is taken out.
"""

from collections.abc import Iterable
from unicodedata import normalize

import regex

NOT_LINKED = regex.compile(r"[^\p{L}\p{M}\p{N}_]")
LETTER = regex.compile(r"\p{L}")


def hashtag(name: str) -> str:
    """`#` and the name as it is linked; empty when nothing of it would be."""
    linked = NOT_LINKED.sub("", normalize("NFKC", name))
    return f"#{linked}" if LETTER.search(linked) else ""


def hashtags(names: Iterable[str], most: int) -> tuple[str, ...]:
    """The first `most` different hashtags, in the order of the names."""
    found: dict[str, str] = {}
    for one in filter(None, map(hashtag, names)):
        found.setdefault(one.casefold(), one)
    return tuple(found.values())[:most]
