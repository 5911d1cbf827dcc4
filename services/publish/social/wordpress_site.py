"""A site that runs WordPress, behind its REST API: who asks, what it answers, terms and pictures.

https://developer.wordpress.org/rest-api/reference/

An answer says what is wrong by its `code`, whatever its status. Terms and pictures are looked up,
and made where they are missing: readers see nothing of it.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlencode

import httpx

from services.publish.delivery.channel import Picture, Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.social.multipart import multipart
from services.publish.social.pictures import fetched
from services.publish.social.requests import (
    JSON,
    Clock,
    as_json,
    ask,
    call,
    preparing,
    read_reply,
    told,
)
from services.publish.social.wordpress_post import listed, picture_slug
from shared import logs
from shared.http import PublicClient, new_request

TERMS_LAST_MS = 3_600_000
PAGE = 100
NO_POST = "rest_post_invalid_id"
OF_ONE_POST = frozenset({"rest_cannot_edit", "rest_cannot_delete"})
"""With 403 it is somebody else's post, no reason to stop the rest; with 401 nobody is logged in."""
NO_TERM = "rest_cannot_create"
NO_API = "there is no REST API of WordPress at this address"


class WordPressSite:
    """One site, asked by one user."""

    def __init__(
        self, http: PublicClient, address: str, user: str, password: str, clock: Clock
    ) -> None:
        self._http = http
        self._root = address.rstrip("/") + "/wp-json/wp/v2"
        self._basic = b64encode(f"{user}:{password}".encode()).decode()
        logs.hide(self._basic)
        self._clock = clock
        self._terms: dict[tuple[str, str], int] = {}
        self._terms_until = 0

    async def call(
        self, method: str, path: str, body: bytes | None = None, **query: object
    ) -> httpx.Response:
        """Make a call that readers see, or a look. Raises what `shared.http` lists."""
        return await call(self._http, self._request(method, path, body, JSON, query))

    def read(self, answer: httpx.Response | Exception, op: Op) -> Outcome:
        """What came of a call."""
        outcome = read_reply(answer, op, self._clock())
        if not isinstance(answer, httpx.Response):
            return outcome
        said = told(answer)
        if answer.status_code == httpx.codes.NOT_FOUND and said.get("code") != NO_POST:
            return Outcome("stopped", f"{NO_API}: {outcome.error}".rstrip(": "), reached=False)
        is_forbidden = answer.status_code == httpx.codes.FORBIDDEN
        if is_forbidden and said.get("code") in OF_ONE_POST:
            return replace(outcome, verdict="refused")
        if outcome.verdict != "done" or op == "kill":
            return outcome
        if isinstance(said.get("id"), int):
            return replace(outcome, remote_id=str(said["id"]))
        return outcome

    async def terms(self, taxonomy: str, names: Sequence[str]) -> list[int]:
        """Their numbers, without those that the site will not have. Raises Unprepared."""
        if self._clock() >= self._terms_until:
            self._terms.clear()
            self._terms_until = self._clock() + TERMS_LAST_MS
        for name in names:
            if (taxonomy, name) not in self._terms:
                self._terms[taxonomy, name] = await self._term(taxonomy, name)
        return [number for name in names if (number := self._terms[taxonomy, name])]

    async def picture(self, picture: Picture, said: Mapping[str, str]) -> int | None:
        """Its number; None when it cannot be had or uploaded in time. `said` = alt and caption."""
        try:
            async with preparing():
                return await self._picture(picture, said)
        except Unprepared:
            return None

    async def _term(self, taxonomy: str, name: str) -> int:
        found = await self._ask("GET", f"/{taxonomy}", search=name, per_page=PAGE)
        for one in listed(found.content) or ():
            if unescape(str(one.get("name"))).casefold() == name.casefold():
                return _number(one.get("id"))
        request = self._request("POST", f"/{taxonomy}", as_json({"name": name}), JSON, {})
        made = told(await ask(self._http, request, self._read_term))
        known = made.get("data")
        return _number(made.get("id") or (isinstance(known, dict) and known.get("term_id")))

    def _read_term(self, answer: httpx.Response) -> Outcome:
        """A term that is there already, or that this user may not make, keeps no news back."""
        outcome = self.read(answer, "put")
        is_forbidden = answer.status_code == httpx.codes.FORBIDDEN
        may_not = is_forbidden and told(answer).get("code") == NO_TERM
        return Outcome("done") if outcome.verdict == "refused" or may_not else outcome

    async def _picture(self, picture: Picture, said: Mapping[str, str]) -> int | None:
        slug = picture_slug(picture.url)
        fields = "id,alt_text,caption"
        found = await self._ask("GET", "/media", slug=slug, context="edit", _fields=fields)
        for one in listed(found.content) or ():
            number = _number(one.get("id"))
            if {"alt_text": one.get("alt_text"), "caption": _raw(one.get("caption"))} != said:
                await self._ask("POST", f"/media/{number}", as_json(said))
            return number
        file = await fetched(self._http, picture)
        if file is None:
            return None
        body, media_type = multipart({**said, "slug": slug}, "file", file.media_type, file.content)
        request = self._request("POST", "/media", body, media_type, {})
        answer = await ask(self._http, request, lambda answer: self.read(answer, "put"))
        return _number(told(answer).get("id")) or None

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, **query: object
    ) -> httpx.Response:
        request = self._request(method, path, body, JSON, query)
        return await ask(self._http, request, lambda answer: self.read(answer, "put"))

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        media_type: str,
        query: Mapping[str, object],
    ) -> httpx.Request:
        url = self._root + path + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": f"Basic {self._basic}"}
        if body is not None:
            headers["content-type"] = media_type
        return new_request(method, url, headers=headers, content=body)


def _number(value: Any) -> int:  # noqa: ANN401  # JSON of a stranger
    return value if isinstance(value, int) else 0


def _raw(value: object) -> object:
    """A text as it was written, not as it is shown."""
    return value.get("raw") if isinstance(value, dict) else None
