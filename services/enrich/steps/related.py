"""Three to six earlier stories worth reading with this one, and the running story it belongs to.

Links the newsroom gave come first and are never displaced. Of near-duplicates at most one is
shown, and never one of the article itself.
"""

from collections.abc import Iterator

from services.enrich.corpus import Corpus, Known
from services.enrich.folding import key
from services.enrich.step import Findings
from shared.article import Article, RelatedLink

after: tuple[str, ...] = ("tags", "duplicates")

FEWEST, MOST = 3, 6
ASKED = 50
LIKE_AT_ALL, LIKE = 0.02, 0.06
"""Likeness from which an article may be shown: among the fewest, and beyond them."""
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
    shown = _clusters_not_to_show(article, corpus)
    count = len(article.related)
    for other, likeness in nearest:
        if count >= MOST or likeness < (LIKE_AT_ALL if count < FEWEST else LIKE):
            return
        if other.cluster not in shown and other.uri not in shown:
            shown |= {other.cluster, other.uri}
            count += 1
            yield _link(article, other, likeness)


def _clusters_not_to_show(article: Article, corpus: Corpus) -> set[str]:
    """The article itself, its duplicates, and what the newsroom links to already."""
    same = [twin for twin, _ in corpus.twins(article)]
    linked = [corpus.get(link.uri) for link in article.related if link.uri]
    uris = {article.uri, article.duplicate_of or article.uri}
    return uris | {uri for o in (*same, *filter(None, linked)) for uri in (o.uri, o.cluster)}


def _link(article: Article, other: Known, likeness: float) -> RelatedLink:
    return RelatedLink(
        uri=other.uri,
        headline=other.headline,
        excerpt=other.excerpt,
        date_published=other.published,
        score=round(likeness, 3),
        reason=_reason(article, other),
        creator="wiredesk",
    )


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
