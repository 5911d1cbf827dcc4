"""Telegram: posts of a bot in a channel that it administers.

https://core.telegram.org/bots/api

    sendMessage, sendPhoto               the answer has the message's number
    editMessageText                      changes it
    editMessageMedia, editMessageCaption the same of a picture with a caption
    deleteMessage                        takes it away within 48 hours; later it is edited
    editMessageReplyMarkup               changes nothing, and is refused in one way when the message
                                         is there, in another when it is not: so a kill is proven
    getMe, getChatMember                 who we are, and what we may do there

The token stands in every address, so an address is never told to anybody. A bot knows no repetition
and cannot read its channel: a post without an answer waits for a person (`on_unknown`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Layout, Limit, Story
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.blank_picture import blank_picture
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
    read_reply,
    told,
)
from services.publish.social.telegram_answers import (
    has_no_text,
    is_about_the_picture,
    lacking,
    read,
)
from services.publish.social.telegram_html import count_shown
from services.publish.words import words_for
from shared.article import WebUrl
from shared.http import PublicClient, new_request

MOST_TEXT, MOST_CAPTION = 4_096, 1_024
"""UTF-16 units of what is shown."""
NO_CARD = {"is_disabled": True}
BLANK = Fetched(blank_picture(), "image/png", "")
"""What stands in the place of a picture that has to go and cannot be deleted."""
TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}")
Fields = dict[str, Any]


def _bot_token(token: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("write the token as BotFather gives it: NUMBER:LETTERS")
    return token


class Settings(SocialSettings):
    """One bot and one channel."""

    token: Annotated[SecretStr, AfterValidator(_bot_token)]
    """As BotFather gives it."""
    chat: Annotated[str, Field(pattern=r"^(@[A-Za-z]\w{3,31}|-[0-9]{5,20})$")]
    """The channel: `@name`, or its number, which begins with -100."""
    pictures: bool = True
    """With them a post has the room of a caption, 1024; without, 4096 and the page's own card."""
    server: WebUrl = "https://api.telegram.org"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Telegram":
    """The way to one channel."""
    return Telegram(settings, http, clock)


class Telegram:
    """One bot in one channel."""

    caps = Caps(idempotency="none", edits=True, deletes=True, finds=False, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock

    def render(self, announcement: Announcement) -> Rendered:
        """The message; with a picture its text becomes the caption."""
        article = announcement.article
        message = {"chat_id": self._settings.chat, "parse_mode": "HTML"}
        if announcement.op == "kill":
            notice = {"text": _plain(notice_of(article)), "link_preview_options": NO_CARD}
            return Rendered(as_json({**message, **notice}), JSON)
        picture = picture_of(article) if self._settings.pictures else None
        card = {"url": announcement.url, "prefer_large_media": True}
        text = _text(announcement, self._settings)
        body = as_json({**message, "text": text, "link_preview_options": card})
        return Rendered(body, JSON, picture)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Post it, with its picture if that can be had. Raises what `shared.http` lists."""
        message = json.loads(post.body)
        if picture := await fetched(self._http, post.picture):
            answer = await call(self._http, self._photo(message, picture))
            if not is_about_the_picture(answer.status_code, told(answer)):
                return answer
        return await self._call("sendMessage", message)

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Change its text, or picture and caption. Above a notice no picture is left.

        It may take longer than a lease: whoever begins anew changes it to the same.
        """
        message = {**json.loads(post.body), "message_id": remote_id}
        answer = await self._call("editMessageText", message)
        if not has_no_text(answer.status_code, told(answer)):
            return answer
        is_notice = message["link_preview_options"] == NO_CARD
        picture = BLANK if is_notice else await fetched(self._http, post.picture)
        if picture:
            answer = await call(self._http, self._other_photo(message, picture))
            if not is_about_the_picture(answer.status_code, told(answer)):
                return answer
        return await self._call("editMessageCaption", _captioned(message))

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        return await self._call("deleteMessage", self._message(remote_id))

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Whether the message is there."""
        answer = await self._call("editMessageReplyMarkup", self._message(remote_id))
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask who we are, and what we may do. Raises Unprepared with what we may not."""
        me = told(await self._ask("getMe", {})).get("result", {})
        member = {"chat_id": self._settings.chat, "user_id": me.get("id")}
        answer = await self._call("getChatMember", member)
        missing = lacking(told(answer).get("result", {})) if answer.is_success else []
        if missing:
            reason = f"the bot lacks {', '.join(missing)} in {self._settings.chat}"
            raise Unprepared(Outcome("stopped", reason, reached=False))
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """By status and text (`telegram_answers.py`); the token is taken out of what it says."""
        outcome = read_reply(answer, op, self._clock())
        outcome = replace(outcome, error=outcome.error.replace(self._token, "TOKEN"))
        if not isinstance(answer, httpx.Response):
            return outcome
        return read(outcome, answer.status_code, told(answer), op)

    def _photo(self, message: Fields, picture: Fetched) -> httpx.Request:
        return self._upload("sendPhoto", _captioned(message), picture)

    def _other_photo(self, message: Fields, picture: Fetched) -> httpx.Request:
        media = {
            "type": "photo",
            "media": "attach://photo",
            "caption": message["text"],
            "parse_mode": message["parse_mode"],
        }
        fields = {**self._message(message["message_id"]), "media": as_json(media).decode()}
        return self._upload("editMessageMedia", fields, picture)

    def _upload(self, method: str, fields: Fields, picture: Fetched) -> httpx.Request:
        body, media_type = multipart(fields, "photo", picture.media_type, picture.content)
        headers = {"content-type": media_type}
        return new_request("POST", self._address(method), headers=headers, content=body)

    def _message(self, remote_id: str) -> Fields:
        return {"chat_id": self._settings.chat, "message_id": remote_id}

    async def _call(self, method: str, fields: Fields) -> httpx.Response:
        return await call(self._http, self._request(method, fields))

    async def _ask(self, method: str, fields: Fields) -> httpx.Response:
        request = self._request(method, fields)
        return await ask(self._http, request, lambda answer: self.classify(answer, "put"))

    def _request(self, method: str, fields: Fields) -> httpx.Request:
        return json_request("POST", self._address(method), as_json(fields))

    def _address(self, method: str) -> str:
        return f"{self._settings.server.rstrip('/')}/bot{self._token}/{method}"

    @property
    def _token(self) -> str:
        return self._settings.token.get_secret_value()


def _text(announcement: Announcement, settings: Settings) -> str:
    """The text as Telegram's HTML."""
    article = announcement.article
    story = story_of(article, announcement.url, first=announcement.first, most_tags=settings.tags)
    story = replace(story, url=escape(story.url))
    # A correction may turn up at a picture: so every post fits a caption when there may be some.
    most = MOST_CAPTION if settings.pictures else MOST_TEXT
    return write(
        story,
        _layout(story),
        Limit(count_shown, most),
        template=settings.template,
        section=article.section,
        shows=_plain,
    )


def _layout(story: Story) -> Layout:
    link = f'<a href="{story.url}">{words_for(story.language).whole}</a>'

    def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
        last = "\n".join(filter(None, (_plain(" ".join(tags)), link)))
        return "\n\n".join(filter(None, (f"<b>{_plain(headline)}</b>", _plain(summary), last)))

    return layout


def _plain(text: str) -> str:
    return escape(text, quote=False)


def _captioned(message: Fields) -> Fields:
    """The message as the caption of a picture: it has no card."""
    rest = {name: message[name] for name in message.keys() - {"text", "link_preview_options"}}
    return {**rest, "caption": message["text"]}
