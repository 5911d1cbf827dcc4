"""Enrichment: quality on public keyphrases and headlines, and speed on one core.

Quality needs the data sets named in `DATA`; they have no licence that would let us ship them.
"""

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.enrich import steps
from services.enrich.corpus import Corpus
from services.enrich.folding import key
from services.enrich.pipeline import Pipeline
from shared.article import Article
from shared.plugs import find_plugs

DATA = "csl-kg/dev.zh-Han{s,t}.jsonl and tnews-tags/{dev,unl}{,.zh-Hant}.jsonl"
SCRIPTS = {"zh-Hant": ".zh-Hant", "zh-Hans": ""}
KEYPHRASES = 5
DEPTH = 10
MOST_SHARED = 100
"""Portal tags on more headlines than this say nothing about relevance."""
QUERIES = 1_000
SPEED_SECONDS = 4.0


def _pipeline() -> Pipeline:
    return Pipeline(Corpus(), find_plugs(steps))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _articles(rows: Iterable[dict[str, Any]]) -> Iterator[Article]:
    for row in rows:
        yield Article(uri=row["id"], headline=row["title"][:500], body_text=row.get("body", ""))


def keyphrase_f1(rows: list[dict[str, Any]]) -> float:
    """F1 of the best five tags against the authors' keyphrases, over all abstracts at once."""
    pipeline = _pipeline()
    articles = list(_articles(rows))
    for article in articles:
        pipeline.corpus.learn(article)
    found = given = right = 0
    for row, article in zip(rows, articles, strict=True):
        tags = pipeline.enrich(article).tags[:KEYPHRASES]
        gold = set(map(key, row["keywords"]))
        found, given = found + len(tags), given + len(gold)
        right += len(gold & {key(tag.name) for tag in tags})
    return 2 * right / (found + given)


def related_mrr(rows: list[dict[str, Any]]) -> float:
    """Mean reciprocal rank of the first headline that shares two rare portal tags."""
    corpus = Corpus()
    articles = list(_articles(rows))
    for article in articles:
        corpus.learn(article)
    for article in articles:
        corpus.remember(article)
    seen = Counter(tag for row in rows for tag in set(row["keywords"]))
    tags = {r["id"]: {t for t in r["keywords"] if seen[t] <= MOST_SHARED} for r in rows}
    having: defaultdict[str, set[str]] = defaultdict(set)
    for uri, names in tags.items():
        for name in names:
            having[name].add(uri)
    total = asked = 0.0
    for article in random.Random(1).sample(articles, len(articles)):  # noqa: S311
        near = Counter(uri for name in tags[article.uri] for uri in having[name])
        gold = {uri for uri, shared in near.items() if shared > 1} - {article.uri}
        if gold and asked < QUERIES:
            ranked = [known.uri in gold for known, _ in corpus.nearest(article, DEPTH)]
            total += 1 / (ranked.index(True) + 1) if any(ranked) else 0
            asked += 1
    return total / asked


def speed(rows: list[dict[str, Any]], chars: int) -> float:
    """Articles a second through the whole pipeline, each made of sentences drawn anew."""
    sentences = [f"{part}。" for row in rows for part in re.split(r"[.。;；]", row["body"]) if part]
    draw = random.Random(1)  # noqa: S311
    pipeline, done, spent = _pipeline(), 0, 0.0
    pipeline.enrich(Article(uri="urn:bench:warm", headline=rows[0]["title"]))
    while spent < SPEED_SECONDS:
        body = ""
        while len(body) < chars:
            body += draw.choice(sentences)
        headline = draw.choice(rows)["title"]
        article = Article(uri=f"urn:bench:{done}", headline=headline, body_text=body[:chars])
        started = time.process_time()
        pipeline.enrich(article)
        spent += time.process_time() - started
        done += 1
    return done / spent


def _measure(data: Path) -> Iterator[tuple[str, str, str]]:
    for script, ending in SCRIPTS.items():
        abstracts = _rows(data / f"csl-kg/dev.{script}.jsonl")
        yield f"tags: F1@5, {script}", f"{keyphrase_f1(abstracts):.3f}", ">= .22"
        names = [f"tnews-tags/{part}{ending}.jsonl" for part in ("dev", "unl")]
        headlines = [
            {**row, "id": f"{name}#{row['id']}"} for name in names for row in _rows(data / name)
        ]
        yield f"related: MRR@{DEPTH}, {script}", f"{related_mrr(headlines):.3f}", ">= .32"
    abstracts = _rows(data / "csl-kg/dev.zh-Hant.jsonl")
    yield "texts of 200 characters a second", f"{speed(abstracts, 200):.0f}", ">= 700"
    yield "articles of 1,500 characters a second", f"{speed(abstracts, 1_500):.0f}", ">= 150"


def main() -> None:
    """Measure and print a table; say what is missing when the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data: Path = parser.parse_known_args()[0].data
    console = Console()
    if not (data / "csl-kg").is_dir() or not (data / "tnews-tags").is_dir():
        console.print(f"enrich: not measured; put {DATA} into a folder and name it with --data DIR")
        return
    table = Table("measure", "figure", "target", title="enrich, one core")
    for row in _measure(data):
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
