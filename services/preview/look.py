"""How a story would look at each destination: the post, its count, its card, what is lost of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.preview.remarks import bars, lacks, limits, losses
from services.preview.stage import Stage, Staged
from services.preview.story import Told
from services.publish.body import cover_image
from services.publish.delivery.channel import Announcement
from services.publish.social.account import SocialSettings
from services.sandbox.app import PLUGS as PLATFORMS
from services.sandbox.world import Post
from shared.article import Article
from shared.errors import Rejected
from shared.http import PublicClient
from shared.text import excerpt

COUNT = re.compile(r"(\d+) / (\d+)")
NEARLY_FULL = 0.9


@dataclass(frozen=True)
class Card:
    """A link as readers see it. `is_own`: the post brings it along; else the platform makes it."""

    title: str
    description: str
    url: str
    picture: str
    is_own: bool


@dataclass(frozen=True)
class Gauge:
    """How full a post is, in the platform's own unit."""

    count: int
    most: int

    @property
    def high(self) -> float:
        """From which count on it is nearly full."""
        return self.most * NEARLY_FULL


@dataclass(frozen=True)
class Look:
    """A post before it is made. `bars`: why it would not be sent now."""

    destination: str
    channel: str
    title: str
    text: str
    length: str
    limit: str
    hidden_behind: str
    pictures: tuple[str, ...]
    """Descriptions of the uploaded ones."""
    body: str
    """What is sent, but for what only the platform can name."""
    is_refused: bool
    bars: tuple[str, ...]
    warnings: tuple[str, ...]
    card: Card | None = None

    @property
    def gauge(self) -> Gauge | None:
        """Of the first limit that its length names; None where there is none."""
        found = COUNT.match(self.length)
        return Gauge(*map(int, found.groups())) if found else None

    def with_card(self, card: Card | None, warnings: tuple[str, ...]) -> "Look":
        return replace(self, card=card, warnings=warnings)


async def looks_of(outside: PublicClient, told: Told, kinds: Sequence[str] = ()) -> list[Look]:
    """The channels that are named; else all destinations; else all channels that we can judge.

    Raises Rejected when a channel cannot be shown. `outside` is for pictures and servers' limits.
    """
    stage = Stage(outside)
    if not kinds and told.destinations:
        return [await _at(stage, told, name) for name in told.destinations]
    return [await _without_account(stage, told, kind) for kind in kinds or PLATFORMS]


async def _at(stage: Stage, told: Told, name: str) -> Look:
    destination, first = told.destinations[name], told.is_first(name)
    article = told.live.article
    announcement = Announcement(article, "put", told.url, first=first)
    staged = await stage.show(destination.channel, destination.settings, announcement)
    barred = tuple(bars(destination, article, datetime.now(UTC), first=first))
    return _look_of(name, destination.channel, staged, told, barred)


async def _without_account(stage: Stage, told: Told, kind: str) -> Look:
    if kind not in PLATFORMS:
        raise Rejected(f"channel {kind}: it has no posts without a destination")
    announcement = Announcement(told.live.article, "put", told.url, first=True)
    return _look_of(kind, kind, await stage.show(kind, {}, announcement), told, ())


def _look_of(name: str, kind: str, staged: Staged, told: Told, barred: tuple[str, ...]) -> Look:
    article, post = told.live.article, staged.post
    is_social = isinstance(staged.settings, SocialSettings)
    look = Look(
        destination=name,
        channel=kind,
        title=PLATFORMS[kind].TITLE if kind in PLATFORMS else kind.capitalize(),
        limit=PLATFORMS[kind].LIMIT if kind in PLATFORMS else "",
        text=_seen(post) if post else staged.body,
        length=post.length if post else f"{len(staged.body.encode())} bytes",
        hidden_behind=post.warning if post else "",
        pictures=post.alts if post and not post.title else (),  # a card has its own
        body=staged.body,
        is_refused=staged.is_refused,
        bars=barred,
        warnings=staged.faults,
    )
    if post is None:
        return look
    card = _card(staged, article, told.url) if is_social else None
    said = f"{card.title} {card.description}" if card and card.is_own else ""
    most_tags = staged.settings.tags if is_social else 0
    warnings = [*staged.faults, *losses(article, look.text, said, look.body, most_tags)]
    if staged.wants_picture and not post.pictures and not staged.is_refused:
        warnings.append("the picture cannot be had: the post goes without it")
    warnings += limits(staged.channel.caps)
    return look.with_card(card, tuple(warnings))


def _card(staged: Staged, article: Article, url: str) -> Card:
    """What the post itself sends along, else what a platform finds on the page."""
    post, cover = staged.post, cover_image(article)
    picture = (cover.url or "") if cover else ""
    if post and post.title:
        return Card(post.title, post.summary, post.link, picture if post.pictures else "", True)
    description = article.description or excerpt(article.body_text)
    return Card(article.headline, description, url, picture, False)


def remarks_of(told: Told) -> list[str]:
    """What to know of the story, wherever it goes."""
    return [*filter(None, [told.remark]), *lacks(told.live.article)]


def _seen(post: Post) -> str:
    """Its text as readers see it, without the marks that it was sent with."""
    return "".join(words for _, words in post.marked) or post.text
