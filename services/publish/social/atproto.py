"""RULE: records of the AT Protocol: their names, their marked-up text, their bytes.

https://atproto.com/specs/tid, https://docs.bsky.app/docs/advanced-guides/post-richtext

A name is a TID: 13 signs for microseconds since 1970 and ten bits of the article's uri. It is made
once and kept, and the record's time is read from it, so every try sends the same record. Servers do
not check where the marks of a text begin and end: these are checked here.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from services.publish.posts.counting import ADDRESS, count_graphemes

ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
CLOCK_BITS, DIGIT_BITS = 10, 5
MOST_TAG_GRAPHEMES = 64
MICROSECONDS = 1_000_000
Record = dict[str, Any]


def tid(microseconds: int, uri: str) -> str:
    """The name of an article's post: sortable, the same on every try.

    >>> tid(1795413600123000, "article-20261123-001")
    '3n2xhaxsi5seu'
    """
    clock = int.from_bytes(sha256(uri.encode()).digest(), "big") & ((1 << CLOCK_BITS) - 1)
    number = microseconds << CLOCK_BITS | clock
    return "".join(ALPHABET[number >> shift & 31] for shift in range(60, -1, -DIGIT_BITS))


def name_of(uri: str, now: int) -> str:
    """A name for a new post, `now` in milliseconds; articles of one millisecond stay apart."""
    return tid(now * 1_000 + int.from_bytes(sha256(uri.encode()).digest()[:4], "big") % 1_000, uri)


def made_at(name: str) -> str:
    """The instant in a name, as records have it: `2026-11-23T06:00:00.123Z`."""
    number = 0
    for sign in name:
        number = number << DIGIT_BITS | ALPHABET.index(sign)
    when = datetime.fromtimestamp((number >> CLOCK_BITS) / MICROSECONDS, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def facets(text: str, hashtags: Iterable[str]) -> list[Record]:
    """The marks that make hashtags and addresses of the text lead somewhere, by UTF-8 bytes."""
    found = [
        _facet(text, match.span(), {"$type": "app.bsky.richtext.facet#tag", "tag": tag[1:]})
        for tag in hashtags
        if count_graphemes(tag) <= MOST_TAG_GRAPHEMES
        for match in re.finditer(rf"(?<!\S){re.escape(tag)}(?!\S)", text)
    ]
    found += [
        _facet(text, match.span(), {"$type": "app.bsky.richtext.facet#link", "uri": match.group()})
        for match in ADDRESS.finditer(text)
    ]
    return sorted(found, key=lambda facet: int(facet["index"]["byteStart"]))


def _facet(text: str, span: Sequence[int], feature: Record) -> Record:
    start, end = (len(text[:at].encode()) for at in span)
    marked = text.encode()[start:end].decode()  # raises where a character would be split
    if marked.lstrip("#") != (feature.get("tag") or feature.get("uri")):
        raise AssertionError(f"the mark of {feature} is about {marked}")
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
