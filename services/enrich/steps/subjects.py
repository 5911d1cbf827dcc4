"""The IPTC Media Topics of an article, by the words it uses; none if the newsroom gave some.

A word of the table counts by how often it stands there, more in the headline and as a tag. A topic
of the second level brings the one above it along. https://cv.iptc.org/newscodes/mediatopic/
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from services.enrich.corpus import Corpus
from services.enrich.folding import fold
from services.enrich.lexicon import lines
from services.enrich.step import Findings
from services.enrich.words import read
from shared.article import Article, Subject

after: tuple[str, ...] = ("tags",)

SCHEME = "medtop:"
MOST = 3
ENOUGH = 3.0
"""Points from which a topic is the article's."""
IN_HEADLINE, AS_TAG, MOST_OF_ONE_WORD = 2.0, 1.5, 3


@dataclass(frozen=True, slots=True)
class Topic:
    """A Media Topic: its id, the id above it, and its labels."""

    id: str
    above: str
    label: str
    english: str


@cache
def topics() -> dict[str, Topic]:
    """All topics of the first two levels, by id."""
    return {
        number: Topic(number, above, label, english.replace("_", " "))
        for number, above, label, english, *_ in lines("media_topics")
    }


@cache
def _topics_of_words() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for number, _, label, _, *words in lines("media_topics"):
        for word in map(fold, (label, *words)):
            found[word] = (*found.get(word, ()), number)
    return found


def find(article: Article, corpus: Corpus) -> Findings:  # noqa: ARG001
    """Find the topics, the surest first, each with the one above it."""
    if any(subject.uri.startswith(SCHEME) for subject in article.subjects):
        return {}
    points = _points(article)
    ranked = sorted(points, key=lambda number: (-points[number], number))
    sure = [number for number in ranked if points[number] >= ENOUGH][:MOST]
    table = topics()
    with_above = [name for number in sure for name in (number, table[number].above) if name != "-"]
    english = (article.language or "zh").startswith("en")
    found = tuple(
        Subject(uri=SCHEME + one, name=table[one].english if english else table[one].label)
        for one in dict.fromkeys(with_above)
    )
    return {"subjects": (*article.subjects, *found)} if found else {}


def _points(article: Article) -> dict[str, float]:
    text, table = read(article), _topics_of_words()
    tags = {fold(tag.name) for tag in article.tags}
    said = Counter(word for _, word in text.words if word in table)
    heads = {word for at, word in text.words if at < text.head}
    points: defaultdict[str, float] = defaultdict(float)
    for word in dict.fromkeys((*said, *(tag for tag in tags if tag in table))):
        one = min(said[word], MOST_OF_ONE_WORD) + IN_HEADLINE * (word in heads)
        for number in table[word]:
            points[number] += one + AS_TAG * (word in tags)
    return points
