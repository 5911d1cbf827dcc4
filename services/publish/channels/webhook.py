"""Webhook: signed notices to any system, as Standard Webhooks 1.0.0 has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    POST <url>
    webhook-id         the same for every try of the same version
    webhook-timestamp  seconds since 1970, of this try
    webhook-signature  v1,<base64>, twice while a secret is being changed

    {"type": "article.published", "timestamp": "2026-11-23T01:30:00Z", "data": {…}}

`type` is article.published (the first time), article.updated or article.withdrawn; webhook.test has
no data and wants nothing. `data.version` is the order: what is lower than a version already seen is
old. Members without a value are absent.

What a receiver does with a withdrawal is its own. One that answers it with `{"status": "gone"}`
says that it has taken the story away everywhere, and is believed.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.publish.body import body_for_feed
from services.publish.delivery.answers import read_answer
from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered
from services.publish.delivery.message_key import KEY_CHARS
from services.publish.delivery.rotation import live
from services.publish.delivery.row import Op, Outcome
from services.publish.delivery.signature import WebhookSecret, sign
from shared.article import Article, WebUrl
from shared.http import PublicClient, new_request
from shared.streams import Lane

MEDIA_TYPE = "application/json"
FULL = frozenset(
    (
        "subtitle",
        "description",
        "byline",
        "authors",
        "body_text",
        "images",
        "subjects",
        "tags",
        "source",
        "copyright",
        "links",
        "related",
        "evolved_from",
        "story",
    )
)
"""What a full notice adds to a thin one: all that readers may see, and nothing for editors."""

Data = dict[str, object]


class Settings(BaseModel):
    """One receiver."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: WebUrl
    secrets: Annotated[tuple[WebhookSecret, ...], Field(min_length=1, max_length=2)]
    """`whsec_…`, newest first; a second one while the receiver changes over."""
    old_until: AwareDatetime | None = None
    """When the second one counts no more; None = never."""
    thin: bool = True
    """Headline and address only (at most about 20 kB); else the whole article."""


def open_channel(
    settings: Settings,
    http: PublicClient,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> "Webhook":
    """The way to one receiver. `clock` gives milliseconds since 1970."""
    return Webhook(settings, http, clock)


class Webhook:
    """One receiver. To edit and to delete is to send another notice."""

    caps = Caps(
        idempotency="key", edits=True, deletes=True, finds=False, verifies=False, has_ids=False
    )

    def __init__(self, settings: Settings, http: PublicClient, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock

    def render(self, announcement: Announcement) -> Rendered:
        """The notice. Its timestamp is the version's own, so that every try has equal bytes."""
        article = announcement.article
        when = article.version_created or article.date_modified or article.date_published
        notice: Data = {
            "type": _type(announcement),
            "timestamp": when and _rfc3339(when),
            "data": _data(announcement, thin=self._settings.thin),
        }
        return _rendered(_present(notice))

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Send a notice. Raises what `shared.http` lists."""
        sent_at = self._clock() // 1_000
        when = datetime.fromtimestamp(sent_at, UTC)
        good = live(self._settings.secrets, self._settings.old_until, when)
        secrets = [secret.get_secret_value() for secret in good]
        headers = {
            "content-type": post.media_type,
            "webhook-id": key,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": sign(secrets, key, sent_at, post.body),
        }
        request = new_request("POST", self._settings.url, headers=headers, content=post.body)
        return await self._http.call(request)

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Send the notice that the article is updated."""
        return await self.deliver(post, key, remote_id)

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Send the notice that the article is withdrawn."""
        return await self.deliver(post, key, remote_id)

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:  # noqa: ARG002
        """Nobody can look into a receiver."""
        return Outcome("unknown", "a receiver of webhooks cannot be looked up")

    async def test(self) -> httpx.Response:
        """Send a signed notice about nothing, under an id of its own."""
        when = datetime.fromtimestamp(self._clock() // 1_000, UTC)
        notice = _rendered({"type": "webhook.test", "timestamp": _rfc3339(when), "data": {}})
        return await self.deliver(notice, f"msg_{token_hex(KEY_CHARS // 2)}", "")

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """As the table of `answers.py` says. An address that is away proves nothing gone."""
        outcome = read_answer(answer, op, self._clock())
        return replace(outcome, is_proof=op == "kill" and _says_gone(answer))


def _says_gone(answer: httpx.Response | Exception) -> bool:
    """Whether the receiver has written that nothing of the story is left."""
    if not isinstance(answer, httpx.Response) or not answer.is_success:
        return False
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("status") == "gone"


def _type(announcement: Announcement) -> str:
    if announcement.op == "kill":
        return "article.withdrawn"
    return "article.published" if announcement.first else "article.updated"


def _data(announcement: Announcement, *, thin: bool) -> Data:
    article = announcement.article
    data: Data = {"uri": article.uri, "version": article.version}
    if announcement.op == "put":
        data |= _headline(article)
        data |= {} if thin else _full(article, announcement.url)
    return _present(data | {"url": announcement.url})


def _headline(article: Article) -> Data:
    lane: Lane = "flash" if article.is_flash else "routine"
    told = {"headline", "section", "language", "date_published", "date_modified", "correction"}
    return {
        **article.model_dump(include=told),
        "date_published": article.date_published and _rfc3339(article.date_published),
        "date_modified": article.date_modified and _rfc3339(article.date_modified),
        "expires": article.expires and _rfc3339(article.expires),
        "lane": lane,
    }


def _full(article: Article, url: str) -> Data:
    """The body as feeds have it, with absolute addresses."""
    fields: Data = article.model_dump(mode="json", include=set(FULL), exclude_defaults=True)
    return fields | {"body_html": body_for_feed(article, url)}


def _rendered(notice: Data) -> Rendered:
    text = json.dumps(notice, ensure_ascii=False, separators=(",", ":"))
    return Rendered(text.encode(), MEDIA_TYPE)


def _present(members: Data) -> Data:
    return {name: value for name, value in members.items() if value not in (None, "")}


def _rfc3339(when: datetime) -> str:
    """E.g. `2026-11-23T01:30:00Z`."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
