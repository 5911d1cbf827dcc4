"""`wiredesk preview`: how a story would look at each destination, before anybody sees it."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from services.commands.deliveries import open_post
from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.preview_look import printed
from services.commands.terminal import console
from services.instance import Instance, load_settings
from services.preview.learning import from_file, learnt
from services.preview.look import Look, looks_of, remarks_of
from services.preview.stage import CHANNELS
from services.preview.story import Newsroom, Told, alone
from shared.article import Article
from shared.errors import Misconfigured
from shared.http import HttpSettings, public_client
from shared.settings import Settings

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
        console.print(printed(told.live.article, told.url, remarks_of(told), looks))
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
        told = alone(story, settings)
        return told, await _looks(settings.section("http", HttpSettings), told, kinds)
    async with open_post(state, config) as post:
        newsroom = Newsroom(instance.settings, post.redis, post.keys, instance.site)
        if isinstance(story, str):
            told = await newsroom.standing(story)
        else:
            pipeline, _ = await learnt(instance.settings, post.redis, post.keys)
            told = await newsroom.coming(story, pipeline)
    return told, await _looks(instance.http, told, kinds)


async def _looks(http: HttpSettings, told: Told, kinds: Sequence[str]) -> list[Look]:
    async with public_client(http) as outside:
        return await looks_of(outside, told, kinds)


def _document(told: Told, looks: Sequence[Look]) -> Mapping[str, Any]:
    article = told.live.article
    about = {"uri": article.uri, "version": article.version, "headline": article.headline}
    about |= {"url": told.url, "remarks": remarks_of(told)}
    return {"article": about, "destinations": [asdict(look) for look in looks]}
