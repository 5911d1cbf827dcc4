"""`wiredesk explain`: why does an article have these tags and related links?"""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.enrich.explain import Explanation, Neighbour, Term, explained
from services.instance import Instance
from services.preview.learning import from_file, learnt
from shared.article import Article
from shared.hop import StreamSettings
from shared.redis import connect
from shared.streams import Keys


def explain(
    article: Annotated[str, typer.Argument(help="A uri, or a file that ingest could read.")],
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the terms of an article with scores and evidence, and why some links lost.

    Example: wiredesk explain urn:news:1234
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    instance = Instance.find(state, config)
    story = from_file(Path(article)) if Path(article).is_file() else None
    found = asyncio.run(_look(instance, article, story))
    if found is None:
        console.print(plain(f"{article} is neither a file nor an article in the archive", "red"))
        raise typer.Exit(1)
    if as_json:
        told = {**asdict(found), "article": found.article.model_dump(mode="json")}
        console.print_json(data=told)
    else:
        _print(found)


async def _look(instance: Instance, uri: str, story: Article | None) -> Explanation | None:
    """Learn the archive as a replica of enrich does, then weigh the article."""
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    async with connect(instance.redis_url) as redis:
        pipeline, archive = await learnt(instance.settings, redis, keys)
        story = story or await archive.read(uri)
    return explained(story, pipeline) if story else None


def _print(found: Explanation) -> None:
    article = found.article
    console.print(plain(f"{article.uri}  {article.headline}", "bold"))
    subjects = "、".join(subject.name for subject in article.subjects)
    console.print(plain(f"language {article.language}  story {article.story}  topics {subjects}"))
    if article.duplicate_of:
        console.print(plain(f"repeats {article.duplicate_of}", "yellow"))
    console.print(_terms(found.terms))
    console.print(_neighbours("related", found.neighbours))
    if found.copies:
        console.print(_neighbours("copies", found.copies))


def _terms(terms: tuple[Term, ...]) -> Table:
    table = Table("term", "kind", "weight", "evidence", "what became of it", title="terms")
    for one in terms:
        style = "bold" if one.fate.startswith("tag") else ""
        cells = (one.name, one.kind, one.weight, one.evidence, one.fate)
        table.add_row(*(plain(cell, style) for cell in cells))
    return table


def _neighbours(title: str, found: tuple[Neighbour, ...]) -> Table:
    table = Table("uri", "headline", "likeness", "what became of it", title=title)
    for one in found:
        style = "bold" if one.fate.startswith("link") else ""
        cells = (one.uri, one.headline, one.likeness, one.fate)
        table.add_row(*(plain(cell, style) for cell in cells))
    return table
