"""`wiredesk new-words`: which words does the archive use that neither rules nor editors know?"""

import asyncio
import json
import sys
from dataclasses import asdict
from itertools import islice
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from services.commands.options import DEFAULT_STATE, ConfigOption, JsonOption, StateOption
from services.commands.terminal import console, plain
from services.enrich.new_words import NewWord, kind_of_word, new_words, unknown
from services.instance import Instance
from services.preview.learning import ignorant, newest
from shared.article import Article
from shared.hop import StreamSettings
from shared.redis import connect
from shared.streams import Keys

LEAD_CHARS = 600
"""Read of each article: what is new is said early, and all of them together must fit in memory."""


def propose(
    articles: Annotated[
        int, typer.Option(help="Read so many of the newest articles.", min=1, max=20_000)
    ] = 10_000,
    least: Annotated[int, typer.Option(help="In so many articles at least.", min=2)] = 5,
    most: Annotated[int, typer.Option(help="Propose so many words at most.", min=1)] = 40,
    toml: Annotated[bool, typer.Option("--toml", help="Print terms for the vocabulary.")] = False,
    state: StateOption = DEFAULT_STATE,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose words for the vocabulary that the archive uses and nobody has laid down.

    Look through them before you paste: common phrases are among them. docs/vocabulary.md says more.

    Example: wiredesk new-words --toml >> vocabulary.toml
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    instance = Instance.find(state, config)
    read, shown = asyncio.run(_look(instance, articles, least, most))
    if as_json:
        console.print_json(data=[asdict(one) for one in shown])
    elif toml:
        sys.stdout.writelines(map(_term, shown))
    elif shown:
        console.print(_table(shown, f"new words of {read} articles"))
    else:
        told = f"no new word stands in {least} of {read} articles; a lower --least asks for less"
        console.print(plain(told, "yellow"))


async def _look(
    instance: Instance, articles: int, least: int, most: int
) -> tuple[int, list[NewWord]]:
    """How many Chinese articles were read, and the words that nothing finds yet."""
    keys = Keys(instance.settings.section("streams", StreamSettings).partitions)
    stories: list[Article] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading the archive", total=articles)
        async with connect(instance.redis_url) as redis:
            async for some in newest(instance.settings, redis, keys, articles):
                stories += [one for one in some if (one.language or "").startswith("zh")]
                progress.update(task, completed=len(stories))
        progress.add_task("looking for words", total=None)
        texts = [f"{one.headline}\n{one.body_text}"[:LEAD_CHARS] for one in stories]
        found = unknown(new_words(texts, least), stories, ignorant(instance.settings).corpus)
        return len(stories), list(islice(found, most))


def _table(shown: list[NewWord], title: str) -> Table:
    table = Table(title=title)
    table.add_column("word", style="bold")
    for name in ("articles", "times", "cohesion", "freedom"):
        table.add_column(name, justify="right")
    table.add_column("first said", style="dim")
    for one in shown:
        figures = (one.articles, one.times, one.cohesion, one.freedom)
        table.add_row(one.name, *map(str, figures), plain(one.context))
    return table


def _term(word: NewWord) -> str:
    """One term of the vocabulary; a basic string of TOML is written as one of JSON."""
    label = json.dumps(word.name, ensure_ascii=False)
    told = f"# {word.articles} articles: {word.context}\n"
    return f'{told}[[term]]\nlabel = {label}\nkind = "{kind_of_word(word)}"\n\n'
