"""Enrichment: quality on public keyphrases, headlines and the gold set; duplicates; speed.

Quality needs the data sets named in `DATA`; they have no licence that would let us ship them. Other
ways stand beside where they are installed (`bench/tag_peers.py`). The archive at scale is measured
by `python -m bench.corpus_scale --most 1000000`.
"""

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import gold_figures, hostile, near_duplicates
from bench.tag_peers import bm25, taggers
from services.enrich import steps
from services.enrich.corpus import Corpus
from services.enrich.folding import key
from services.enrich.new_words import new_words
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
FEW_QUERIES = 200
NEW_WORDS, LEAST_ARTICLES = 200, 5
SPEED_SECONDS = 4.0
SETS = ("dev", "tune", "held", "blind")
LONG_ENOUGH = 200
"""Characters of a text whose edited copies are looked for."""


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
    articles = {article.uri: article for article in _articles(rows)}
    for article in articles.values():
        pipeline.corpus.learn(article)
    return _f1(rows, lambda row: [tag.name for tag in pipeline.enrich(articles[row["id"]]).tags])


def _f1(rows: list[dict[str, Any]], tags_of: Callable[[dict[str, Any]], list[str]]) -> float:
    found = given = right = 0
    for row in rows:
        tags, gold = tags_of(row)[:KEYPHRASES], set(map(key, row["keywords"]))
        found, given = found + len(tags), given + len(gold)
        right += len(gold & set(map(key, tags)))
    return 2 * right / (found + given)


def keyphrase_peers(rows: list[dict[str, Any]]) -> str:
    """The same figure of other ways, in one line."""
    told = []
    for name, tag, most in taggers():
        score = _f1(rows[:most], lambda row, tag=tag: tag(f"{row['title']}。{row['body']}"))  # type: ignore[misc]
        told.append(f"{name} {score:.3f}" + (f" (first {most})" if most else ""))
    return ", ".join(told)


Ranking = Callable[[Article, int], list[str]]


def related_mrr(rows: list[dict[str, Any]]) -> tuple[float, str]:
    """Mean reciprocal rank of the first headline that shares two rare portal tags; and of BM25."""
    corpus = Corpus()
    articles = list(_articles(rows))
    for article in articles:
        corpus.learn(article)
    for article in articles:
        corpus.remember(article)
    ours = _mrr(rows, articles, lambda asks, most: [k.uri for k, _ in corpus.nearest(asks, most)])
    places = {article.uri: place for place, article in enumerate(articles)}
    peer = bm25([article.headline for article in articles])
    if peer is None:
        return ours, ""
    theirs = _mrr(
        rows,
        articles,
        lambda asks, most: [articles[one].uri for one in peer(places[asks.uri], most)],
        FEW_QUERIES,
    )
    return ours, f"BM25 over jieba {theirs:.3f} (first {FEW_QUERIES} queries)"


def _mrr(
    rows: list[dict[str, Any]], articles: list[Article], ranking: Ranking, queries: int = QUERIES
) -> float:
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
        if gold and asked < queries:
            ranked = [uri in gold for uri in ranking(article, DEPTH)]
            total += 1 / (ranked.index(True) + 1) if any(ranked) else 0
            asked += 1
    return total / asked


def new_word_share(rows: list[dict[str, Any]]) -> float:
    """Of the first new words of the headlines, the share that the portal has as a tag."""
    tags = {key(tag) for row in rows for tag in row["keywords"]}
    found = new_words([row["title"] for row in rows], LEAST_ARTICLES)[:NEW_WORDS]
    return sum(key(word.name) in tags for word in found) / len(found)


def speed(rows: list[dict[str, Any]], chars: int, *, tags_only: bool = False) -> float:
    """Articles per second of CPU, each made of sentences drawn anew.

    Through the whole pipeline, or only what tags need: reading, counting, language and tags.
    """
    sentences = [f"{part}。" for row in rows for part in re.split(r"[.。;；]", row["body"]) if part]
    draw = random.Random(1)  # noqa: S311
    plugs, done, spent = find_plugs(steps), 0, 0.0
    pipeline = Pipeline(Corpus(), plugs)
    pipeline.enrich(Article(uri="urn:bench:warm", headline=rows[0]["title"]))
    while spent < SPEED_SECONDS:
        body = ""
        while len(body) < chars:
            body += draw.choice(sentences)
        headline = draw.choice(rows)["title"]
        article = Article(uri=f"urn:bench:{done}", headline=headline, body_text=body[:chars])
        started = time.process_time()
        if tags_only:
            pipeline.corpus.learn(article)
            plugs["language"].find(article, pipeline.corpus)
            plugs["tags"].find(article, pipeline.corpus)
        else:
            pipeline.enrich(article)
        spent += time.process_time() - started
        done += 1
    return done / spent


def _measure(data: Path) -> Iterator[tuple[str, ...]]:
    for script, ending in SCRIPTS.items():
        abstracts = _rows(data / f"csl-kg/dev.{script}.jsonl")
        figure, peers = f"{keyphrase_f1(abstracts):.4f}", keyphrase_peers(abstracts)
        yield f"tags: F1@5, {script}", figure, ">= .24", peers
        names = [f"tnews-tags/{part}{ending}.jsonl" for part in ("dev", "unl")]
        headlines = [
            {**row, "id": f"{name}#{row['id']}"} for name in names for row in _rows(data / name)
        ]
        mrr, peer = related_mrr(headlines)
        yield f"related: MRR@{DEPTH}, {script}", f"{mrr:.4f}", ">= .33", peer
        share = f"{new_word_share(headlines):.2f}"
        yield f"new words: of the first {NEW_WORDS}, portal tags, {script}", share, "", ""
    yield from _gold(SETS)
    texts = [row["body"] for row in _rows(data / "csl-kg/dev.zh-Hans.jsonl")]
    for name, ours, simhash, target in near_duplicates.measure(
        [text for text in texts if len(text) >= LONG_ENOUGH]
    ):
        yield name, ours, target, simhash
    abstracts = _rows(data / "csl-kg/dev.zh-Hant.jsonl")
    tagged = f"{speed(abstracts, 200, tags_only=True):.0f}"
    yield "texts of 200 characters tagged a CPU second", tagged, ">= 700", ""
    yield "the same through the whole pipeline", f"{speed(abstracts, 200):.0f}", "", ""
    whole = f"{speed(abstracts, 1_500):.0f}"
    yield "articles of 1,500 characters, whole pipeline", whole, ">= 150", ""
    milliseconds, where = hostile.slowest()
    told = f"{milliseconds:.0f} ms ({where})"
    yield "slowest of 28 texts of 100 kB made to hurt", told, "< 200 ms", ""


def _gold(sets: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for one in sets:
        for measure, *figures in gold_figures.measure(one):
            yield f"gold {one}: {measure}", *figures


def main() -> None:
    """Measure and print a table; say what is missing when the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--gold", nargs="+", choices=SETS, help="only these sets of the gold set")
    asked = parser.parse_known_args()[0]
    data: Path = asked.data
    console = Console()
    is_there = (data / "csl-kg").is_dir() and (data / "tnews-tags").is_dir()
    if not asked.gold and not is_there:
        console.print(f"enrich: not measured; put {DATA} into a folder and name it with --data DIR")
        return
    table = Table("measure", "figure", "target", "beside", title="enrich, one core")
    for row in _gold(asked.gold) if asked.gold else _measure(data):
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
