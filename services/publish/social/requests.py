"""Requests to a social platform, and what its answers say besides their status.

A delivery may take several: all of them together are done before its lease runs out (30 s), else
somebody else would begin anew while the last one is still under way.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

from services.publish.delivery.answers import read_answer
from services.publish.delivery.channel import Unprepared
from services.publish.delivery.row import Op, Outcome
from services.publish.social.budget import as_ms, rest_ms
from shared.http import PublicClient, new_request

PREPARE_SECONDS = 5.0
"""For what comes before rendering, and again for what comes between that and the post."""
CALL_SECONDS = 12.0
"""For that one, and for a look."""
MAX_ANSWER = 1_000_000
JSON = "application/json"

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def now_ms() -> int:
    """The clock of channels."""
    return time.time_ns() // 1_000_000


def as_json(value: object) -> bytes:
    """The bytes of a body, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_request(
    method: str,
    url: str,
    body: bytes | None = None,
    *,
    token: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.Request:
    """A request with a JSON body and a bearer token, if there are such."""
    sent = dict(headers or {})
    if token:
        sent["authorization"] = f"Bearer {token}"
    if body is not None:
        sent["content-type"] = JSON
    return new_request(method, url, headers=sent, content=body)


async def call(http: PublicClient, request: httpx.Request) -> httpx.Response:
    """Make a call that readers see, or a look. Raises what `shared.http` lists."""
    return await http.call(request, deadline_s=CALL_SECONDS, max_answer=MAX_ANSWER)


async def ask(
    http: PublicClient, request: httpx.Request, read: Callable[[httpx.Response], Outcome]
) -> httpx.Response:
    """Make a request that readers cannot see. Raises Unprepared unless `read` says it is done."""
    try:
        answer = await call(http, request)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unprepared(unseen(read_answer(error, "put", 0))) from error
    outcome = read(answer)
    if outcome.verdict != "done":
        raise Unprepared(unseen(outcome))
    return answer


@asynccontextmanager
async def preparing() -> AsyncIterator[None]:
    """So much time there is before the request that readers see. Raises Unprepared after it."""
    try:
        async with asyncio.timeout(PREPARE_SECONDS):
            yield
    except TimeoutError as error:
        late = f"what has to come before the post took more than {PREPARE_SECONDS:g} s"
        raise Unprepared(Outcome("retry", late, reached=False)) from error


def unseen(outcome: Outcome) -> Outcome:
    """The outcome of what readers cannot see: it can be tried again, whatever became of it."""
    verdict = "retry" if outcome.verdict == "unknown" else outcome.verdict
    return replace(outcome, verdict=verdict, reached=False, gone=False, is_proof=False)


def told(answer: object) -> Mapping[str, Any]:
    """The JSON object of an answer; empty when there is none."""
    if not isinstance(answer, httpx.Response):
        return {}
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_reply(answer: httpx.Response | Exception, op: Op, now: int) -> Outcome:
    """As the table of `answers.py` says, with the waits that JSON and budgets of platforms ask.

    Whether something is proven gone is for the channel to say.
    """
    outcome = read_answer(answer, op, now)
    if not isinstance(answer, httpx.Response):
        return outcome
    rest = rest_ms(answer.headers, now)
    if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return replace(outcome, rest_ms=rest)
    after = max(outcome.after_ms, as_ms(told(answer).get("retry_after")), rest)
    return replace(outcome, after_ms=after, rest_ms=as_ms(after / 1_000))
