"""RULE: what X's answers mean, and what its calls cost.

    status, and what it says                            means
    403 "duplicate content"                             unknown: the words stand there, perhaps ours
    403 about the account, or with a problem's address  stopped: a person must mend it
    any other 403                                       refused: this post is not wanted
    402, 429 "usage cap"                                stopped: nothing is paid for any more
    200 with `deleted: false`                           retry
    200 without the post, "not found"                   missing

https://docs.x.com/x-api/fundamentals/response-codes-and-errors, https://docs.x.com/x-api/getting-started/pricing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.publish.delivery.row import Verdict
from services.publish.posts.counting import ADDRESS

POST, POST_WITH_ADDRESS, DELETE, READ = 15, 200, 10, 5
"""Prices in thousandths of a US dollar; a read is that of one post."""
FORBIDDEN, PAYMENT_REQUIRED, TOO_MANY = 403, 402, 429
ACCOUNT_WORDS = ("suspended", "locked", "unsupported authentication", "oauth2", "app permissions")
FIRST_POST = datetime(2010, 11, 6, 0, 0, 1, tzinfo=UTC)
"""X looks for nothing that is older."""
Said = Mapping[str, Any]


def price_of(text: str) -> int:
    """What a post of that text costs."""
    return POST_WITH_ADDRESS if ADDRESS.search(text) else POST


def verdict_of(status: int, said: Said) -> Verdict | None:
    """What an answer means by what it says; None = only its status tells."""
    words = f"{said.get('title', '')} {said.get('detail', '')}".lower()
    if status == PAYMENT_REQUIRED or (status == TOO_MANY and "cap" in words):
        return "stopped"
    if status != FORBIDDEN:
        return None
    if "duplicate" in words:
        return "unknown"
    is_problem = str(said.get("type", "about:blank")) != "about:blank"
    return "stopped" if is_problem or any(word in words for word in ACCOUNT_WORDS) else "refused"


def is_missing(said: Said) -> bool:
    """Whether an answer that is well says that the post is not there."""
    errors = said.get("errors")
    if "data" in said or not isinstance(errors, list) or not errors:
        return False
    return all(
        isinstance(one, dict) and str(one.get("type", "")).endswith("/resource-not-found")
        for one in errors
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Posts, newest first."""

    posts: Sequence[Said]
    after: str
    """The token of the next page; empty when this is the last one."""


def page_of(said: Said) -> Page | None:
    """The page of an answer; None when it is none. An empty one has no `data`."""
    posts, meta = said.get("data", []), said.get("meta")
    if not isinstance(posts, list) or not isinstance(meta, dict):
        return None
    if not all(isinstance(one, dict) and "id" in one for one in posts):
        return None
    return Page(posts, str(meta.get("next_token") or ""))


def made_at(post: Said) -> float:
    """Milliseconds since 1970; for ever ago when it does not say."""
    try:
        return datetime.fromisoformat(str(post["created_at"])).timestamp() * 1_000
    except (KeyError, ValueError, OverflowError):
        return 0


def links_to(post: Said, url: str) -> bool:
    """Whether its text leads to that address; X puts a short one of its own in its place."""
    try:
        addresses = post["entities"]["urls"]
        return any(url in (one.get("expanded_url"), one.get("unwound_url")) for one in addresses)
    except (KeyError, TypeError, AttributeError):
        return False


def start_of(since: int) -> str:
    """An instant in milliseconds since 1970 as X wants it, none before there were posts."""
    when = max(datetime.fromtimestamp(since // 1_000, UTC), FIRST_POST)
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
