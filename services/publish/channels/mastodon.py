"""Mastodon, and servers that speak its API: Takahē, GoToSocial, Pleroma and others.

https://docs.joinmastodon.org/methods/statuses/

    GET    /api/v2/instance                   how long a post may be there, once in a while
    POST   /api/v2/media                      a picture, before its post
    POST, PUT, DELETE  /api/v1/statuses[/id]  the post
    GET    /api/v1/statuses/id                a look at it
    GET    /api/v1/accounts/id/statuses       a look for it

The Idempotency-Key is sent and not trusted: some servers ignore it, and Mastodon itself keeps it
only after the post is there. So a call without an answer is followed by a look. Every server makes
the card by itself, from the page behind the link.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import httpx
from pydantic import SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Layout, Limit, Story
from services.publish.posts.counting import count_graphemes, count_mastodon
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.mastodon_server import (
    Limits,
    lacking,
    limits,
    links_to,
    made_at,
    statuses,
)
from services.publish.social.multipart import multipart
from services.publish.social.pictures import Fetched, fetched, picture_of
from services.publish.social.requests import (
    JSON,
    Clock,
    as_json,
    ask,
    call,
    json_request,
    now_ms,
    preparing,
    read_reply,
    told,
)
from shared.article import Article, WebUrl
from shared.http import PublicClient, new_request

LIMITS_LAST_MS = 6 * 3_600_000
PAGE, MOST_PAGES = 40, 10
"""As many posts as a server takes in the minutes that a look goes back, and some more."""
POLLS, POLL_SECONDS = 5, 0.5
MOST_ALT = 1_500


class Settings(SocialSettings):
    """One account."""

    server: WebUrl
    """E.g. `https://mastodon.social`."""
    token: SecretStr
    """With the scopes read:accounts, read:statuses, write:statuses and write:media."""
    visibility: Literal["public", "unlisted", "private"] = "public"
    pictures: bool = True
    warn: tuple[str, ...] = ()
    """Sections and tags whose posts stand behind a warning with that word."""


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Mastodon":
    """The way to one account."""
    return Mastodon(settings, http, clock)


class Mastodon:
    """One account."""

    caps = Caps(idempotency="none", edits=True, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._server = settings.server.rstrip("/")
        self._http = http
        self._clock = clock
        self._limits, self._limits_until = Limits(), 0
        self._account_id = ""

    async def prepare(self) -> None:
        """Read what the server allows, every six hours. A server that does not say is Mastodon."""
        if self._clock() < self._limits_until:
            return
        try:
            async with preparing():
                answer = await self._ask(self._request("GET", "/api/v2/instance"))
            self._limits = limits(told(answer))
        except Unprepared as error:
            if error.outcome.verdict != "refused":
                raise
        self._limits_until = self._clock() + LIMITS_LAST_MS

    def render(self, announcement: Announcement) -> Rendered:
        """The status as it is sent, but for the ids of its pictures."""
        article, allowed = announcement.article, self._limits
        if announcement.op == "kill":
            return Rendered(as_json({"status": notice_of(article), "media_ids": []}), JSON)
        story = story_of(
            article, announcement.url, first=announcement.first, most_tags=self._settings.tags
        )
        warning = _warning(article, self._settings.warn)
        room = allowed.characters - count_graphemes(warning)
        status = {
            "status": write(
                story,
                _layout(story),
                Limit(count_mastodon(allowed.address), room),
                template=self._settings.template,
                section=article.section,
            ),
            "visibility": self._settings.visibility,
            "language": story.language.partition("-")[0].lower(),
            "spoiler_text": warning,
            "sensitive": bool(warning),
        }
        picture = picture_of(article) if self._settings.pictures else None
        return Rendered(as_json(status), JSON, picture)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Make the post, with its picture if that can be had. Raises what `shared.http` lists."""
        return await self._write("POST", "/api/v1/statuses", post, key)

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Change it, with its picture as it is now."""
        return await self._write("PUT", f"/api/v1/statuses/{remote_id}", post, key)

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        return await call(self._http, self._request("DELETE", f"/api/v1/statuses/{remote_id}"))

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look at a post, or among the latest of the account for those that link to `url`."""
        if not remote_id:
            return await self._found(url, since)
        answer = await call(self._http, self._request("GET", f"/api/v1/statuses/{remote_id}"))
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            return Outcome("missing")
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask who we are, and what the token may do. Raises Unprepared with what it may not."""
        answer = await call(self._http, self._request("GET", "/api/v1/accounts/verify_credentials"))
        if answer.is_success:
            app = await call(self._http, self._request("GET", "/api/v1/apps/verify_credentials"))
            if missing := lacking(told(app).get("scopes")):
                reason = f"the token lacks {', '.join(missing)}"
                raise Unprepared(Outcome("stopped", reason, reached=False))
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """Some servers answer 400 to a bad token, where Mastodon has 401."""
        outcome = read_reply(answer, op, self._clock())
        said = told(answer)
        if outcome.verdict == "refused" and "token" in str(said.get("error", "")).lower():
            return replace(outcome, verdict="stopped")
        name = said.get("id") if outcome.verdict == "done" else None
        return replace(outcome, remote_id=name) if isinstance(name, str) else outcome

    async def _write(self, method: str, path: str, post: Rendered, key: str) -> httpx.Response:
        status = json.loads(post.body)
        if uploaded := await self._uploaded(post):
            status["media_ids"] = [uploaded]
        headers = {"idempotency-key": key}
        return await call(self._http, self._request(method, path, as_json(status), headers))

    async def _uploaded(self, post: Rendered) -> str:
        """The id of the uploaded picture; "" when there is none, or it cannot be had in time."""
        try:
            async with preparing():
                picture = await fetched(self._http, post.picture)
                return await self._upload(picture) if picture else ""
        except Unprepared:
            return ""

    async def _upload(self, picture: Fetched) -> str:
        fields = {"description": picture.alt[:MOST_ALT]} if picture.alt else {}
        body, media_type = multipart(fields, "file", picture.media_type, picture.content)
        headers = {"content-type": media_type, "authorization": f"Bearer {self._token}"}
        request = new_request("POST", self._server + "/api/v2/media", headers=headers, content=body)
        answer = await self._ask(request)
        name = str(told(answer).get("id", ""))
        for _ in range(POLLS):
            if answer.status_code == httpx.codes.OK:
                return name
            await asyncio.sleep(POLL_SECONDS)
            answer = await self._ask(self._request("GET", f"/api/v1/media/{name}"))
        return ""

    async def _found(self, url: str, since: int) -> Outcome:
        if not self._account_id:
            me = self._request("GET", "/api/v1/accounts/verify_credentials")
            self._account_id = str(told(await self._ask(me)).get("id", ""))
        path = f"/api/v1/accounts/{self._account_id}/statuses?limit={PAGE}&exclude_reblogs=true"
        names: list[str] = []
        older = ""
        for _ in range(MOST_PAGES):
            answer = await call(self._http, self._request("GET", path + older))
            if (outcome := self.classify(answer, "put")).verdict != "done":
                return outcome
            page = statuses(answer.content)
            if page is None:
                return Outcome("retry", "the posts cannot be read")
            recent = [status for status in page if made_at(status) >= since]
            names += [str(status["id"]) for status in recent if links_to(status, url)]
            if len(page) < PAGE or len(recent) < len(page):
                there = Outcome("there", remote_id=" ".join(names))
                return there if names else Outcome("missing")
            older = f"&max_id={page[-1]['id']}"
        return Outcome("broken", f"more than {PAGE * MOST_PAGES} posts to look through")

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        return await ask(self._http, request, lambda answer: self.classify(answer, "put"))

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Request:
        url = self._server + path
        return json_request(method, url, body, token=self._token, headers=headers)

    @property
    def _token(self) -> str:
        return self._settings.token.get_secret_value()


def _layout(story: Story) -> Layout:
    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        last = "\n".join(filter(None, (" ".join(tags), story.url)))
        return "\n\n".join(filter(None, (headline, summary, last)))

    return layout


def _warning(article: Article, words: Sequence[str]) -> str:
    """The first of the words that the story is filed or tagged under."""
    filed = {article.section, *(tag.name for tag in article.tags)}
    return next((word for word in words if word in filed), "")
