"""How Meta's Graph APIs answer: their errors and their lists.

https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.sandbox.world import Post

MOST_LISTED = 100
Shows = Callable[[Post], Mapping[str, Any]]


def graph_error(
    code: int,
    message: str,
    status: int = 400,
    *,
    subcode: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as all of them write it."""
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
    told = error | ({"error_subcode": subcode} if subcode else {}) | {"fbtrace_id": "sandbox"}
    return JSONResponse({"error": told}, status, headers)


def no_such_object(name: str) -> Response:
    """What is not there, and what one may not see, are the same."""
    message = f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded"
    return graph_error(100, f"{message} due to missing permissions", subcode=33)


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a call's form; none when it is no form."""
    is_form = request.headers.get("content-type") == "application/x-www-form-urlencoded"
    return dict(parse_qsl((await request.body()).decode())) if is_form else {}


def listed(posts: Sequence[Post], request: Request, shows: Shows) -> Response:
    """A page of posts, newest first: `since` in seconds, `limit`, `after`."""
    query = request.query_params
    since, limit = int(query.get("since", "0")), int(query.get("limit", "25"))
    if not 1 <= limit <= MOST_LISTED:
        return graph_error(100, "limit is out of range")
    begin = int(query.get("after", "0"))
    found = [post for post in posts[::-1] if post.made_at >= since * 1_000]
    page, end = found[begin : begin + limit], begin + limit
    paging = {"cursors": {"before": str(begin), "after": str(end)}}
    more = {"next": f"{request.url.path}?after={end}"} if end < len(found) else {}
    return JSONResponse({"data": [shows(post) for post in page], "paging": paging | more})


def instant(at_ms: int) -> str:
    """E.g. `2026-11-23T06:00:00+0000`."""
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%dT%H:%M:%S+0000}"


def usage(kind: str, account: str, per_cent: int, seconds: float = 0) -> Mapping[str, str]:
    """The header that tells how much of a budget is used, and when it is there again."""
    told = {
        "type": kind,
        "call_count": per_cent,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": ceil(seconds / 60),
    }
    return {"x-business-use-case-usage": json.dumps({account: [told]})}
