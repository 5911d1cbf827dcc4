"""The demonstration's followers: they look at the sandbox's wall, platform by platform."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

FEW = 8
"""Characters by which a headline is known again, where a platform cuts it."""
Post = Mapping[str, Any]


@dataclass(frozen=True)
class Platform:
    """What followers of one platform may expect."""

    name: str
    edits: bool
    deletes: bool


@dataclass
class Wall:
    """The wall at `client`, and the platforms on which there is an account."""

    client: httpx.AsyncClient
    platforms: Sequence[Platform]

    async def still_showing(self, headline: str) -> list[str]:
        """The platforms that could delete, and still show a story of this headline."""
        posts = await self._posts()
        return [
            one.name for one in self.platforms if one.deletes and _standing(posts, one, headline)
        ]

    async def uncorrected(self, headline: str) -> list[str]:
        """The platforms that can edit, and do not show the headline of a correction."""
        posts = await self._posts()
        return [
            one.name for one in self.platforms if one.edits and not _standing(posts, one, headline)
        ]

    async def silent(self) -> list[str]:
        """The platforms on which nothing stands."""
        posts = await self._posts()
        return [one.name for one in self.platforms if not _standing(posts, one, "")]

    async def counts(self) -> dict[str, str]:
        """What stands on each platform, what was edited and what was taken away."""
        return dict(_counts(await self._posts(), self.platforms))

    async def _posts(self) -> list[Post]:
        found: list[Post] = (await self.client.get("/-/posts")).json()
        return found


def _counts(posts: Sequence[Post], platforms: Sequence[Platform]) -> Iterator[tuple[str, str]]:
    for one in platforms:
        own = [post for post in posts if post["platform"] == one.name]
        edited = sum(bool(post["edited_at"]) for post in own)
        gone = sum(bool(post["deleted_at"]) for post in own)
        yield one.name, f"{len(own) - gone} posts, {edited} edited, {gone} taken away"


def _standing(posts: Sequence[Post], platform: Platform, headline: str) -> list[Post]:
    """Those of a platform that begin a headline so, in text, card or what was sent."""
    words = headline[:FEW]
    return [
        post
        for post in posts
        if post["platform"] == platform.name
        and not post["deleted_at"]
        and words in json.dumps(post, ensure_ascii=False)
    ]
