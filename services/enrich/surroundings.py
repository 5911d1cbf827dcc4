"""What stands around the places of a text where a name of a person could be, looked over once."""

from dataclasses import dataclass
from functools import cache, lru_cache

from services.enrich.cutter import is_known, nature_of
from services.enrich.family_names import first_characters
from services.enrich.folding import folded_entries, function_words
from services.enrich.offices import offices_in
from services.enrich.words import Text

MAX_NAME = 3
MAX_WORDS = 1 << 15
MAX_OFFICES = 500
KOREA = ("韩国", "韩籍", "首尔", "南韩", "北韩", "韩职", "韩裔", "釜山")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a text shows around any place: words by their start, ends of words, offices."""

    folded: str
    words: dict[int, str]
    ends: frozenset[int]
    guessed: frozenset[int]
    """Places inside or at the end of words that only the statistics of the cut made up."""
    offices_before: dict[int, str]
    """Where an office ends: the office, as written."""
    offices_after: dict[int, str]
    kin_before: dict[int, str]
    """Where a word such as 母親 or 本名 ends."""
    open: tuple[int, ...]
    """Where a word begins that a name could begin with."""
    speaking: tuple[int, ...]
    """Where a word of two characters or more says what people do: 表示, 指出."""
    is_korean: bool
    """Whether Korea is spoken of, where 都, 具 and 元 are family names."""


def surroundings_of(text: Text) -> Surroundings:
    """Look over a text once."""
    offices = offices_in(text)[:MAX_OFFICES]
    kin_words = folded_entries("kin") & text.distinct
    speech = folded_entries("speech") & text.distinct
    firsts = first_characters()
    openers = [word for word in text.distinct if word[0] in firsts]
    opening = {word for word in openers if not _is_closed(word)}
    kin = [(at, at + len(word)) for at, word in text.words if word in kin_words]
    pairs = zip(text.words, text.natures, strict=True)
    unknown = [word for word, nature in pairs if nature == "unknown" and len(word[1]) > 1]
    return Surroundings(
        text.folded,
        dict(text.words),
        frozenset(text.ends.tolist()),
        frozenset(at + n for at, word in unknown for n in range(1, len(word) + 1)),
        {end: text.surface[start:end] for start, end in offices},
        {start: text.surface[start:end] for start, end in offices},
        {end: text.surface[start:end] for start, end in kin},
        tuple([at for at, word in text.words if word in opening]),
        tuple([at for at, word in text.words if word in speech and len(word) > 1]),
        any(place in text.folded for place in KOREA),
    )


@cache
def ordinary() -> frozenset[str]:
    """Words that stand where a name could stand without being one."""
    lists = ("common", "places", "topics", "organisations", "titles")
    return function_words().union(*map(folded_entries, lists))


@lru_cache(maxsize=MAX_WORDS)
def _is_closed(word: str) -> bool:
    """Whether no name begins with it unless an office stands before: a verb, a common word."""
    is_word = len(word) > 1 and is_known(word)
    return is_word and (len(word) > MAX_NAME or nature_of(word) == "verb" or word in ordinary())
