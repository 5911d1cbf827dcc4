"""The newsroom gold set: articles in Traditional Chinese with an editor's tags and links.

`bench/gold/README.md` says what stands in the files and how the editor chooses.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from shared.article import Article, TagKind

GOLD = Path(__file__).parent / "gold"
HALVES = ("dev", "held")
SETS = ("dev", "tune", "held", "blind")
"""The halves; the articles that names and tags are tuned on too; and those of a blind writer."""

Half = Literal["dev", "tune", "held", "blind"]
Line = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\n]+$")]


class Part(BaseModel):
    """Strict, so that a slip of the pen in a file is an error and not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Name(Part):
    """A tag, or a person or organisation that is mentioned."""

    name: Line | tuple[Line, ...]
    type: TagKind

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that are right, the full form first."""
        return (self.name,) if isinstance(self.name, str) else self.name


class GoldArticle(Part):
    """One article, and what its editor would have said of it."""

    uri: Line
    headline: Line
    section: Line
    byline: Line
    date_published: AwareDatetime
    paragraphs: Annotated[tuple[Line, ...], Field(min_length=1)]
    tags: tuple[Name, ...]
    names: tuple[Name, ...]
    related: tuple[Line, ...]
    same_story: tuple[Line, ...] = ()
    same_event: tuple[Line, ...] = ()
    never: tuple[Line, ...] = ()

    @property
    def body_text(self) -> str:
        """The paragraphs, separated by one line feed as ingest does it."""
        return "\n".join(self.paragraphs)

    def article(self) -> Article:
        """The article as enrich receives it: without anything the editor chose."""
        return Article(
            uri=self.uri,
            headline=self.headline,
            section=self.section,
            byline=self.byline,
            body_text=self.body_text,
            body_html="".join(f"<p>{paragraph}</p>" for paragraph in self.paragraphs),
            date_published=self.date_published,
            version_created=self.date_published,
        )


SECOND = GOLD / "held-second-editor.json"


def second_editor() -> dict[str, tuple[Name, ...]]:
    """The tags that another editor chose for the articles of the held half, by URI."""
    chosen = TypeAdapter(dict[str, tuple[Name, ...]])
    return chosen.validate_json(SECOND.read_bytes())


def files(half: Half) -> list[Path]:
    """The files of a half or of another set; the folder of each is its topic."""
    return sorted((GOLD / half).glob("*/*.json"))


def read(half: Half) -> list[GoldArticle]:
    """The articles of a half, the oldest first, as they would have come in."""
    found = [GoldArticle.model_validate_json(file.read_bytes()) for file in files(half)]
    return sorted(found, key=lambda one: (one.date_published, one.uri))
