"""LINE: messages of an official account to all its followers, or to some.

https://developers.line.biz/en/reference/messaging-api/

    POST /v2/bot/message/broadcast, multicast    the message, under a retry key of 24 hours
    GET  /v2/bot/message/quota[/consumption]     how many may go out this month, and have
    GET  /v2/bot/info                            who we are: a harmless test

What is sent can be neither changed nor taken away, and counts once for every follower: so a
destination's filter chooses the news. A correction of what was wrong is a message more. LINE links
no hashtags, so there are none but those of a template.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit, Story
from services.publish.posts.counting import count_utf16
from services.publish.posts.cut import shorten
from services.publish.posts.story import notice_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.amended import story_or_amendment
from services.publish.social.line_answers import exhausted, read, used_up
from services.publish.social.pictures import picture_of
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
from services.publish.words import words_for
from shared.article import Article, WebUrl
from shared.http import PublicClient

MOST_TEXT, MOST_ALT_TEXT, MOST_IN_CARD, MOST_ADDRESS = 5_000, 1_500, 500, 1_000
"""UTF-16 units; of an address, characters."""
KEY_LASTS_MS = 23 * 3_600_000
"""24 hours, with a margin."""
QUOTA_LASTS_MS = 5 * 60_000
PICTURES = (".jpg", ".jpeg", ".png")
USER = r"^U[0-9a-f]{32}$"
Message = dict[str, Any]


class Settings(SocialSettings):
    """One official account."""

    token: SecretStr
    """A channel access token, long-lived."""
    to: Annotated[tuple[Annotated[str, Field(pattern=USER)], ...], Field(max_length=500)] = ()
    """User ids; empty = all followers."""
    card: bool = False
    """A card with the picture and a button, instead of a text."""
    server: WebUrl = "https://api.line.me"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Line":
    """The way to one account's followers."""
    return Line(settings, http, clock)


class Line:
    """One official account."""

    caps = Caps(
        idempotency="key",
        edits=False,
        deletes=False,
        finds=False,
        verifies=False,
        key_lasts_ms=KEY_LASTS_MS,
    )

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._quota_until = 0

    async def prepare(self) -> None:
        """Ask whether any messages of this month are left, every five minutes."""
        now = self._clock()
        if now < self._quota_until:
            return
        if spent := await self._spent():
            raise Unprepared(used_up(spent, now))
        self._quota_until = now + QUOTA_LASTS_MS

    def render(self, announcement: Announcement) -> Rendered:
        """One message, and to whom."""
        article, to = announcement.article, self._settings.to
        if announcement.op == "kill":
            message: Message = {"type": "text", "text": notice_of(article)}
        else:
            story = story_or_amendment(announcement, self._settings.tags)
            make = _card if self._settings.card else _text
            message = make(story, article, self._settings.template)
        body = {"messages": [message]}
        return Rendered(as_json({"to": to, **body} if to else body), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Send it. Raises what `shared.http` lists."""
        way = "multicast" if self._settings.to else "broadcast"
        headers = {"x-line-retry-key": str(uuid5(NAMESPACE_URL, key))}
        request = self._request("POST", f"/v2/bot/message/{way}", post.body, headers)
        return await call(self._http, request)

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Nothing can be changed: `caps` says so."""
        raise NotImplementedError

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Nothing can be taken away: `caps` says so."""
        raise NotImplementedError

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Nobody can look into a chat."""
        return Outcome("unknown", "messages of LINE cannot be looked up")

    async def test(self) -> httpx.Response:
        """Ask who we are, and what is left. Raises Unprepared when nothing is."""
        answer = await call(self._http, self._request("GET", "/v2/bot/info"))
        if answer.is_success:
            self._quota_until = 0
            await self.prepare()
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """By `line_answers.py`. The message's name is that of the request which was taken."""
        now = self._clock()
        outcome = read_reply(answer, op, now)
        if not isinstance(answer, httpx.Response):
            return outcome
        outcome = read(outcome, answer.status_code, told(answer), now)
        if outcome.verdict != "done":
            return outcome
        taken = answer.headers.get("x-line-accepted-request-id")
        return replace(outcome, remote_id=taken or answer.headers.get("x-line-request-id", ""))

    async def _spent(self) -> str:
        """What of the month is used up, if all is. Who is not to be told, sends on unasked."""
        try:
            async with preparing():
                quota = told(await self._ask("/v2/bot/message/quota"))
                consumption = told(await self._ask("/v2/bot/message/quota/consumption"))
        except Unprepared as error:
            if error.outcome.verdict != "refused":
                raise
            return ""
        return exhausted(quota, consumption)

    async def _ask(self, path: str) -> httpx.Response:
        request = self._request("GET", path)
        return await ask(self._http, request, lambda answer: self.classify(answer, "put"))

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Request:
        url = self._settings.server.rstrip("/") + path
        token = self._settings.token.get_secret_value()
        return json_request(method, url, body, token=token, headers=headers)


def _text(story: Story, article: Article, template: str) -> Message:
    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:  # noqa: ARG001
        return "\n\n".join(filter(None, (headline, summary, story.url)))

    limit = Limit(count_utf16, MOST_TEXT)
    text = write(story, layout, limit, template=template, section=article.section)
    return {"type": "text", "text": text}


def _card(story: Story, article: Article, template: str) -> Message:
    """https://developers.line.biz/en/reference/messaging-api/#flex-message"""

    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:  # noqa: ARG001
        return "\n".join(filter(None, (headline, summary)))

    limit = Limit(count_utf16, MOST_ALT_TEXT)
    alt = write(story, layout, limit, template=template, section=article.section, has_card=True)
    opens = {"type": "uri", "label": words_for(story.language).whole, "uri": story.url}
    headline, summary = (_short(text, story.language) for text in (story.headline, story.summary))
    lines = [{"type": "text", "text": headline, "weight": "bold", "size": "lg", "wrap": True}]
    if summary:
        lines.append({"type": "text", "text": summary, "size": "sm", "wrap": True})
    button = {"type": "button", "style": "link", "action": opens}
    bubble: Message = {"type": "bubble", **_hero(article, opens)}
    bubble["body"] = {"type": "box", "layout": "vertical", "spacing": "md", "contents": lines}
    bubble["footer"] = {"type": "box", "layout": "vertical", "contents": [button]}
    return {"type": "flex", "altText": alt, "contents": bubble}


def _hero(article: Article, opens: Message) -> Message:
    """The picture above the card, where LINE could load it: from https, as JPEG or PNG."""
    picture = picture_of(article)
    if picture is None or not _is_loadable(picture.url):
        return {}
    shape = {"size": "full", "aspectRatio": "20:13", "aspectMode": "cover"}
    return {"hero": {"type": "image", "url": picture.url, **shape, "action": opens}}


def _is_loadable(url: str) -> bool:
    path = url.partition("?")[0].lower()
    return url.startswith("https://") and path.endswith(PICTURES) and len(url) <= MOST_ADDRESS


def _short(text: str, language: str) -> str:
    return shorten(text, lambda some: count_utf16(some) <= MOST_IN_CARD, language)
