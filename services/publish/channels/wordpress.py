"""WordPress: the whole story as a post of another site, edited and taken away with ours.

https://developer.wordpress.org/rest-api/reference/posts/

    GET, POST  /wp-json/wp/v2/categories, tags, media   what the post needs, before it
    POST       /wp-json/wp/v2/posts                     the post
    POST       /wp-json/wp/v2/posts/<id>                changes it
    DELETE     /wp-json/wp/v2/posts/<id>                puts it into the trash
    GET        /wp-json/wp/v2/posts/<id>                a look: in the trash is gone
    GET        /wp-json/wp/v2/posts?slug=…              a look for it
    GET        /wp-json/wp/v2/users/me                  a harmless test: who are we, what may we do

The slug is ours, and WordPress does not keep it unique for us: a second post of the same slug is
made, with a number behind it. So a call without an answer is followed by a look. A change says
nothing of status and slug: those who edit that site are not overruled.
"""

import json
from dataclasses import replace
from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.social.pictures import picture_of
from services.publish.social.requests import JSON, Clock, as_json, now_ms, preparing, told
from services.publish.social.wordpress_post import (
    Fields,
    fields_of,
    lacking,
    links_to,
    listed,
    notice_fields,
    slugs_of,
)
from services.publish.social.wordpress_site import NO_POST, WordPressSite
from shared.article import WebUrl
from shared.http import PublicClient

STANDING = "publish,future,draft,pending,private"
"""Every status but that of the trash."""
NO_TRASH = "rest_trash_not_supported"
PICTURE = "featured_media"


class Settings(BaseModel):
    """One user of one site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: WebUrl
    """Its address, e.g. `https://partner.example` or `https://partner.example/blog`."""
    user: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^:]+$")]
    password: SecretStr
    """An application password of that user, not the one to log in with."""
    tags: Annotated[int, Field(ge=0, le=50)] = 8
    """Tags at most."""
    pictures: bool = True


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "WordPress":
    """The way to one site."""
    return WordPress(settings, http, clock)


class WordPress:
    """One site."""

    caps = Caps(idempotency="none", edits=True, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        password = settings.password.get_secret_value()
        self._site = WordPressSite(http, settings.site, settings.user, password, clock)

    def render(self, announcement: Announcement) -> Rendered:
        """The post as it is sent, but for the numbers of its terms and of its picture."""
        article = announcement.article
        if announcement.op == "kill":
            return Rendered(as_json(notice_fields(article)), JSON)
        picture = picture_of(article) if self._settings.pictures else None
        address = picture.url if picture else ""
        fields = fields_of(
            article,
            announcement.url,
            first=announcement.first,
            most_tags=self._settings.tags,
            picture=address if self._settings.pictures else None,
        )
        return Rendered(as_json(fields), JSON, picture)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Make the post, with its picture if that can be had. Raises what `shared.http` lists."""
        return await self._site.call("POST", "/posts", as_json(await self._filled(post)))

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Change what it says."""
        fields = await self._filled(post)
        said = {name: value for name, value in fields.items() if name not in ("status", "slug")}
        return await self._site.call("POST", f"/posts/{remote_id}", as_json(said))

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Put it into the trash; where there is none, delete it for good."""
        answer = await self._site.call("DELETE", f"/posts/{remote_id}")
        if told(answer).get("code") == NO_TRASH:
            return await self._site.call("DELETE", f"/posts/{remote_id}", force="true")
        return answer

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Look at a post, or for those under our slug that lead to `url`."""
        if not remote_id:
            return await self._found(url)
        answer = await self._site.call(
            "GET", f"/posts/{remote_id}", context="edit", _fields="id,status"
        )
        said = told(answer)
        if said.get("code") == NO_POST or said.get("status") == "trash":
            return Outcome("missing")
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask who we are. Raises Unprepared with what we may not do."""
        fields = "id,capabilities"
        answer = await self._site.call("GET", "/users/me", context="edit", _fields=fields)
        if answer.is_success:
            may = told(answer).get("capabilities")
            if missing := lacking(may, pictures=self._settings.pictures):
                reason = f"{self._settings.user} lacks {', '.join(missing)}"
                raise Unprepared(Outcome("stopped", reason, reached=False))
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """An answer that says it is well, and is none of WordPress', proves nothing."""
        outcome = self._site.read(answer, op)
        if op == "put" and outcome.verdict == "done" and not outcome.remote_id:
            return replace(outcome, verdict="unknown", error="the answer cannot be read")
        return outcome

    async def _filled(self, post: Rendered) -> Fields:
        """The post with numbers in the place of names. Raises Unprepared."""
        fields: Fields = json.loads(post.body)
        async with preparing():
            for taxonomy in ("categories", "tags"):
                if taxonomy in fields:
                    fields[taxonomy] = await self._site.terms(taxonomy, fields[taxonomy])
        if not fields.get("categories"):
            fields.pop("categories", None)  # none at all would be worse than the site's own choice
        if PICTURE not in fields:
            return fields
        said = fields.pop(PICTURE)
        number = await self._site.picture(post.picture, said) if post.picture else 0
        return fields if number is None else {**fields, PICTURE: number}

    async def _found(self, url: str) -> Outcome:
        answer = await self._site.call(
            "GET",
            "/posts",
            slug=",".join(slugs_of(url)),
            status=STANDING,
            context="edit",
            _fields="id,content",
        )
        outcome = self._site.read(answer, "put")
        if outcome.verdict != "done":
            return outcome
        posts = listed(answer.content)
        if posts is None:
            return Outcome("retry", "the posts cannot be read")
        names = [str(one.get("id")) for one in posts if links_to(one, url)]
        return Outcome("there", remote_id=" ".join(names)) if names else Outcome("missing")
