"""Discord: messages of a channel's webhook, edited and deleted by their id.

https://discord.com/developers/docs/resources/webhook

    POST   <url>?wait=true            the answer has the message's id
    PATCH  <url>/messages/<id>        changes it
    DELETE <url>/messages/<id>        takes it away
    GET    <url>/messages/<id>        shows it; that is how a kill is proven
    GET    <url>                      the webhook itself: a harmless test

The address is the secret: whoever knows it can write. A webhook knows no repetition and cannot look
for what it wrote, so a call without an answer waits for a person (`on_unknown`). Discord makes the
card from the page behind the link.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import httpx
from pydantic import AfterValidator, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.requests import (
    JSON,
    Clock,
    as_json,
    call,
    json_request,
    now_ms,
    read_reply,
    told,
)
from shared.http import PublicClient

MOST_CHARACTERS = 2_000
ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?/api/(v\d+/)?webhooks/\d+/[\w-]+")
UNKNOWN_WEBHOOK, INVALID_TOKEN = 10_015, 50_027
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes"""
MARKS = re.compile(r"([\\*_~`|<>\[\]#])")
"""Signs that Discord would take for bold, spoilers, mentions, headings or links."""


def _webhook_address(url: SecretStr) -> SecretStr:
    if not ADDRESS.fullmatch(url.get_secret_value()):
        raise ValueError("write the webhook's address as Discord gives it: …/api/webhooks/ID/TOKEN")
    return url


class Settings(SocialSettings):
    """One webhook of a channel on a server."""

    url: Annotated[SecretStr, AfterValidator(_webhook_address)]
    """As Discord shows it under Integrations."""
    tags: int = 0
    """Discord links no hashtags."""


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Discord":
    """The way to one channel."""
    return Discord(settings, http, clock)


class Discord:
    """One webhook."""

    caps = Caps(idempotency="none", edits=True, deletes=True, finds=False, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._url = settings.url.get_secret_value()
        self._http = http
        self._clock = clock

    def render(self, announcement: Announcement) -> Rendered:
        """Headline, summary, link; nobody is ever mentioned."""
        content = _content(announcement, self._settings)
        message = {"content": content, "allowed_mentions": {"parse": []}}
        return Rendered(as_json(message), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Post the message. Raises what `shared.http` lists."""
        return await self._send("POST", "?wait=true", post)

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Change it."""
        return await self._send("PATCH", f"/messages/{remote_id}", post)

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        return await self._send("DELETE", f"/messages/{remote_id}")

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Whether the message is there."""
        answer = await self._send("GET", f"/messages/{remote_id}")
        if answer.status_code == httpx.codes.NOT_FOUND and not _is_closed(answer):
            return Outcome("missing")
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask for the webhook itself."""
        return await self._send("GET", "")

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """A webhook that is gone takes nothing away: a 404 alone does not say of what."""
        outcome = read_reply(answer, op, self._clock())
        if _is_closed(answer):
            return Outcome("stopped", f"the webhook is gone, or its token: {outcome.error}".strip())
        name = told(answer).get("id") if outcome.verdict == "done" else None
        return replace(outcome, remote_id=name) if isinstance(name, str) else outcome

    async def _send(self, method: str, path: str, post: Rendered | None = None) -> httpx.Response:
        content = post.body if post else None
        return await call(self._http, json_request(method, self._url + path, content))


def _content(announcement: Announcement, settings: Settings) -> str:
    """The text of the message: at most so many characters with all escapes."""
    if announcement.op == "kill":
        return notice_of(announcement.article)

    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        parts = (f"**{_plain(headline)}**", _plain(summary), _plain(" ".join(tags)), story.url)
        return "\n".join(filter(None, parts))

    story = story_of(
        announcement.article, announcement.url, first=announcement.first, most_tags=settings.tags
    )
    return write(
        story,
        layout,
        Limit(len, MOST_CHARACTERS),
        template=settings.template,
        section=announcement.article.section,
        shows=_plain,
    )


def _plain(text: str) -> str:
    r"""The text as readers are to see it: `**` is shown, not obeyed.

    >>> print(_plain("<@1> *a*"))
    \<@1\> \*a\*
    """
    return MARKS.sub(r"\\\1", text)


def _is_closed(answer: object) -> bool:
    """Whether the webhook itself is not there any more."""
    return told(answer).get("code") in (UNKNOWN_WEBHOOK, INVALID_TOKEN)
