"""Bluesky, and any server of the AT Protocol: records of our own naming.

https://docs.bsky.app/docs/advanced-guides/posts

    com.atproto.repo.uploadBlob    the picture of the card, before its post
    com.atproto.repo.putRecord     the post; the same name and bytes again change nothing
    com.atproto.repo.getRecord     a look at it
    com.atproto.repo.deleteRecord  takes it away

The link stands in the card, which readers see because we send it: nobody else makes one. A changed
record is stored; whether the app shows the change is Bluesky's business.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit
from services.publish.posts.counting import count_graphemes, count_utf8
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.atproto import Record, facets, made_at, name_of
from services.publish.social.atproto_session import Session, is_expired
from services.publish.social.pictures import fetched, picture_of
from services.publish.social.requests import (
    JSON,
    Clock,
    as_json,
    now_ms,
    preparing,
    read_reply,
    told,
)
from shared.article import WebUrl
from shared.http import PublicClient

POST = "app.bsky.feed.post"
MOST_GRAPHEMES, MOST_BYTES = 300, 3_000
MOST_THUMB_BYTES = 1_000_000
CLOSED = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})


class Settings(SocialSettings):
    """One account."""

    service: WebUrl = "https://bsky.social"
    """Where the account lives."""
    identifier: Annotated[str, Field(min_length=1, max_length=253)]
    """Handle or DID."""
    password: SecretStr
    """An app password, not that of the account."""
    pictures: bool = True


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Bluesky":
    """The way to one account."""
    return Bluesky(settings, http, clock)


class Bluesky:
    """One account."""

    caps = Caps(idempotency="name", edits=True, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        password = settings.password.get_secret_value()
        self._session = Session(http, settings.service, settings.identifier, password, clock)

    def remember_in(self, memory: Memory) -> None:
        """Keep the login there."""
        self._session.memory = memory

    def name(self, uri: str, now: int) -> str:
        """A record key."""
        return name_of(uri, now)

    def render(self, announcement: Announcement) -> Rendered:
        """The record, but for its time, which its name has, and for the card's uploaded picture."""
        article = announcement.article
        if announcement.op == "kill":
            return Rendered(as_json({"$type": POST, "text": notice_of(article)}), JSON)

        def layout(headline: str, summary: str, tags: Sequence[str]) -> str:  # noqa: ARG001
            return "\n\n".join(filter(None, (headline, " ".join(tags))))

        story = story_of(
            article, announcement.url, first=announcement.first, most_tags=self._settings.tags
        )
        limits = Limit(count_graphemes, MOST_GRAPHEMES), Limit(count_utf8, MOST_BYTES)
        text = write(
            story,
            layout,
            *limits,
            template=self._settings.template,
            section=article.section,
            has_card=True,
        )
        card = {"uri": story.url, "title": story.headline, "description": story.summary}
        record: Record = {
            "$type": POST,
            "text": text,
            "langs": [story.language],
            "facets": facets(text, story.hashtags),
            "embed": {"$type": "app.bsky.embed.external", "external": card},
        }
        picture = picture_of(article) if self._settings.pictures else None
        return Rendered(as_json(record), JSON, picture)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Make the record of that name. Raises Unprepared, and what `shared.http` lists.

        When one of that name stands there already, an earlier try was not in vain: it becomes this.
        """
        put = await self._put(post, remote_id)
        answer = await self._session.post("com.atproto.repo.putRecord", {**put, "swapRecord": None})
        if told(answer).get("error") != "InvalidSwap":
            return answer
        stands = told(await self._look(remote_id))
        if _leads_to(stands.get("value")) != _leads_to(put["record"]):
            reason = "another post has this name"
            raise Unprepared(Outcome("refused", reason, reached=False))
        swap = {"swapRecord": stands.get("cid")}
        return await self._session.post("com.atproto.repo.putRecord", {**put, **swap})

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Put another record in its place."""
        put = await self._put(post, remote_id)
        return await self._session.post("com.atproto.repo.putRecord", put)

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        record = await self._record(remote_id)
        return await self._session.post("com.atproto.repo.deleteRecord", record)

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Whether a record of that name is there."""
        answer = await self._look(remote_id)
        if told(answer).get("error") == "RecordNotFound":
            return Outcome("missing")
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask who is logged in. Raises Unprepared when nobody can be."""
        return await self._session.get("com.atproto.server.getSession")

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """A 400 does not say what is wrong: its `error` does."""
        outcome = read_reply(answer, op, self._clock())
        if is_expired(answer) or told(answer).get("error") in CLOSED:
            return replace(outcome, verdict="stopped")
        return outcome

    async def _put(self, post: Rendered, name: str) -> Record:
        """What is sent: the record with its time, and with the picture if that can be had."""
        record: Record = json.loads(post.body)
        record["createdAt"] = made_at(name)
        if "embed" in record and (thumb := await self._uploaded(post)):
            record["embed"]["external"]["thumb"] = thumb
        return {**await self._record(name), "record": record}

    async def _record(self, name: str) -> Record:
        login = await self._session.login()
        return {"repo": login.did, "collection": POST, "rkey": name}

    async def _look(self, name: str) -> httpx.Response:
        return await self._session.get("com.atproto.repo.getRecord", **await self._record(name))

    async def _uploaded(self, post: Rendered) -> Any:  # noqa: ANN401  # a blob as the server names it
        """The uploaded picture; None when there is none, or it cannot be had in time."""
        await self._session.login()  # without it there is no post either
        try:
            async with preparing():
                picture = await fetched(self._http, post.picture, MOST_THUMB_BYTES)
                if picture is None:
                    return None
                answer = await self._session.upload(picture.media_type, picture.content)
                return told(answer).get("blob")
        except (Unprepared, httpx.HTTPError, OSError):
            return None


def _leads_to(record: object) -> object:
    """The address of the record's card."""
    try:
        return record["embed"]["external"]["uri"]  # type: ignore[index]
    except (KeyError, TypeError):
        return None
