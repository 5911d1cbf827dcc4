"""How well tags and related links of the newsroom gold set are found: `bench/gold/README.md`.

The archive is the half itself: every article comes in, in the order of publication, and then each
is enriched once more, as its lists stand when all have come.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bench.tag_peers import taggers
from services.enrich import steps
from services.enrich.corpus import Corpus
from services.enrich.folding import fold, key
from services.enrich.names import names_of
from services.enrich.pipeline import Pipeline
from services.enrich.sketches import SAME, containment, sketch_of
from services.enrich.words import Text, read
from shared.article import Article, TagKind
from shared.plugs import find_plugs

FIVE, THREE = 5, 3
NAMES: tuple[TagKind, ...] = ("person", "organisation")
Row = tuple[str, str, str, str]


def measure(half: str) -> Iterator[Row]:
    """Rows: measure, figure, target, other ways. None when the gold set is not there."""
    if not find_spec("bench.gold_set"):
        return
    gold: Sequence[Any] = import_module("bench.gold_set").read(half)
    if not gold:
        return
    pipeline = Pipeline(Corpus(), find_plugs(steps))
    for one in gold:
        pipeline.enrich(one.article())
    enriched = [pipeline.enrich(one.article()) for one in gold]
    pairs = list(zip(gold, enriched, strict=True))
    peers = _precision_of_peers(gold)
    yield "articles", str(len(gold)), "", ""
    yield "precision of the first 5 tags", _ratio(_first_five(pairs)), ">= .80", peers
    if half == "held":
        yield from _by_two_editors(pairs)
    yield "people and organisations recognised", _names(pairs, pipeline.corpus), ">= .95", ""
    for name, figure, target in import_module("bench.gold_renamed").measure(gold):
        yield name, figure, target, ""
    yield "tagged, of those an editor tags", _ratio(_tagged(pairs)), ">= .95", ""
    yield "tags that are no tag, or a piece of a name", str(_wrong(pairs)), "0", ""
    yield "same tags with one sentence shortened", _steady(pairs, pipeline), "", ""
    if any(one.related for one in gold):
        yield "precision of the first 3 links", _ratio(_first_three(pairs)), ">= .85", ""
        yield "one event in other words, taken for a copy", _same_event(gold), "<= 1 %", ""
    same = sum(bool(article.duplicate_of) for article in enriched)
    yield "different texts taken for copies", str(same), "0", ""


def _by_two_editors(pairs: Sequence[tuple[Any, Article]]) -> Iterator[Row]:
    """How a second editor judges the same tags, and how far both editors agree."""
    second = import_module("bench.gold_set").second_editor()
    mine = {one.uri: _keys(one.tags) for one, _ in pairs}
    theirs = {uri: _keys(tags) for uri, tags in second.items()}
    either = {uri: mine[uri] | theirs[uri] for uri in mine}
    yield "the same, by a second editor", _ratio(_signed(pairs, theirs)), ">= .80", ""
    yield "the same, signed by either", _ratio(_signed(pairs, either)), "", ""
    first = [(mine[uri], tag) for uri, tags in second.items() for tag in tags[:FIVE]]
    agreed = sum(bool(_keys([tag]) & keys) for keys, tag in first)
    yield "first 5 of the second editor, signed by the first", _ratio((agreed, len(first))), "", ""


def _signed(pairs: Sequence[tuple[Any, Article]], keys: Mapping[str, set[str]]) -> tuple[int, int]:
    first = [(keys[gold.uri], tag) for gold, article in pairs for tag in article.tags[:FIVE]]
    return sum(key(tag.name) in wanted for wanted, tag in first), len(first)


def _precision_of_peers(gold: Sequence[Any]) -> str:
    """The share of right ones among the five keyphrases of other ways, in one line."""
    told = []
    for name, tag, _ in taggers():
        found = [(one, tag(f"{one.headline}。{one.body_text}")) for one in gold]
        right = sum(key(tag) in _keys(one.tags) for one, tags in found for tag in tags)
        told.append(f"{name} {right / sum(len(tags) for _, tags in found):.3f}")
    return ", ".join(told)


def _keys(tags: Sequence[Any]) -> set[str]:
    return {key(name) for name in _spellings(tags)}


def _same_event(gold: Sequence[Any]) -> str:
    """Of the pairs of reports of one event, how many are judged to be copies."""
    texts = {one.uri: sketch_of(Text(one.body_text)) for one in gold}
    pairs = {frozenset((one.uri, other)) for one in gold for other in one.same_event}
    same = sum(containment(*(texts[uri] for uri in pair)) >= SAME for pair in pairs)
    return f"{same} of {len(pairs)}"


def _spellings(names: Sequence[Any]) -> set[str]:
    return {fold(spelling) for name in names for spelling in name.spellings}


def _ratio(pair: tuple[int, int]) -> str:
    return f"{pair[0] / max(pair[1], 1):.3f} ({pair[0]} of {pair[1]})"


def _first_five(pairs: Sequence[tuple[Any, Article]]) -> tuple[int, int]:
    return _signed(pairs, {gold.uri: _keys(gold.tags) for gold, _ in pairs})


def _names(pairs: Sequence[tuple[Any, Article]], corpus: Corpus) -> str:
    found = asked = 0
    for gold, article in pairs:
        text = read(article)
        named = {one.name for one in names_of(article, text, corpus).named}
        asked += len(gold.names)
        found += sum(bool(_spellings([name]) & named) for name in gold.names)
    return _ratio((found, asked))


def _tagged(pairs: Sequence[tuple[Any, Article]]) -> tuple[int, int]:
    found = asked = 0
    for gold, article in pairs:
        shown = {fold(tag.name) for tag in article.tags}
        wanted = [name for name in gold.tags if name.type in NAMES]
        asked += len(wanted)
        found += sum(bool(_spellings([name]) & shown) for name in wanted)
    return found, asked


def _wrong(pairs: Sequence[tuple[Any, Article]]) -> int:
    wrong = 0
    for gold, article in pairs:
        never, names = set(map(fold, gold.never)), _spellings(gold.names)
        whole = names | _spellings(gold.tags)
        for tag in article.tags:
            name = fold(tag.name)
            is_piece = name not in whole and tag.kind != "place" and any(name in n for n in names)
            wrong += name in never or is_piece
    return wrong


def _steady(pairs: Sequence[tuple[Any, Article]], pipeline: Pipeline) -> str:
    """The mean Jaccard likeness of the tags of an article and of its edited version."""
    find = find_plugs(steps)["tags"].find
    alike = []
    for gold, article in pairs:
        edited = gold.article().model_copy(update={"body_text": shortened(gold.body_text)})
        one = {key(tag.name) for tag in article.tags}
        other = {key(tag.name) for tag in find(edited, pipeline.corpus)["tags"]}
        alike.append(len(one & other) / max(len(one | other), 1))
    return f"{sum(alike) / len(alike):.3f}"


def shortened(body: str) -> str:
    """The text with its middle sentence cut at the first comma, as an editor does for room."""
    sentences = body.split("。")
    middle = len(sentences) // 2
    sentences[middle] = sentences[middle].split("，")[0]
    return "。".join(sentences)


def _first_three(pairs: Sequence[tuple[Any, Article]]) -> tuple[int, int]:
    right = shown = 0
    for gold, article in pairs:
        fit = {*gold.related, *gold.same_story, *gold.same_event}
        first = article.related[:THREE]
        shown, right = shown + len(first), right + sum(link.uri in fit for link in first)
    return right, shown
