"""X: posts of 280 weights, each of them paid for.

https://docs.x.com/x-api/posts/create-post

    POST   /2/tweets              the post; the answer has its id
    DELETE /2/tweets/<id>         takes it away
    GET    /2/tweets/<id>         a look at it
    GET    /2/users/<id>/tweets   a look for it

Han count 2, an address 23. It knows no repetition, but refuses the same words again: then they may
be ours, and are looked for. Nothing is changed: to edit takes an account that may, and lasts for 30
minutes; a correction is a post more. A post with an address costs $0.20: there is no destination
without a monthly budget.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
from pydantic import Field, SecretStr

from services.publish.delivery.answers import read_answer
from services.publish.delivery.caps import Caps
from services.publish.delivery.channel import Announcement, Rendered, Unprepared
from services.publish.delivery.memory import Memory
from services.publish.delivery.row import Op, Outcome
from services.publish.posts.compose import Limit
from services.publish.posts.counting import count_x
from services.publish.posts.story import notice_of
from services.publish.posts.wording import write
from services.publish.social.account import SocialSettings
from services.publish.social.amended import story_or_amendment
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
from services.publish.social.x_login import XLogin
from services.publish.social.x_posts import (
    DELETE,
    READ,
    is_missing,
    links_to,
    made_at,
    page_of,
    price_of,
    start_of,
    verdict_of,
)
from services.publish.social.x_spending import Spending
from shared.article import WebUrl
from shared.http import PublicClient

MOST_WEIGHT = 280
PAGE, MOST_PAGES = 100, 5
NEEDED = ("tweet.read", "tweet.write", "users.read", "offline.access")
AGAIN_SECONDS = 5.0
"""A call that was refused as fast as this can be made again with another token in time."""


class Settings(SocialSettings):
    """One account, as an app may use it."""

    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: SecretStr = SecretStr("")
    """Of a confidential app; others have none."""
    refresh_token: SecretStr
    """From a login with tweet.read, tweet.write, users.read and offline.access."""
    monthly_budget_usd: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
    """New posts stop when a month, by UTC, has cost that much."""
    summary: bool = False
    """Whether the summary stands in the post too."""
    address: WebUrl = "https://api.x.com"


def open_channel(settings: Settings, http: PublicClient, clock: Clock = now_ms) -> "X":
    """The way to one account."""
    return X(settings, http, clock)


class X:
    """One account."""

    caps = Caps(idempotency="none", edits=False, deletes=True, finds=True, verifies=True)

    def __init__(self, settings: Settings, http: PublicClient, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._address = settings.address.rstrip("/")
        client = settings.client_id, settings.client_secret.get_secret_value()
        given = settings.refresh_token.get_secret_value()
        self._login = XLogin(http, self._address, client, given, clock)
        self._spending = Spending(settings.monthly_budget_usd, clock)
        self._user = ""

    def remember_in(self, memory: Memory) -> None:
        """Keep the login there, and what was spent."""
        self._login.memory = self._spending.memory = memory

    def render(self, announcement: Announcement) -> Rendered:
        """The words. Raises Unsaid when a version is not worth a post more."""
        if announcement.op == "kill":
            return Rendered(as_json({"text": notice_of(announcement.article)}), JSON)

        def layout(headline: str, summary: str, tags: Sequence[str]) -> str:
            shown = summary if self._settings.summary or not announcement.first else ""
            return "\n".join(filter(None, (headline, shown, " ".join(tags), story.url)))

        story = story_or_amendment(announcement, self._settings.tags)
        text = write(
            story,
            layout,
            Limit(count_x, MOST_WEIGHT),
            template=self._settings.template,
            section=announcement.article.section,
        )
        return Rendered(as_json({"text": text}), JSON)

    async def deliver(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Make the post. Raises Unprepared, without money too, and what `shared.http` lists."""
        price = price_of(json.loads(post.body)["text"])
        await self._spending.reserve(price)
        try:
            answer = await self._call("POST", "tweets", post.body)
        except (Unprepared, httpx.HTTPError, OSError) as error:
            if isinstance(error, Unprepared) or not read_answer(error, "put", 0).reached:
                await self._count(-price)
            raise
        if answer.is_client_error:
            await self._count(-price)
        return answer

    async def edit(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:
        """Never called: see `caps`."""
        raise NotImplementedError

    async def delete(self, post: Rendered, key: str, remote_id: str) -> httpx.Response:  # noqa: ARG002
        """Take it away, whatever is left of the money."""
        answer = await self._call("DELETE", f"tweets/{remote_id}")
        if answer.is_success:
            await self._count(DELETE)
        return answer

    async def find(self, url: str, remote_id: str, since: int) -> Outcome:
        """Look at a post, or among the latest of the account for those that link to `url`."""
        if not remote_id:
            return await self._found(url, since)
        answer = await self._call("GET", f"tweets/{remote_id}")
        await self._count(READ)
        if is_missing(told(answer)) or answer.status_code == httpx.codes.NOT_FOUND:
            return Outcome("missing")
        seen = self.classify(answer, "put")
        return replace(seen, verdict="there") if seen.verdict == "done" else seen

    async def test(self) -> httpx.Response:
        """Ask who we are, and what the login may do. Raises Unprepared with what it may not."""
        login = await self._login.login()
        granted = login.scope.split()
        if missing := [scope for scope in NEEDED if granted and scope not in granted]:
            reason = f"the login lacks {', '.join(missing)}"
            raise Unprepared(Outcome("stopped", reason, reached=False))
        answer = await self._call("GET", "users/me")
        await self._count(READ)
        return answer

    def classify(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """A 403 may mean anything: what it says tells."""
        outcome = read_reply(answer, op, self._clock())
        if not isinstance(answer, httpx.Response):
            return outcome
        said = told(answer)
        if verdict := verdict_of(answer.status_code, said):
            return replace(outcome, verdict=verdict)
        data = said.get("data")
        if outcome.verdict != "done" or not isinstance(data, dict):
            return outcome
        if data.get("deleted") is False:
            return replace(outcome, verdict="retry", error="X says that it is not deleted")
        return replace(outcome, remote_id=str(data.get("id", "")))

    async def _found(self, url: str, since: int) -> Outcome:
        if not self._user:
            me = await self._call("GET", "users/me")
            await self._count(READ)
            if (outcome := self.classify(me, "put")).verdict != "done":
                return outcome
            self._user = outcome.remote_id
        names: list[str] = []
        query: dict[str, Any] = {
            "start_time": start_of(since),
            "max_results": PAGE,
            "tweet.fields": "created_at,entities",
        }
        for _ in range(MOST_PAGES):
            answer = await self._call("GET", f"users/{self._user}/tweets?{urlencode(query)}")
            if (outcome := self.classify(answer, "put")).verdict != "done":
                return outcome
            page = page_of(told(answer))
            if page is None:
                return Outcome("retry", "the posts cannot be read")
            await self._count(READ * len(page.posts))
            recent = [post for post in page.posts if made_at(post) >= since]
            names += [str(post["id"]) for post in recent if links_to(post, url)]
            if not page.after or len(recent) < len(page.posts):
                there = Outcome("there", remote_id=" ".join(names))
                return there if names else Outcome("missing")
            query["pagination_token"] = page.after
        return Outcome("broken", f"more than {PAGE * MOST_PAGES} posts to look through")

    async def _call(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """A call, with another token when the first is refused. Raises Unprepared."""
        began, url = monotonic(), f"{self._address}/2/{path}"
        login = await self._login.login()
        answer = await call(self._http, json_request(method, url, body, token=login.access))
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return answer
        is_early = monotonic() - began < AGAIN_SECONDS
        login = await self._login.login(refused=login.access)
        if not is_early:
            raise Unprepared(Outcome("retry", "the login was renewed", reached=False))
        return await call(self._http, json_request(method, url, body, token=login.access))

    async def _count(self, price: int) -> None:
        """Count what a call has cost; what it did stays done, whatever becomes of the count."""
        with suppress(Unprepared):
            await self._spending.count(price)
