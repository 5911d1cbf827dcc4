"""A Facebook Page: posts with a link, whose words can be changed.

https://developers.facebook.com/docs/pages-api/posts

    POST   /<page>/feed              words and link; the answer has the post's id
    POST   /<post>                   other words; the link stays
    DELETE /<post>                   takes it away
    GET    /<post>                   a look at it
    GET    /<page>/published_posts   a look for it

It knows no repetition, but refuses the same words again (506): then they may be ours, and are
looked for. Facebook makes the card from the page behind the link.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit
from services.publish.posts.story import notice_of, story_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.graph import Item, error_of, missing_permissions, verdict_of
from services.publish.social.graph_api import GraphApi, lacking
from services.publish.social.requests import JSON, Clock, as_json, now_ms, told, unseen
from shared.article import WebUrl
from shared.http import PublicClient

MOST_CHARACTERS = 63_206
NEEDED = ("pages_manage_posts", "pages_read_engagement")
FIELDS = "id,created_time,attachments{unshimmed_url,url}"


class Settings(SocialSettings):
    """One page."""

    page: Annotated[str, Field(pattern=r"^\d{1,40}$")]
    """Its number."""
    token: SecretStr
    """A page access token with pages_manage_posts and pages_read_engagement."""
    address: WebUrl = "https://graph.facebook.com/v26.0"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "Facebook":
    """The way to one page."""
    return Facebook(settings, http, clock)


class Facebook:
    """One page."""

    caps = Caps(idempotency="none", edits=True, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._page = settings.page
        self._posts = f"{settings.page}/published_posts"
        self._api = GraphApi(http, settings.address, self._token, clock)

    def render(self, announcement: Announcement) -> Rendered:
        """Words and link."""
        article, url = announcement.article, announcement.url
        if announcement.op == "kill":
            return Rendered(as_json({"message": notice_of(article)}), JSON)

        def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
            return "\n\n".join(filter(None, (headline, summary, " ".join(tags))))

        message = write(
            story_of(article, url, first=announcement.first, most_tags=self._settings.tags),
            layout,
            Limit(len, MOST_CHARACTERS),
            template=self._settings.template,
            section=article.section,
            has_card=True,
        )
        return Rendered(as_json({"message": message, "link": url}), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Make the post. Raises what `shared.http` lists."""
        return await self._api.call("POST", f"{self._page}/feed", json.loads(post.body))

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Change its words. Raises Unprepared when nobody can tell whether it is there."""
        words = {"message": json.loads(post.body)["message"]}
        answer = await self._api.call("POST", remote_id, words)
        if _is_missing(answer):
            seen = await self._api.look(remote_id, self._posts)
            if seen.verdict != "missing":
                hidden = seen.error or "the post may be read, and not changed"
                raise Unprepared(unseen(replace(seen, verdict="refused", error=hidden)))
        return answer

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away."""
        return await self._api.call("DELETE", remote_id)

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look at a post, or among the latest of the page for those that link to `url`."""
        if remote_id:
            return await self._api.look(remote_id, self._posts)
        return await self._api.latest(self._posts, FIELDS, since, lambda post: leads_to(post, url))

    async def test(self) -> httpx.Response:
        """Ask whose token it is, and what it may do. Raises Unprepared with what it may not."""
        answer = await self._api.call("GET", "me", fields="id,name")
        if answer.is_success:
            if told(answer).get("id") != self._page:
                raise lacking(f"the token is not that of page {self._page}: make a page token")
            granted = told(await self._api.call("GET", "me/permissions"))
            if missing := missing_permissions(granted, NEEDED):
                raise lacking(f"the token lacks {', '.join(missing)}")
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """A 400 does not say what is wrong: the code of its error does."""
        outcome = self._api.read(answer, op)
        if outcome.verdict == "missing" and _is_about(answer, f"/{self._page}/feed"):
            return replace(outcome, verdict="stopped")  # it is the page that is not there
        name = told(answer).get("id") if outcome.verdict == "done" else None
        return replace(outcome, remote_id=name) if isinstance(name, str) else outcome

    async def _token(self) -> str:
        return self._settings.token.get_secret_value()


def leads_to(post: Item, url: str) -> bool:
    """Whether its card leads to that address; Facebook wraps addresses in one of its own."""
    try:
        cards = post["attachments"]["data"]
        addresses = {str(card.get(name, "")) for card in cards for name in ("unshimmed_url", "url")}
    except (KeyError, TypeError, AttributeError):
        return False
    return url in addresses or any(url in _wrapped(address) for address in addresses)


def _wrapped(address: str) -> Sequence[str]:
    """The address behind `https://l.facebook.com/l.php?u=…`."""
    try:
        return parse_qs(urlsplit(address).query).get("u", [])
    except ValueError:
        return []


def _is_missing(answer: httpx.Response) -> bool:
    return verdict_of(error_of(told(answer))) == "missing"


def _is_about(answer: object, path: str) -> bool:
    return isinstance(answer, httpx.Response) and answer.request.url.path.endswith(path)
