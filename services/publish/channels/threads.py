"""Threads: a container is made ready, which nobody sees, and then published.

https://developers.facebook.com/docs/threads/posts

    POST   /<user>/threads           a container of text, link and topic
    GET    /<container>              whether it is ready, or published already
    POST   /<user>/threads_publish   the post; the answer has its id
    DELETE /<post>                   takes it away, a hundred times a day
    GET    /<post>                   a look at it
    GET    /<user>/threads           a look for it

It knows no repetition. When the answer to publishing is lost, the container's state and the list of
posts say what became of it: only if both know nothing of it is it published again. Nothing can be
changed: a correction is a post more. Threads makes the card from the page behind the link.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit
from services.publish.posts.counting import count_threads
from services.publish.posts.story import notice_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.amended import story_or_amendment
from services.publish.social.graph_api import GraphApi, lacking
from services.publish.social.requests import JSON, Clock, as_json, now_ms, preparing, told, unseen
from services.publish.social.threads_containers import Containers
from services.publish.social.threads_quota import Quota
from services.publish.social.threads_token import LastingToken
from shared.article import WebUrl
from shared.http import PublicClient

MOST_CHARACTERS, MOST_LINKS, MOST_TOPIC = 500, 5, 50
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
POLLS, POLL_SECONDS = 4, 0.5
NEEDED = {
    "threads_content_publish": "quota_usage,config",
    "threads_delete": "delete_quota_usage,delete_config",
}
"""What a token must allow, and what can be read only with that."""


class Settings(SocialSettings):
    """One account."""

    token: SecretStr
    """A long-lived one with threads_basic, threads_content_publish and threads_delete."""
    user: Annotated[str, Field(pattern=r"^(me|\d{1,40})$")] = "me"
    tags: Annotated[int, Field(ge=0, le=8)] = 1
    """The first one is the topic; others are for templates."""
    address: WebUrl = "https://graph.threads.net"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Threads":
    """The way to one account."""
    return Threads(settings, http, clock)


class Threads:
    """One account."""

    caps = Caps(idempotency="none", edits=False, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._posts = f"{settings.user}/threads"
        address = settings.address.rstrip("/")
        self._token = LastingToken(http, address, settings.token.get_secret_value(), clock)
        self._api = GraphApi(http, f"{address}/v1.0", self._token.value, clock)
        self._left = Quota(self._api, settings.user, "", clock)
        self._deletes_left = Quota(self._api, settings.user, "delete_", clock)
        self._containers = Containers()

    def remember_in(self, memory: Memory) -> None:
        """Keep the token there, and containers."""
        self._token.memory = self._containers.memory = memory

    def render(self, announcement: Announcement) -> Rendered:
        """Text, link and topic. Raises Unsaid when a version is not worth a post more."""
        article, url = announcement.article, announcement.url
        if announcement.op == "kill":
            return Rendered(as_json({"media_type": "TEXT", "text": notice_of(article)}), JSON)

        def layout(headline: str, summary: str, tags: Sequence[str]) -> str:  # noqa: ARG001
            return "\n\n".join(filter(None, (headline, summary)))

        story = story_or_amendment(announcement, self._settings.tags)
        text = write(
            story,
            layout,
            Limit(count_threads, MOST_CHARACTERS),
            Limit(_count_links, MOST_LINKS - 1),
            template=self._settings.template,
            section=article.section,
            has_card=True,
        )
        container = {"media_type": "TEXT", "text": text, "link_attachment": url}
        topics = [tag[1:] for tag in story.hashtags if len(tag[1:]) <= MOST_TOPIC]
        return Rendered(as_json(container | ({"topic_tag": topics[0]} if topics else {})), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Publish a container of it. Raises Unprepared, and what `shared.http` lists."""
        await self._left.take()
        sent = json.loads(post.body)
        async with preparing():
            container = await self._ready(sent)
        publish = f"{self._settings.user}/threads_publish"
        answer = await self._api.call("POST", publish, {"creation_id": container})
        if answer.is_success:
            with suppress(Unprepared):  # the post is made, whatever is forgotten
                await self._containers.forget(sent["link_attachment"])
        return answer

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Never called: see `caps`."""
        raise NotImplementedError

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away. Raises Unprepared when the day's deletes are used up."""
        await self._deletes_left.take()
        return await self._api.call("DELETE", remote_id)

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look at a post, or among the latest of the account for those that link to `url`."""
        if remote_id:
            return await self._api.look(remote_id, self._posts)
        state = await self._state(await self._containers.of(url, self._clock()))
        if isinstance(state, Outcome):
            return state
        fields = "id,timestamp,link_attachment_url"
        found = await self._api.latest(
            self._posts, fields, since, lambda post: post.get("link_attachment_url") == url
        )
        if found.verdict == "missing" and state in ("PUBLISHED", "IN_PROGRESS"):
            return Outcome("retry", f"its container is {state}, and it is in no list yet")
        return found

    async def test(self) -> httpx.Response:
        """Ask who we are, and what the token may do. Raises Unprepared with what it may not."""
        answer = await self._api.call("GET", "me", fields="id,username")
        for permission, fields in NEEDED.items() if answer.is_success else ():
            path = f"{self._settings.user}/threads_publishing_limit"
            tried = self._api.read(await self._api.call("GET", path, fields=fields), "put")
            if tried.verdict in ("refused", "stopped"):
                raise lacking(f"the token lacks {permission} ({tried.error})")
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """A container that Threads does not know yet will be made anew."""
        outcome = self._api.read(answer, op)
        if outcome.verdict == "missing":
            return replace(outcome, verdict="retry")
        name = told(answer).get("id") if outcome.verdict == "done" else None
        return replace(outcome, remote_id=name) if isinstance(name, str) else outcome

    async def _ready(self, sent: dict[str, str]) -> str:
        """A container that can be published, kept already. Raises Unprepared."""
        made = told(await self._api.ask("POST", f"{self._settings.user}/threads", sent))
        container = str(made.get("id", ""))
        await self._containers.keep(sent["link_attachment"], container, self._clock())
        for _ in range(POLLS):
            state = await self._state(container)
            if isinstance(state, Outcome):
                raise Unprepared(unseen(state))
            if state == "FINISHED":
                return container
            if state == "ERROR":
                raise Unprepared(Outcome("refused", "Threads cannot use it", reached=False))
            await asyncio.sleep(POLL_SECONDS)
        raise Unprepared(Outcome("retry", "its container is not ready", reached=False))

    async def _state(self, container: str) -> str | Outcome:
        """Its own word for its state, "" when there is none; or what keeps one from knowing it."""
        if not container:
            return ""
        answer = await self._api.call("GET", container, fields="status,error_message")
        seen = self._api.read(answer, "put")
        if seen.verdict == "missing":
            return ""
        return str(told(answer).get("status", "")) if seen.verdict == "done" else seen


def _count_links(text: str) -> int:
    """Addresses in a text, each as often as it is there."""
    return len(LINK.findall(text))
