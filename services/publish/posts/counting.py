"""RULE: how long is a text, in the unit of each platform?

    unit            counts                                                     platforms
    graphemes       what a reader calls one character (UAX #29)                Bluesky, Mastodon
    UTF-8 bytes                                                                Bluesky besides
    UTF-16 units    two for what lies above U+FFFF                             Telegram, LINE
    characters      code points; for Threads an emoji counts its UTF-8 bytes   Facebook, Discord
    X weight        Han and most others 2, Latin 1, an address 23, an emoji 2  X

Mastodon counts an address as so many characters as its server says, usually 23.
Sources: https://docs.joinmastodon.org/user/posting/, https://docs.bsky.app/docs/advanced-guides/posts,
https://core.telegram.org/api/entities, https://docs.x.com/fundamentals/counting-characters,
https://developers.facebook.com/docs/threads/overview.
"""

from collections.abc import Callable
from unicodedata import normalize

import regex

Count = Callable[[str], int]

X_ADDRESS = 23
X_LIGHT = ((0x0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Code points of weight 1 on X, from the third version of its configuration; others weigh 2."""
ADDRESS = regex.compile(r"(?<![A-Za-z0-9@＠$#＃\u202a-\u202e])https?://[!-~]+")
"""As X finds one: none begins in a Latin word, and it ends before what is not ASCII."""
GRAPHEME = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{RI}|[\uFE0F\u20E3©®]")


def graphemes(text: str) -> list[str]:
    """The text cut into what readers call characters: a family emoji is one, か with a mark is."""
    found: list[str] = GRAPHEME.findall(text)
    return found


def count_graphemes(text: str) -> int:
    """Their number."""
    return len(graphemes(text))


def count_utf8(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text.encode())


def count_utf16(text: str) -> int:
    """Units of the text in UTF-16."""
    return len(text) + sum(char > "\uffff" for char in text)


def count_x(text: str) -> int:
    """Weighted length on X, after NFC as X counts it."""
    rest, addresses = _without_addresses(normalize("NFC", text))
    return X_ADDRESS * addresses + sum(map(_x_weight, graphemes(rest)))


def count_threads(text: str) -> int:
    """Characters, but the UTF-8 bytes of an emoji."""
    return sum(count_utf8(one) if EMOJI.search(one) else len(one) for one in graphemes(text))


def count_mastodon(address: int) -> Count:
    """Graphemes, where every address counts as `address` characters."""

    def count(text: str) -> int:
        rest, addresses = _without_addresses(text)
        return address * addresses + count_graphemes(rest)

    return count


def _without_addresses(text: str) -> tuple[str, int]:
    rest, addresses = ADDRESS.subn("", text)
    return str(rest), int(addresses)


def _x_weight(grapheme: str) -> int:
    if EMOJI.search(grapheme):
        return 2
    return sum(1 if _is_light(ord(char)) else 2 for char in grapheme)


def _is_light(point: int) -> bool:
    return any(first <= point <= last for first, last in X_LIGHT)
