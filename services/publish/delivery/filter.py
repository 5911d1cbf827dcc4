"""RULE: which articles does a destination want?

    section:運動,財經 -tag:廣編 urgency:<=3 lang:zh-Hant keyword:颱風 source:"Example News"

Words of one field: any of them. Different fields: all of them. A word behind a minus excludes, and
wins. Upper and lower case, full and half width, 臺 and 台 are the same; a language also stands for
what is more exact (`zh` for `zh-Hant-TW`); a keyword in Latin letters matches whole words. The
empty filter wants everything.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.article import Article
from shared.errors import Misconfigured

MAX_WORDS, MAX_WORD_CHARS = 500, 200
SCRIPT_OF_REGION = {"tw": "hant", "hk": "hant", "mo": "hant", "cn": "hans", "sg": "hans"}
"""zh-TW says Hant without writing it: https://www.rfc-editor.org/rfc/rfc5646#section-4.1"""
FIELDS = {
    "section": "sections",
    "tag": "tags",
    "lang": "languages",
    "source": "sources",
    "keyword": "keywords",
}
SEPARATORS = ",，、"
_WORD = rf'"(?:[^"\\]|\\.)*"|[^\s{SEPARATORS}"]+'
_TERM = re.compile(
    rf"\s*([-－]?)([a-z]+)[:：]((?:{_WORD})(?:[{SEPARATORS}](?:{_WORD}))*)(?=\s|$)", re.DOTALL
)
_WORDS = re.compile(_WORD, re.DOTALL)
_PLAIN = re.compile(rf'[^\s{SEPARATORS}"\\]+')
_AT_MOST = re.compile(r"(?:<=|≤)([1-9])")


def _tidy(words: Sequence[str]) -> tuple[str, ...]:
    tidy = tuple(dict.fromkeys(" ".join(word.split()) for word in words))
    if not all(word and word.isprintable() for word in tidy):
        raise ValueError("a word of a filter must not be empty, nor hold control characters")
    return tidy


Word = Annotated[str, Field(max_length=MAX_WORD_CHARS)]
Words = Annotated[tuple[Word, ...], Field(max_length=MAX_WORDS), AfterValidator(_tidy)]


class Choice(BaseModel):
    """What one field of an article must be one of, and what it must not be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    include: Words = ()
    exclude: Words = ()


class Filter(BaseModel):
    """A destination's wishes. A string is read as an expression, so settings may hold one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: Choice = Choice()
    tags: Choice = Choice()
    languages: Choice = Choice()
    sources: Choice = Choice()
    keywords: Choice = Choice()
    max_urgency: Annotated[int, Field(ge=1, le=9)] | None = None
    """1 is the most urgent: 3 lets 1 to 3 pass."""

    @classmethod
    def parse(cls, expression: str) -> Self:
        """Read an expression. Raises Misconfigured saying what cannot be read."""
        try:
            return cls.model_validate(expression)
        except ValidationError as error:
            said = "; ".join(fault["msg"] for fault in error.errors(include_url=False))
            raise Misconfigured(f"filter: {said}") from error

    def __str__(self) -> str:
        """The expression; `parse` reads it back."""
        return " ".join(self._terms())

    def _terms(self) -> Iterator[str]:
        for key, field in FIELDS.items():
            choice: Choice = getattr(self, field)
            for sign, words in (("", choice.include), ("-", choice.exclude)):
                if words:
                    yield f"{sign}{key}:{','.join(map(_quoted, words))}"
        if self.max_urgency:
            yield f"urgency:<={self.max_urgency}"

    @model_validator(mode="before")
    @classmethod
    def _expression(cls, value: object) -> object:
        return _read(value) if isinstance(value, str) else value


def matches(wishes: Filter, article: Article) -> bool:
    """Whether a destination with these wishes wants the article."""
    if wishes.max_urgency and article.urgency > wishes.max_urgency:
        return False
    tags = {_folded(tag.name) for tag in article.tags}
    return (
        _chosen(wishes.sections, {_folded(article.section)})
        and _chosen(wishes.sources, {_folded(article.source)})
        and _chosen(wishes.tags, tags)
        and _passes(wishes.languages, lambda word: _speaks(article.language, word))
        and _passes(wishes.keywords, lambda word: _mentions(article, word))
    )


def _chosen(choice: Choice, have: set[str]) -> bool:
    return _passes(choice, lambda word: _folded(word) in have)


def _passes(choice: Choice, has: Callable[[str], bool]) -> bool:
    if any(map(has, choice.exclude)):
        return False
    return not choice.include or any(map(has, choice.include))


def _speaks(language: str | None, wanted: str) -> bool:
    have, want = _subtags(language or ""), _subtags(wanted)
    return have[: len(want)] == want


def _subtags(language: str) -> list[str]:
    """`zh-TW` and `zh-Hant-TW` as the same list."""
    primary, *others = _folded(language).split("-")
    if primary == "zh" and others and (script := SCRIPT_OF_REGION.get(others[0])):
        return [primary, script, *others]
    return [primary, *others]


def _mentions(article: Article, keyword: str) -> bool:
    word = _folded(keyword)
    short = (article.headline, article.subtitle, article.slugline, article.description)
    return any(_has_word(_folded(text), word) for text in short) or _has_word(
        _folded_body(article.body_text), word
    )


def _has_word(text: str, word: str) -> bool:
    if word not in text:
        return False
    before = r"(?<![a-z0-9])" if _is_latin(word[0]) else ""
    after = r"(?![a-z0-9])" if _is_latin(word[-1]) else ""
    return bool(re.search(before + re.escape(word) + after, text))


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.replace("臺", "台").split())


@lru_cache(maxsize=4)
def _folded_body(text: str) -> str:
    """Kept, because one article meets the filters of all destinations in a row."""
    return _folded(text)


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _read(expression: str) -> dict[str, object]:
    """The fields of a filter. Raises ValueError at the first term that is none."""
    choices: dict[str, dict[str, list[str]]] = {}
    urgency: int | None = None
    text, at = expression.strip(), 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            raise ValueError(
                f"cannot read {text[at:].strip()[:40]!r}; write e.g. section:運動,財經"
            )
        sign, key, words = term.groups()
        if key == "urgency":
            urgency = _at_most(sign, words)
        elif key in FIELDS:
            side = choices.setdefault(FIELDS[key], {}).setdefault(
                "exclude" if sign else "include", []
            )
            side += map(_bare, _WORDS.findall(words))
        else:
            raise ValueError(f"no field {key!r}; there are {', '.join(FIELDS)}, urgency")
        at = term.end()
    return {**choices, "max_urgency": urgency}


def _at_most(sign: str, words: str) -> int:
    limit = _AT_MOST.fullmatch(words)
    if sign or limit is None:
        raise ValueError(f"cannot read {sign}urgency:{words}; write urgency:<=3")
    return int(limit[1])
