"""A site that runs WordPress: https://developer.wordpress.org/rest-api/reference/posts/

It has no limit of length and none of its own on calls. A slug is free again when its post is in the
trash, and gets a number behind it when another post has it; nobody is told apart by it. The user is
an Author who may make categories.
"""

from base64 import b64encode
from collections.abc import Mapping
from html import escape, unescape
from typing import Any

import regex
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.door import Handlers, route
from services.sandbox.forms import parts
from services.sandbox.world import Post, World

NAME = "wordpress"
TITLE = "WordPress"
LIMIT = "全文，沒有上限"
RENEWS = False
DELETES = (1_000_000, 1_000)
USER, PASSWORD = "wiredesk", "abcd EFGH 1234 ijkl MNOP 5678"
FIRST_ID = 100
MOST_SLUG_BYTES, MOST_TERM = 200, 200
STATUSES = frozenset({"publish", "future", "draft", "pending", "private"})
CAPABILITIES = (
    "read",
    "edit_posts",
    "edit_published_posts",
    "publish_posts",
    "delete_posts",
    "delete_published_posts",
    "upload_files",
    "manage_categories",
)
TAG = regex.compile(r"<[^>]*>")
ADDRESS = regex.compile(r'href="([^"]*)"')
NOT_IN_SLUG = regex.compile(r"[^\w-]+|_")


def settings(address: str) -> Mapping[str, str]:
    """The only user of the only site."""
    return {"site": f"{address}/{NAME}", "user": USER, "password": PASSWORD}


def open_platform(world: World) -> "WordPress":
    """One site with one user."""
    return WordPress(world)


