"""The corpus at scale: memory, rebuild rate and related queries as the archive grows.

Articles are made of real sentences drawn anew, so their vocabulary is flatter than that of news:
common terms are rarer, and rare ones commoner.
"""

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.enrich.corpus import Corpus
from shared.article import Article, Tag

SENTENCES, QUERIES, DEPTH = 5, 300, 50
STEPS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
TARGETS = {100_000: "p95 <= 10 ms, <= 400 MB", 1_000_000: "p95 <= 25 ms, <= 1,500 MB"}


def _sentences(data: Path) -> list[str]:
    found: list[str] = []
    for name in ("dev", "unl"):
        lines = (data / f"tnews-tags/{name}.zh-Hant.jsonl").open(encoding="utf-8")
        found += (json.loads(line)["title"] for line in lines)
    for line in (data / "csl-kg/dev.zh-Hant.jsonl").open(encoding="utf-8"):
        found += json.loads(line)["body"].split("；")
    return [sentence for sentence in found if sentence]


def _articles(sentences: list[str]) -> Iterator[Article]:
    """Articles without end, of about 200 characters, with three tags each."""
    draw, number = random.Random(1), 0  # noqa: S311
    while True:
        headline, *body = draw.choices(sentences, k=SENTENCES + 1)
        tags = tuple(Tag(name=one[:4]) for one in body[:3])
        yield Article(
            uri=f"urn:bench:{number}",
            headline=headline[:80],
            body_text="。".join(body)[:600],
            tags=tags,
        )
        number += 1


def _p(times: list[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))] * 1_000


def _queries(corpus: Corpus, articles: Iterator[Article]) -> list[float]:
    times = []
    for _ in range(QUERIES):
        article = next(articles)
        started = time.process_time()
        corpus.nearest(article, DEPTH)
        times.append(time.process_time() - started)
    return times


def measure(data: Path, most: int) -> Iterator[tuple[str, ...]]:
    """Rows: articles, memory in MB, articles remembered a second, query p50 and p95 in ms."""
    sentences, corpus, done = _sentences(data), Corpus(), 0
    articles = _articles(sentences)
    for size in (step for step in STEPS if step <= most):
        started, before = time.process_time(), done
        while done < size:
            corpus.remember(next(articles))
            done += 1
        rate = (done - before) / (time.process_time() - started)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        times = _queries(corpus, articles)
        figures = (f"{size:,}", f"{peak:.0f}", f"{rate:.0f}")
        yield (*figures, f"{_p(times, 0.5):.1f}", f"{_p(times, 0.95):.1f}", TARGETS.get(size, ""))


def main() -> None:
    """Measure up to `--most` articles and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=100_000)
    options = parser.parse_known_args()[0]
    console = Console()
    if not (options.data / "tnews-tags").is_dir():
        console.print("corpus_scale: not measured; name the folder of data sets with --data DIR")
        return
    columns = ("articles", "peak MB", "remembered/s", "query p50 ms", "p95 ms", "target")
    table = Table(*columns, title="corpus of one replica, CPU time of one process")
    for row in measure(options.data, options.most):
        table.add_row(*row)
        console.print(*row)
    console.print(table)


if __name__ == "__main__":
    main()
