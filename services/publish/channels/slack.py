"""Slack: messages of an app in one channel of a workspace.

https://docs.slack.dev/reference/methods

    chat.postMessage, chat.update, chat.delete    the message, by its timestamp
    conversations.history                         a look at it, and for it
    auth.test                                     who we are; the answer lists the token's scopes

Slack knows no repetition. Where the token may read the channel, a post without an answer is looked
for; with `history=false` it waits for a person (`on_unknown`). Slack makes the card from the page.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Layout, Limit, Story
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.requests import (
    JSON,
    Clock,
    as_json,
    ask,
    call,
    json_request,
    now_ms,
    read_reply,
    told,
)
from services.publish.social.slack_answers import is_ours, lacking, links_to, read
from shared.article import WebUrl
from shared.http import PublicClient

MOST_CHARACTERS = 4_000
"""Slack cuts at 40,000; it asks for no more than this."""
PAGE, MOST_PAGES = 100, 5
Fields = Mapping[str, Any]
ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
MARKS = {ord(sign): wide for sign, wide in zip("*_~`:>", "＊＿～｀：＞", strict=True)}
MARK = re.compile(r"(?<![^\W_])[*_~`]|[*_~`](?![^\W_])|:(?=[a-z][a-z0-9_+-]*:)|^>", re.MULTILINE)
"""Signs that Slack would take for bold, code, an emoji or a quotation. It knows no escape for them,
so they are written wide; between two letters or digits they mean nothing, and stay."""


class Settings(SocialSettings):
    """One channel."""

    token: SecretStr
    """A bot token, `xoxb-…`, with the scope chat:write."""
    channel: Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")]
    """Its id, as Slack shows it under the channel's details."""
    history: bool = True
    """Whether the token may read the channel, with channels:history or groups:history."""
    tags: Annotated[int, Field(ge=0, le=8)] = 0
    """Slack links no hashtags."""
    server: WebUrl = "https://slack.com"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Slack":
    """The way to one channel."""
    return Slack(settings, http, clock)


class Slack:
    """One app in one channel."""

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        sees = settings.history
        self.caps = Caps(idempotency="none", edits=True, deletes=True, finds=sees, verifies=sees)
        self._settings = settings
        self._http = http
        self._clock = clock
        self._bot_id = ""

    def render(self, announcement: Announcement) -> Rendered:
        """Headline, summary, link."""
        message = {"channel": self._settings.channel, "unfurl_links": True}
        if announcement.op == "kill":
            text = notice_of(announcement.article)
            return Rendered(as_json({**message, "text": text, "unfurl_links": False}), JSON)
        return Rendered(as_json({**message, "text": _text(announcement, self._settings)}), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Post the message. Raises what `shared.http` lists."""
        return await self._write("chat.postMessage", json.loads(post.body))

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Change it."""
        text = json.loads(post.body)["text"]
        return await self._write("chat.update", {**self._message(remote_id), "text": text})

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        return await self._write("chat.delete", self._message(remote_id))

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look at a message, or among ours since then for those that link to `url`."""
        if not remote_id:
            return await self._found(url, since)
        one = {"latest": remote_id, "oldest": remote_id, "inclusive": "true", "limit": "1"}
        outcome, page = await self._page(one)
        if outcome.verdict != "done":
            return outcome
        is_there = any(message.get("ts") == remote_id for message in _messages(page))
        return Outcome("there" if is_there else "missing")

    async def test(self) -> httpx.Response:
        """Ask who we are, and what the token may. Raises Unprepared with what it may not."""
        answer = await self._read("auth.test", {})
        scopes = answer.headers.get("x-oauth-scopes")
        if told(answer).get("ok") is True and scopes is not None:
            if missing := lacking(scopes, reads=self._settings.history):
                reason = f"the token lacks {', '.join(missing)}"
                raise Unprepared(Outcome("stopped", reason, reached=False))
            if self._settings.history:
                await self._ask("conversations.history", {"limit": "1"})
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """By the error's name (`slack_answers.py`): Slack says no with status 200."""
        outcome = read_reply(answer, op, self._clock())
        if not isinstance(answer, httpx.Response):
            return outcome
        return read(outcome, answer.status_code, told(answer), op)

    async def _found(self, url: str, since: int) -> Outcome:
        if not self._bot_id:
            who = told(await self._ask("auth.test", {}))
            self._bot_id = str(who.get("bot_id", ""))
        names: list[str] = []
        words = {"oldest": f"{since / 1_000:.6f}", "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            outcome, page = await self._page(words)
            if outcome.verdict != "done":
                return outcome
            ours = [one for one in _messages(page) if is_ours(one, self._bot_id)]
            names += [str(one.get("ts")) for one in ours if links_to(one, url)]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                there = Outcome("there", remote_id=" ".join(reversed(names)))
                return there if names else Outcome("missing")
            words["cursor"] = str(cursor)
        return Outcome("broken", f"more than {PAGE * MOST_PAGES} messages to look through")

    async def _page(self, words: Mapping[str, str]) -> tuple[Outcome, Mapping[str, Any]]:
        """A page of the channel's history, newest first, and what came of asking for it."""
        answer = await self._read("conversations.history", words)
        return self.classify(answer, "put"), told(answer)

    def _message(self, remote_id: str) -> Fields:
        return {"channel": self._settings.channel, "ts": remote_id}

    async def _write(self, method: str, fields: Fields) -> httpx.Response:
        request = json_request("POST", self._address(method), as_json(fields), token=self._token)
        return await call(self._http, request)

    async def _read(self, method: str, words: Mapping[str, str]) -> httpx.Response:
        return await call(self._http, self._question(method, words))

    async def _ask(self, method: str, words: Mapping[str, str]) -> httpx.Response:
        request = self._question(method, words)
        return await ask(self._http, request, lambda answer: self.classify(answer, "put"))

    def _question(self, method: str, words: Mapping[str, str]) -> httpx.Request:
        told_where = urlencode({"channel": self._settings.channel, **words})
        return json_request("GET", f"{self._address(method)}?{told_where}", token=self._token)

    def _address(self, method: str) -> str:
        return f"{self._settings.server.rstrip('/')}/api/{method}"

    @property
    def _token(self) -> str:
        return self._settings.token.get_secret_value()


def _text(announcement: Announcement, settings: Settings) -> str:
    """The text as Slack's mrkdwn."""
    article = announcement.article
    story = story_of(article, announcement.url, first=announcement.first, most_tags=settings.tags)
    story = replace(story, url=_escaped(story.url))
    return write(
        story,
        _layout(story),
        Limit(len, MOST_CHARACTERS),
        template=settings.template,
        section=article.section,
        shows=_plain,
    )


def _layout(story: Story) -> Layout:
    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        parts = (f"*{_plain(headline)}*", _plain(summary), _plain(" ".join(tags)), story.url)
        return "\n".join(filter(None, parts))

    return layout


def _plain(text: str) -> str:
    """The text as readers are to see it.

    >>> _plain("A&B *台北* 12:30:45 :tada: snake_case")
    'A&amp;B ＊台北＊ 12:30:45 ：tada: snake_case'
    """
    return _escaped(MARK.sub(lambda found: found.group().translate(MARKS), text))


def _escaped(text: str) -> str:
    for sign, escape in ESCAPES:
        text = text.replace(sign, escape)
    return text


def _messages(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages of a page; none when it has no list of them."""
    found = page.get("messages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
