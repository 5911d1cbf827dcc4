"""Up to six earlier stories worth reading with this one, and the running story it belongs to.

Links the newsroom gave come first and are never displaced. Of near-duplicates at most one is
shown, and never one of the article itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from services.enrich.corpus import Corpus
from services.enrich.folding import key
from services.enrich.known import Known
from services.enrich.step import Findings
from shared.article import Article, RelatedLink, Tag

after: tuple[str, ...] = ("tags", "duplicates")

MOST = 6
ASKED = 30
LIKE_ALONE, LIKE_BY_ONE, LIKE_BY_MORE, LIKE_BY_PERSON = 0.1, 0.07, 0.04, 0.025
"""Likeness from which an article may be shown: that shares no theme, one, more, or a person.

Places are no themes: two stories that merely happen in one town are not related.
"""
MOST_OF_ONE_STORY = 4
"""Chapters of one running story, so that it does not fill the list alone."""
VARIETY = 0.3
"""The share of its likeness that a story loses whose themes are all those of one taken."""
SAME_STORY = 0.45
TOPICS_IN_REASON = 3
REASONS = {
    "zh-Hant": ("共同主題：{}", "、", "內容相近"),
    "zh-Hans": ("共同主题：{}", "、", "内容相近"),
    "ja": ("共通の話題：{}", "、", "内容が近い記事"),
    "en": ("Shared topics: {}", ", ", "Similar story"),
}


def find(article: Article, corpus: Corpus) -> Findings:
    """Find related articles among those remembered, and the story they continue."""
    nearest = corpus.nearest(article, ASKED)
    links = (*article.related, *_links(article, corpus, nearest))
    findings: Findings = {"related": links}
    story = article.story or _story(article, corpus, nearest)
    return {**findings, "story": story} if story else findings


def _links(
    article: Article, corpus: Corpus, nearest: list[tuple[Known, float]]
) -> Iterator[RelatedLink]:
    fixed = corpus.vocabulary.links_of(article.uri)
    hidden = _not_to_show(article, corpus) | set(fixed.excluded)
    room = MOST - len(article.related)
    for other in _standing(corpus, fixed.pinned):
        if room > 0 and other.uri not in hidden:
            room, hidden = room - 1, hidden | {other.uri, other.cluster}
            yield _link(other, 1.0, _by_editors(article))
    ranked = _by_freshness(article, corpus, nearest)
    alike = (pair for pair in ranked if not why_not_shown(article, *pair))
    for other, likeness in various(_firsts(corpus, alike), hidden, room):
        yield _link(other, likeness, _reason(article, other))


def _firsts(corpus: Corpus, ranked: Iterable[tuple[Known, float]]) -> list[tuple[Known, float]]:
    """Of near-duplicates the first: the others may have been dropped, and nobody sees those."""
    best = dict[str, tuple[Known, float]]()
    for other, likeness in ranked:
        is_first = other.cluster == other.uri
        first = other if is_first else next(_standing(corpus, [other.cluster]), other)
        best.setdefault(first.uri, (first, likeness))
    return list(best.values())


def various(
    ranked: Sequence[tuple[Known, float]], hidden: set[str], room: int
) -> list[tuple[Known, float]]:
    """Those to show, as ranked, at most `room`: what repeats the themes of one taken counts less.

    Maximal marginal relevance (https://doi.org/10.1145/290941.291025), so weak that it decides
    between stories of like rank only. Of a cluster one is taken, and none of the `hidden`.
    """
    left, taken, stories = list(ranked), list[Known](), Counter[str]()
    while left and len(taken) < room:
        best = max(left, key=lambda pair: pair[1] * (1 - VARIETY * _overlap(pair[0], taken)))
        left.remove(best)
        other = best[0]
        if {other.cluster, other.uri} & hidden or stories[other.story] == MOST_OF_ONE_STORY:
            continue
        stories[other.story] += 1
        hidden = hidden | {other.uri, other.cluster}
        taken.append(other)
    return [pair for pair in ranked if pair[0] in taken]


def _overlap(one: Known, taken: Sequence[Known]) -> float:
    """The greatest share of themes that it has in common with one of them, 0 to 1."""
    shares = (len(one.topics & t.topics) / (len(one.topics | t.topics) or 1) for t in taken)
    return max(shares, default=0.0)


def _standing(corpus: Corpus, uris: Iterable[str]) -> Iterator[Known]:
    """Those articles that are known and not withdrawn."""
    for uri in uris:
        known = corpus.get(uri)
        if known and known.row is not None:
            yield known


def why_not_shown(article: Article, other: Known, likeness: float) -> str:
    """Why an article is not alike enough to be shown; empty if it is."""
    shared = _shared(article, other)
    if any(tag.kind == "person" for tag in shared):
        least = LIKE_BY_PERSON
    else:
        least = (LIKE_ALONE, LIKE_BY_ONE, LIKE_BY_MORE)[min(len(shared), 2)]
    return "" if likeness >= least else f"likeness {likeness:.3f} is below {least}"


def _shared(article: Article, other: Known) -> list[Tag]:
    tags = (tag for tag in article.tags if tag.kind != "place")
    return [tag for tag in tags if key(tag.name) in other.topics]


def _by_freshness(
    article: Article, corpus: Corpus, nearest: list[tuple[Known, float]]
) -> list[tuple[Known, float]]:
    """With a half-life set, older articles count for less; without one nothing changes."""
    half_life, when = corpus.freshness_days, article.date_published
    if not half_life or when is None:
        return nearest

    def aged(other: Known, likeness: float) -> float:
        days = abs((when - other.published).days) if other.published else 0
        return float(likeness * 0.5 ** (days / half_life))

    ranked = ((other, aged(other, likeness)) for other, likeness in nearest)
    return sorted(ranked, key=lambda pair: -pair[1])


def _not_to_show(article: Article, corpus: Corpus) -> set[str]:
    """The article itself, its duplicates, and what the newsroom links to already."""
    same = [twin for twin, _ in corpus.twins(article)]
    linked = [corpus.get(link.uri) for link in article.related if link.uri]
    uris = {article.uri, article.duplicate_of or article.uri}
    return uris | {uri for o in (*same, *filter(None, linked)) for uri in (o.uri, o.cluster)}


def _link(other: Known, likeness: float, reason: str) -> RelatedLink:
    return RelatedLink(
        uri=other.uri,
        headline=other.headline,
        excerpt=other.excerpt,
        date_published=other.published,
        score=round(likeness, 3),
        reason=reason,
        creator="wiredesk",
    )


def _by_editors(article: Article) -> str:
    return "編輯指定" if (article.language or "zh").startswith("zh") else "Chosen by the editors"


def _reason(article: Article, other: Known) -> str:
    """Why it is shown, in the language of the article."""
    language = article.language or "zh-Hant"
    shared, comma, similar = REASONS.get(language) or REASONS.get(language[:2]) or REASONS["en"]
    if language[:2] == "zh" and language not in REASONS:
        shared, comma, similar = REASONS["zh-Hant"]
    topics = [tag.name for tag in article.tags if key(tag.name) in other.topics]
    return shared.format(comma.join(topics[:TOPICS_IN_REASON])) if topics else similar


def _story(article: Article, corpus: Corpus, nearest: list[tuple[Known, float]]) -> str | None:
    """The story of the article it evolved from, or of the nearest earlier one if very near."""
    origin = corpus.get(article.evolved_from) if article.evolved_from else None
    if origin:
        return origin.story or origin.uri
    own = corpus.get(article.uri)
    earlier = (
        (other, likeness)
        for other, likeness in nearest
        if own is None or other.sequence < own.sequence
    )
    other, likeness = next(earlier, (None, 0.0))
    return other.story if other and likeness >= SAME_STORY and other.story != article.uri else None
