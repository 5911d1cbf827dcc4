"""Telegram's Bot API: https://core.telegram.org/bots/api

One bot, one channel. 4096 UTF-16 units of text and 1024 of a caption, counted here after the marks
are read by Python's own parser of HTML. Twenty posts a minute, as channels are known to have, and
as many deletes; a message older than 48 hours is not deleted.
"""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.forms import parts
from services.sandbox.world import Post, World

NAME = "telegram"
TITLE = "Telegram"
LIMIT = "4096 個 UTF-16 單位，配圖時 1024"
RENEWS = False
TOKEN = "4839574812:AAFsandboxsandboxsandboxsandbox"  # noqa: S105
CHAT = "@sandbox_daily"
BOT_ID = 4_839_574_812
MOST_TEXT, MOST_CAPTION = 4_096, 1_024
MOST_PHOTO_BYTES = 10_000_000
TAGS = ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a")
MORE_TAGS = ("code", "pre", "blockquote", "tg-emoji")
DELETES_WITHIN_MS = 48 * 3_600_000
POSTS = DELETES = (20, 60_000)
RIGHTS = ("can_post_messages", "can_edit_messages", "can_delete_messages")
NO_TEXT = "there is no text in the message to edit"
TO_EDIT = "message to edit not found"


def settings(address: str) -> Mapping[str, str]:
    """The only bot, in the only channel."""
    return {"server": f"{address}/{NAME}", "token": TOKEN, "chat": CHAT}


def open_platform(world: World) -> "Telegram":
    """One bot, administrator of one channel."""
    return Telegram(world)


class Telegram:
    """One bot, one channel. `rights` are what it may do there."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts = world.budget(*POSTS)
        self._deletes = world.budget(*DELETES)
        handlers: dict[str, Handlers] = {
            "getMe": [("POST", "look", self._me)],
            "getChatMember": [("POST", "look", self._member)],
            "sendMessage": [("POST", "post", self._post)],
            "sendPhoto": [("POST", "post", self._post)],
            "editMessageText": [("POST", "edit", self._edit)],
            "editMessageCaption": [("POST", "edit", self._edit)],
            "editMessageMedia": [("POST", "edit", self._edit)],
            "editMessageReplyMarkup": [("POST", "look", self._touch)],
            "deleteMessage": [("POST", "delete", self._delete)],
        }
        self.routes = [
            route(self, world, NAME, f"/bot{{token}}/{method}", who)
            for method, who in handlers.items()
        ]

    def refused(self) -> Response:
        """A message that it does not take."""
        return _bad('can\'t parse entities: Unsupported start tag "x" at byte offset 0')

    def limited(self, seconds: float) -> Response:
        """One call too many. The header is left out: its own clients read the parameters."""
        wait = max(1, round(seconds))
        return _error(
            429, f"Too Many Requests: retry after {wait}", {"parameters": {"retry_after": wait}}
        )

    async def _me(self, request: Request) -> Response:
        me = {"id": BOT_ID, "is_bot": True, "first_name": "Daily", "username": "daily_bot"}
        return await self._refusal(request) or _ok(me)

    async def _member(self, request: Request) -> Response:
        if refusal := await self._refusal(request):
            return refusal
        rights = dict.fromkeys(RIGHTS, True)
        return _ok({"status": "administrator", "user": {"id": BOT_ID}, **rights})

    async def _post(self, request: Request) -> Response:
        if refusal := await self._refusal(request):
            return refusal
        now = self._world.now()
        if wait := self._posts.wait_ms(now):
            return self.limited(-(-wait // 1_000))
        sent = await _sent(request)
        if fault := fault_of(sent):
            return _bad(fault)
        if "photo" in sent and not _is_picture(sent):
            return _bad("IMAGE_PROCESS_FAILED")
        self._posts.take(now)
        post = Post(NAME, CHAT, str(100 + self._world.number(NAME)), "", now)
        self._write(post, sent)
        return _ok(self._shown(post))

    async def _edit(self, request: Request) -> Response:
        if refusal := await self._refusal(request):
            return refusal
        sent = await _sent(request)
        post = self._world.standing(NAME, str(sent.get("message_id")))
        if post is None:
            return _bad(TO_EDIT)
        if fault := _misfit(post, sent) or fault_of(sent):
            return _bad(fault)
        post.edited_at = self._world.now()
        self._write(post, sent)
        return _ok(self._shown(post))

    async def _touch(self, request: Request) -> Response:
        if refusal := await self._refusal(request):
            return refusal
        sent = await _sent(request)
        post = self._world.standing(NAME, str(sent.get("message_id")))
        return _bad("message is not modified" if post else TO_EDIT)

    async def _delete(self, request: Request) -> Response:
        if refusal := await self._refusal(request):
            return refusal
        now = self._world.now()
        if wait := self._deletes.wait_ms(now):
            return self.limited(-(-wait // 1_000))
        sent = await _sent(request)
        post = self._world.standing(NAME, str(sent.get("message_id")))
        if post is None:
            return _bad("message to delete not found")
        if now - post.made_at > DELETES_WITHIN_MS:
            return _bad("message can't be deleted for everyone")
        self._deletes.take(now)
        post.deleted_at = now
        return _ok(True)

    async def _refusal(self, request: Request) -> Response | None:
        if request.path_params["token"] != TOKEN or self._world.suffers(NAME, "expired"):
            return _error(401, "Unauthorized")
        if (await _sent(request)).get("chat_id", CHAT) != CHAT:
            return _bad("chat not found")
        return None

    def _write(self, post: Post, sent: dict[str, Any]) -> None:
        if photo := sent.pop("photo", None):
            name = f"telegram-{self._world.number('media')}"
            self._world.pictures[name] = photo
            post.pictures, post.alts = (name,), ("",)
        html, post.link = said(sent)
        post.text, post.raw = str(shown(html)), {**sent, "message_id": post.id}
        most = MOST_CAPTION if post.pictures else MOST_TEXT
        post.length = f"{length(post.text)} / {most}"
        self._world.put(post)

    def _shown(self, post: Post) -> Mapping[str, object]:
        text = {"caption" if post.pictures else "text": post.text}
        chat = {"id": -1001, "type": "channel", "username": CHAT[1:]}
        return {"message_id": int(post.id), "date": post.made_at // 1_000, "chat": chat, **text}


class _Reader(HTMLParser):
    """Python's own reading of a message: its text, the addresses it leads to, whether it closes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.links, self.open = "", list[str](), list[str]()
        self.is_readable = True
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_readable &= tag in TAGS + MORE_TAGS
        self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self.is_readable &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(html: str) -> str | None:
    """What readers see of it; None when it cannot be read."""
    reader = _Reader(html)
    return reader.text.strip() if reader.is_readable and not reader.open else None