class WordPress:
    """One site, one user."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slugs: dict[str, str] = {}
        self._terms: dict[str, dict[int, str]] = {"categories": {}, "tags": {}}
        self._media: dict[str, str] = {}
        self._captions: dict[str, str] = {}
        handlers: dict[str, Handlers] = {
            "/users/me": [("GET", "look", self._me)],
            "/posts": [("GET", "look", self._list), ("POST", "post", self._post)],
            "/posts/{post}": [
                ("GET", "look", self._show),
                ("POST", "edit", self._edit),
                ("DELETE", "delete", self._delete),
            ],
            "/categories": [("GET", "look", self._find), ("POST", "term", self._name)],
            "/tags": [("GET", "look", self._find), ("POST", "term", self._name)],
            "/media": [("GET", "look", self._pictures), ("POST", "media", self._upload)],
            "/media/{picture}": [("POST", "media", self._describe)],
        }
        root = "/wp-json/wp/v2"
        self.routes = [route(self, world, NAME, root + path, who) for path, who in handlers.items()]

    def refused(self) -> Response:
        """A post that it does not take."""
        return _error(400, "rest_invalid_param", "Invalid parameter(s): content")

    def limited(self, seconds: float) -> Response:
        """What a host in front of it says."""
        return Response("Too Many Requests", 429, {"retry-after": str(round(seconds))})

    async def _me(self, request: Request) -> Response:
        if refusal := self._refusal(request, "rest_not_logged_in"):
            return refusal
        return JSONResponse({"id": 2, "capabilities": dict.fromkeys(CAPABILITIES, True)})

    async def _post(self, request: Request) -> Response:
        sent = await request.json()
        if refusal := self._refusal(request, "rest_cannot_create") or self._fault(sent):
            return refusal
        post = Post(NAME, "daily.sandbox", str(FIRST_ID + self._world.number(NAME)), "", 0)
        post.made_at = self._world.now()
        self._slugs[post.id] = self._free(sent.get("slug") or slug(sent.get("title", "")), post.id)
        self._write(post, sent)
        return JSONResponse(self._shown(post), 201)

    async def _edit(self, request: Request) -> Response:
        sent = await request.json()
        if refusal := self._refusal(request, "rest_cannot_edit") or self._fault(sent):
            return refusal
        post = self._world.standing(NAME, request.path_params["post"])
        if post is None:
            return _no_post()
        post.edited_at = self._world.now()
        self._write(post, post.raw | sent)
        return JSONResponse(self._shown(post))

    async def _delete(self, request: Request) -> Response:
        if refusal := self._refusal(request, "rest_cannot_delete"):
            return refusal
        post = self._world.posts.get((NAME, request.path_params["post"]))
        if post is None:
            return _no_post()
        if post.deleted_at:
            return _error(410, "rest_already_trashed", "The post has already been deleted.")
        post.deleted_at = self._world.now()
        self._slugs[post.id] += "__trashed"
        return JSONResponse(self._shown(post))

    async def _show(self, request: Request) -> Response:
        post = self._world.posts.get((NAME, request.path_params["post"]))
        return self._refusal(request) or (JSONResponse(self._shown(post)) if post else _no_post())

    async def _list(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        slugs = request.query_params.get("slug", "").split(",")
        statuses = set(request.query_params.get("status", "publish").split(","))
        if not statuses <= STATUSES:
            return _error(400, "rest_invalid_param", "Invalid parameter(s): status")
        found = [post for post in self._world.of(NAME)[::-1] if self._slugs[post.id] in slugs]
        return JSONResponse([self._shown(post) for post in found[:10]])

    async def _find(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        words = request.query_params.get("search", "").casefold()
        known = self._terms[request.url.path.rpartition("/")[2]]
        found = [one for one in known.items() if words in unescape(one[1]).casefold()]
        return JSONResponse([{"id": number, "name": name} for number, name in found])

    async def _name(self, request: Request) -> Response:
        name = (await request.json()).get("name", "")
        if refusal := self._refusal(request, "rest_cannot_create"):
            return refusal
        if not name or len(name) > MOST_TERM:
            return _error(400, "rest_invalid_param", "Invalid parameter(s): name")
        known = self._terms[request.url.path.rpartition("/")[2]]
        for number, other in known.items():
            if unescape(other).casefold() == name.casefold():
                return _error(400, "term_exists", "A term with this name exists.", term_id=number)
        number = self._world.number("term")
        known[number] = escape(name, quote=False)
        return JSONResponse({"id": number, "name": known[number]}, 201)

    async def _pictures(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        name = self._media.get(request.query_params.get("slug", ""), "")
        return JSONResponse([self._described(name)] if name else [])

    async def _upload(self, request: Request) -> Response:
        if refusal := self._refusal(request, "rest_cannot_create"):
            return refusal
        fields = parts(await request.body(), request.headers["content-type"])
        media_type, content = fields.get("file", ("", b""))
        if not media_type.startswith("image/"):
            return _error(500, "rest_upload_unknown_error", "You are not allowed to upload this.")
        name = str(self._world.number("media"))
        self._world.pictures[name] = (media_type, content)
        told = {field: value.decode() for field, (kind, value) in fields.items() if not kind}
        self._media[told.get("slug", name)] = name
        self._say(name, told)
        return JSONResponse(self._described(name), 201)

    async def _describe(self, request: Request) -> Response:
        if refusal := self._refusal(request, "rest_cannot_edit"):
            return refusal
        self._say(request.path_params["picture"], await request.json())
        return JSONResponse(self._described(request.path_params["picture"]))

    def _say(self, name: str, told: Mapping[str, str]) -> None:
        self._world.alts[name] = told.get("alt_text", "")
        self._captions[name] = told.get("caption", "")

    def _described(self, name: str) -> Mapping[str, object]:
        caption = {"raw": self._captions[name]}
        return {"id": int(name), "alt_text": self._world.alts[name], "caption": caption}

    def _refusal(self, request: Request, code: str = "rest_forbidden_context") -> Response | None:
        own = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        is_ours = request.headers.get("authorization") == f"Basic {own}"
        if is_ours and not self._world.suffers(NAME, "expired"):
            return None
        return _error(401, code, "Sorry, you are not allowed to do that.")

    def _fault(self, sent: Mapping[str, Any]) -> Response | None:
        for taxonomy in ("categories", "tags"):
            numbers = sent.get(taxonomy, [])
            if not isinstance(numbers, list) or not all(isinstance(one, int) for one in numbers):
                return _error(400, "rest_invalid_param", f"Invalid parameter(s): {taxonomy}")
        if not isinstance(sent.get("featured_media", 0), int):
            return _error(400, "rest_invalid_param", "Invalid parameter(s): featured_media")
        fault = fault_of(sent)
        return _error(400, "empty_content", fault) if fault else None

    def _free(self, wanted: str, post_id: str) -> str:
        """The slug, with a number behind it when another post has it."""
        taken = {other for name, other in self._slugs.items() if name != post_id}
        number, found = 2, wanted
        while found in taken:
            found, number = f"{wanted}-{number}", number + 1
        return found

    def _write(self, post: Post, sent: dict[str, Any]) -> None:
        title, excerpt = unescape(sent["title"]), unescape(sent.get("excerpt", ""))
        post.text, (_, post.link) = f"{title}\n\n{excerpt}".strip(), said(sent)
        post.raw = sent
        post.length = f"{len(plain(sent['content']))} 字"
        picture = str(sent.get("featured_media") or "")
        post.pictures = (picture,) if picture in self._world.pictures else ()
        post.alts = tuple(self._world.alts[name] for name in post.pictures)
        self._world.put(post)

    def _shown(self, post: Post) -> Mapping[str, object]:
        return {
            "id": int(post.id),
            "slug": self._slugs[post.id],
            "status": "trash" if post.deleted_at else post.raw.get("status", "draft"),
            "title": {"raw": post.raw["title"]},
            "content": {"raw": post.raw["content"]},
        }


def slug(title: str) -> str:
    """A slug as WordPress makes it of a title."""
    return str(NOT_IN_SLUG.sub("-", title.lower())).strip("-")


def plain(html: str) -> str:
    """The words of an HTML text."""
    return unescape(TAG.sub(" ", html))


def fault_of(sent: Mapping[str, Any]) -> str:
    """What is wrong with a post, or ""."""
    name = sent.get("slug", "")
    if name != slug(name) or len(name.encode()) > MOST_SLUG_BYTES:
        return "the slug would be changed"
    has_words = any(plain(sent.get(field, "")).strip() for field in ("title", "content", "excerpt"))
    return "" if has_words else "Content, title, and excerpt are empty."


def said(sent: Mapping[str, Any]) -> tuple[str, str]:
    """Title and text, and where the last link leads."""
    links = ADDRESS.findall(sent["content"])
    text = f"{plain(sent['title'])}\n\n{plain(sent['content'])}".strip()
    return text, unescape(links[-1]) if links else ""


def _no_post() -> Response:
    return _error(404, "rest_post_invalid_id", "Invalid post ID.")


def _error(status: int, code: str, message: str, **data: object) -> Response:
    told = {"code": code, "message": message, "data": {"status": status, **data}}
    return JSONResponse(told, status)
