"""The wall: every platform a column, every post as readers would see it. It loads itself anew."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import ModuleType

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.sandbox.world import World

REFRESH_SECONDS = 2
MOST_SHOWN = 50
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'"
"""The wall has one style sheet of its own inside, no script, and asks nobody else for anything."""

_TEMPLATES = Environment(
    loader=PackageLoader("services.sandbox", "."), autoescape=True, undefined=StrictUndefined
)


def wall(world: World, plugs: Mapping[str, ModuleType]) -> Response:
    """The page."""
    columns = []
    for name, plug in plugs.items():
        posts = [post for post in world.posts.values() if post.platform == name]
        columns.append(
            {
                "name": name,
                "title": plug.TITLE,
                "limit": plug.LIMIT,
                "standing": sum(not post.deleted_at for post in posts),
                "posts": posts[::-1][:MOST_SHOWN],
            }
        )
    page = _TEMPLATES.get_template("wall.html").render(
        columns=columns, seconds=REFRESH_SECONDS, clock=_clock, now=_clock(world.now())
    )
    headers = {"content-security-policy": POLICY, "cache-control": "no-store"}
    return HTMLResponse(page, headers=headers)


def _clock(at_ms: int) -> str:
    """The time of day where the sandbox runs."""
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone():%H:%M:%S}"