def length(text: str) -> int:
    """UTF-16 units: pairs of bytes."""
    return len(text.encode("utf-16-le")) // 2


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a message, or ""."""
    html, is_caption = said(sent)[0], "caption" in sent
    text = shown(html)
    if text is None:
        return "can't parse entities: Unsupported start tag or missing end tag"
    if not text and not is_caption:
        return "message text is empty"
    if is_caption:
        return "message caption is too long" if length(text) > MOST_CAPTION else ""
    return "message is too long" if length(text) > MOST_TEXT else ""


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """The text with its marks, and the address that its card, or else its first link, leads to."""
    html = str(sent.get("caption", sent.get("text", "")))
    card = sent.get("link_preview_options") or {}
    return html, str(card.get("url") or next(iter(_Reader(html).links), ""))


async def _sent(request: Request) -> dict[str, Any]:
    """The fields of a call, from JSON or a form. A picture is `photo`: its type and bytes."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        found: dict[str, Any] = json.loads(body or b"{}")
        return found
    fields: dict[str, Any] = {
        name: part if name == "photo" else part[1].decode()
        for name, part in parts(body, kind).items()
    }
    media = json.loads(fields.pop("media", "{}"))
    return fields | {name: media[name] for name in media.keys() & {"caption", "parse_mode"}}


def _misfit(post: Post, sent: Mapping[str, Any]) -> str:
    """Why this change does not suit that message, or ""."""
    if "text" in sent and post.pictures:
        return NO_TEXT
    if "photo" in sent and not (post.pictures and _is_picture(sent)):
        return "IMAGE_PROCESS_FAILED"
    return "message is not modified" if post.raw == sent else ""


def _is_picture(sent: Mapping[str, Any]) -> bool:
    _, content = sent["photo"]
    return len(content) <= MOST_PHOTO_BYTES and content.startswith((b"\xff\xd8\xff", b"\x89PNG"))


def _ok(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def _bad(description: str) -> Response:
    return _error(400, f"Bad Request: {description}")


def _error(status: int, description: str, more: Mapping[str, object] | None = None) -> Response:
    told = {"ok": False, "error_code": status, "description": description, **(more or {})}
    return JSONResponse(told, status)
