"""Calls to one of Meta's Graph APIs, with forms: not every call of theirs takes JSON.

The token goes in a header: addresses are written down.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

import httpx

from services.publish.delivery.channel import Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.social.graph import Item, error_of, made_at, page_of, regain_ms, verdict_of
from services.publish.social.requests import (
    Clock,
    ask,
    call,
    read_reply,
    told,
    unseen,
)
from shared.http import PublicClient, new_request

Form = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"
USAGE = "x-business-use-case-usage"
PAGE, MOST_PAGES = 100, 5
SECOND_MS = 1_000


class GraphApi:
    """One API, as one token may use it. `address` has its version: `https://…/v26.0`."""

    def __init__(
        self, http: PublicClient, address: str, token: Callable[[], Awaitable[str]], clock: Clock
    ) -> None:
        self._http = http
        self._address = address.rstrip("/")
        self._token = token
        self._clock = clock

    async def call(
        self, method: str, path: str, body: Form | None = None, /, **query: object
    ) -> httpx.Response:
        """A call that readers see, or a look. Raises what `shared.http` lists, and Unprepared."""
        return await call(self._http, await self._request(method, path, body, query))

    async def ask(
        self, method: str, path: str, body: Form | None = None, /, **query: object
    ) -> httpx.Response:
        """A request that readers cannot see. Raises Unprepared unless it is done."""
        request = await self._request(method, path, body, query)
        return await ask(self._http, request, lambda answer: self.read(answer, "put"))

    def read(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """What came of a call. What a kill finds missing may be hidden only: a look proves it."""
        outcome = read_reply(answer, op, self._clock())
        if not isinstance(answer, httpx.Response):
            return outcome
        rest = regain_ms(answer.headers.get(USAGE, ""))
        after, rest = max(outcome.after_ms, rest), max(outcome.rest_ms, rest)
        outcome = replace(outcome, after_ms=after, rest_ms=rest, is_proof=False)
        verdict = verdict_of(error_of(told(answer)))
        if verdict is None or outcome.verdict in ("done", "unknown"):
            return outcome
        is_gone = verdict == "missing" and op == "kill"
        return replace(outcome, verdict="done" if is_gone else verdict)

    async def look(self, path: str, posts: str) -> Outcome:
        """Whether something is there.

        What one may not see is said to be missing too. So that counts only when the list `posts`,
        which takes the same permission, can be read.
        """
        answer = await self.call("GET", path, fields="id")
        seen = self.read(answer, "put")
        if seen.verdict == "done":
            return replace(seen, verdict="there")
        if seen.verdict != "missing":
            return seen
        proof = self.read(await self.call("GET", posts, fields="id", limit=1), "put")
        return Outcome("missing") if proof.verdict == "done" else unseen(_no_look(proof))

    async def latest(
        self, path: str, fields: str, since: int, is_ours: Callable[[Item], bool]
    ) -> Outcome:
        """Look among the posts made since then, newest first, for all that are ours."""
        names: list[str] = []
        query: dict[str, object] = {"fields": fields, "since": since // SECOND_MS, "limit": PAGE}
        for _ in range(MOST_PAGES):
            answer = await self.call("GET", path, **query)
            if (outcome := self.read(answer, "put")).verdict != "done":
                return _no_look(outcome)
            page = page_of(told(answer))
            if page is None:
                return Outcome("retry", "the posts cannot be read")
            recent = [item for item in page.items if made_at(item) >= since]
            names += [str(item["id"]) for item in recent if is_ours(item)]
            if not page.after or len(recent) < len(page.items):
                there = Outcome("there", remote_id=" ".join(names))
                return there if names else Outcome("missing")
            query["after"] = page.after
        return Outcome("broken", f"more than {PAGE * MOST_PAGES} posts to look through")

    async def _request(
        self, method: str, path: str, body: Form | None, query: dict[str, object]
    ) -> httpx.Request:
        url = f"{self._address}/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": f"Bearer {await self._token()}"}
        content = None
        if body is not None:
            headers["content-type"] = FORM
            content = urlencode(body).encode()
        return new_request(method, url, headers=headers, content=content)


def _no_look(outcome: Outcome) -> Outcome:
    """A list that is not there tells nothing about its posts."""
    return replace(outcome, verdict="refused") if outcome.verdict == "missing" else outcome


def lacking(reason: str) -> Unprepared:
    """Of a test: the way is closed although the platform answers well."""
    return Unprepared(Outcome("stopped", reason, reached=False))
