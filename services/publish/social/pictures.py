"""The picture of a post, as the newspaper serves it. Without it the news goes out all the same.

What kind a picture is, its first bytes say, not its server.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from services.publish.delivery.channel import Picture
from services.publish.social.shrink import MEDIA_TYPE, shrunk
from shared.article import Article
from shared.http import PublicClient, new_request

FETCH_SECONDS = 4.0
MOST_BYTES = 10_000_000
"""So much is fetched at most."""
KINDS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
}
"""What every platform takes."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A picture as it came."""

    content: bytes
    media_type: str
    alt: str


def picture_of(article: Article) -> Picture | None:
    """The picture above the text, else the first one; None when the article has no file of any."""
    found = [image for image in article.images if image.url]
    lead = next((image for image in found if image.role == "lead"), found[0] if found else None)
    if lead is None or lead.url is None:
        return None
    return Picture(lead.url, lead.alt or lead.caption)


async def fetched(
    http: PublicClient, picture: Picture | None, most_bytes: int = MOST_BYTES
) -> Fetched | None:
    """The picture, made smaller if it has to be; None when there is none, or not in time."""
    if picture is None:
        return None
    try:
        request = new_request("GET", picture.url)
        answer = await http.call(request, deadline_s=FETCH_SECONDS, max_answer=MOST_BYTES + 1)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return None
    media_type = _kind(answer.content)
    is_whole = answer.status_code == httpx.codes.OK and len(answer.content) <= MOST_BYTES
    if not (is_whole and media_type):
        return None
    if len(answer.content) <= most_bytes:
        return Fetched(answer.content, media_type, picture.alt)
    small = await asyncio.to_thread(shrunk, answer.content, most_bytes)
    return Fetched(small, MEDIA_TYPE, picture.alt) if small else None


def _kind(content: bytes) -> str:
    for head, media_type in KINDS.items():
        if content.startswith(head):
            return media_type
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""
