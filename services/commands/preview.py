"""`wiredesk preview`: how a story would look at each destination, before anybody sees it."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from services.commands import preview_story as stories
from services.commands.deliveries import open_post
from services.commands.learning import from_file
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.preview_look import Card, Look, printed
from services.commands.preview_remarks import bars, lacks, limits, losses
from services.commands.preview_stage import CHANNELS, Stage, Staged
from services.commands.preview_story import Told
from services.commands.terminal import console
from services.instance import Instance, load_settings
from services.publish.body import cover_image
from services.publish.delivery.channel import Announcement
from services.publish.social.account import SocialSettings
from services.sandbox.app import PLUGS as PLATFORMS
from services.sandbox.world import Post as SandboxPost
from shared.article import Article
from shared.errors import Misconfigured
from shared.http import HttpSettings, public_client
from shared.settings import Settings
from shared.text import excerpt

Kinds = Annotated[
    list[str] | None,
    typer.Option("--channel", help="A channel, account or not; may be repeated.", metavar="NAME"),
]


def preview(
    story: Annotated[str, typer.Argument(help="A file that ingest could read, or a uri.")],
    channel: Kinds = None,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show for each destination the post, its length and its card, and what is lost. Sends nothing.

    Without destinations, or with --channel, it shows what an account without settings would post.

    Example: wiredesk preview story.json --channel mastodon --channel bluesky
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if unknown := sorted(set(channel or ()) - CHANNELS.keys()):
        raise typer.BadParameter(f"no channel {unknown[0]}; there are {', '.join(CHANNELS)}")
    file = Path(story)
    article = from_file(file) if file.is_file() else None
    settings = load_settings(config)
    told, looks = asyncio.run(_look(settings, state, config, article or story, channel or []))
    if as_json:
        console.print_json(data=_document(told, looks))
    else:
        console.print(printed(told.live.article, told.url, _remarks(told), looks))
    if any(look.is_refused for look in looks):
        raise typer.Exit(1)


async def _look(
    settings: Settings,
    state: Path,
    config: Path | None,
    story: Article | str,
    kinds: Sequence[str],
) -> tuple[Told, list[Look]]:
    try:
        instance = Instance.find(state, config)
    except Misconfigured:
        if isinstance(story, str):
            raise
        told = stories.alone(story, settings)
        return told, await _looks(settings.section("http", HttpSettings), told, kinds)
    async with open_post(state, config) as post:
        told = await stories.among(post, instance, story)
    return told, await _looks(instance.http, told, kinds)


async def _looks(http: HttpSettings, told: Told, kinds: Sequence[str]) -> list[Look]:
    """The channels that were named; else all destinations; else all channels that we can judge."""
    async with public_client(http) as outside:
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
        raise typer.BadParameter(f"--channel {kind}: it has no posts without a destination")
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


def _remarks(told: Told) -> list[str]:
    return [*filter(None, [told.remark]), *lacks(told.live.article)]


def _seen(post: SandboxPost) -> str:
    """Its text as readers see it, without the marks that it was sent with."""
    return "".join(words for _, words in post.marked) or post.text


def _document(told: Told, looks: Sequence[Look]) -> Mapping[str, Any]:
    article = told.live.article
    about = {"uri": article.uri, "version": article.version, "headline": article.headline}
    about |= {"url": told.url, "remarks": _remarks(told)}
    return {"article": about, "destinations": [asdict(look) for look in looks]}
