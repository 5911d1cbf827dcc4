"""The wall: every platform a column, every post as readers would see it. It loads itself anew."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import ModuleType

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.sandbox.world import Post, World

REFRESH_SECONDS = 2
MOST_SHOWN = 50
NEW_MS = 6_000
GOLDEN_ANGLE, FIRST_HUE = 137, 215
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'"
"""The wall has one style sheet of its own inside, no script, and asks nobody else for anything."""
LIVE_PARTS = re.compile(r"(?P<link>https?://[!-~]+)|(?P<tag>(?<!\S)#\w+)|(?P<gap>\n{2,})")

_TEMPLATES = Environment(
    loader=PackageLoader("services.sandbox", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def wall(world: World, plugs: Mapping[str, ModuleType]) -> Response:
    """The page."""
    now = world.now()
    page = _TEMPLATES.get_template("wall.html").render(
        columns=[_column(world, *one) for one in enumerate(plugs.items())],
        standing=sum(not post.deleted_at for post in world.posts.values()),
        edited=sum(bool(p.edited_at and not p.deleted_at) for p in world.posts.values()),
        gone=sum(bool(post.deleted_at) for post in world.posts.values()),
        seconds=REFRESH_SECONDS,
        clock=_clock,
        is_new=lambda post: now - post.made_at < NEW_MS,
        now=_clock(now),
    )
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return HTMLResponse(page, headers=headers)


def _column(world: World, place: int, plug: tuple[str, ModuleType]) -> Mapping[str, object]:
    """What happened last comes first."""
    name, platform = plug
    posts = [post for post in world.posts.values() if post.platform == name]
    latest = sorted(posts, key=_touched_at)[::-1][:MOST_SHOWN]
    return {
        "name": name,
        "title": platform.TITLE,
        "limit": platform.LIMIT,
        "hue": (FIRST_HUE + place * GOLDEN_ANGLE) % 360,
        "standing": sum(not post.deleted_at for post in posts),
        "posts": [(post, list(_parts(post))) for post in latest],
    }


def _touched_at(post: Post) -> int:
    return max(post.made_at, post.edited_at, post.deleted_at)


def _parts(post: Post) -> Iterator[tuple[str, str]]:
    """The text in pieces: what kind each is, and what it says. The template escapes them."""
    for is_bold, words in post.marked or [(False, post.text)]:
        if is_bold:
            yield "bold", words
        else:
            yield from _live(words)


def _live(text: str) -> Iterator[tuple[str, str]]:
    """Links and hashtags apart from the rest, as platforms show them."""
    at = 0
    for found in LIVE_PARTS.finditer(text):
        yield "plain", text[at : found.start()]
        yield found.lastgroup or "plain", found.group()
        at = found.end()
    yield "plain", text[at:]


def _clock(at_ms: int) -> str:
    """The time of day where the sandbox runs."""
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone():%H:%M:%S}"
