"""The article: the one model of everything that wiredesk moves.

Names are those of ninjs 3 and schema.org in Python case, so a field means here what it means there:
https://iptc.org/std/ninjs/ and https://schema.org/NewsArticle.

The model checks shapes only, and in compiled code, because every hop validates every article.
What needs Python (cleaning text, sanitising HTML) is done once, at the door:
`services/ingest/clean.py`.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

MAX_BODY_CHARS = 512_000
MAX_VERSION = 2**53 - 1  # the largest integer that JavaScript readers keep exactly

NO_NUL = r"^[^\x00]*$"
Line = Annotated[str, Field(max_length=500, pattern=NO_NUL)]
Prose = Annotated[str, Field(max_length=10_000, pattern=NO_NUL)]
Body = Annotated[str, Field(max_length=MAX_BODY_CHARS, pattern=NO_NUL)]
Uri = Annotated[str, Field(min_length=1, max_length=512, pattern=r'^[^\s\x00-\x1f\x7f<>"]+$')]
WebUrl = Annotated[str, Field(max_length=2_048, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1700, 1, 1, tzinfo=UTC), le=datetime(9000, 1, 1, tzinfo=UTC)),
]
"""Within what every calendar, zone and file format can take."""

PubStatus = Literal["usable", "withheld", "canceled"]
TagKind = Literal["person", "organisation", "place", "topic"]
Creator = Literal["newsroom", "wiredesk"]
CorrectionKind = Literal["correction", "update", "refile", "repeat"]


class Part(BaseModel):
    """What all parts of an article share: immutable, strict about types, deaf to unknown fields.

    Unknown fields are ignored so that a newer newsroom system can talk to an older wiredesk.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Author(Part):
    """A person in the byline."""

    name: Annotated[Line, Field(min_length=1)]
    role: Line = ""
    url: WebUrl | None = None


class Image(Part):
    """A picture and what must be printed with it."""

    url: WebUrl | None = None
    """None when the source names a photo but sends no file, as a page copied as text does."""
    caption: Prose = ""
    credit: Line = ""
    alt: Prose = ""
    width: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Pixels."""
    height: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Pixels."""
    role: Literal["lead", "body"] = "body"
    """`lead` stands above the text; `body` has its place inside `body_html`."""


class Tag(Part):
    """What a story is about. `score` (0 to 1) and `evidence` say why, for tags wiredesk found."""

    name: Annotated[Line, Field(min_length=1)]
    kind: TagKind = "topic"
    score: Annotated[float, Field(ge=0, le=1, strict=False)] = 1.0
    evidence: Line = ""
    creator: Creator = "newsroom"

    @model_validator(mode="before")
    @classmethod
    def _name_alone_is_a_tag(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class Subject(Part):
    """A code of a controlled vocabulary, e.g. an IPTC Media Topic."""

    uri: Uri
    name: Line = ""


class RelatedLink(Part):
    """Another story worth reading with this one.

    `uri` names one of our own articles, whose present headline then wins over the one kept here;
    a link with only a `url`, or only a headline, is a stub the newsroom gave us.
    """

    uri: Uri | None = None
    url: WebUrl | None = None
    headline: Line = ""
    excerpt: Prose = ""
    date_published: Instant | None = None
    score: Annotated[float, Field(ge=0, le=1, strict=False)] = 1.0
    reason: Line = ""
    creator: Creator = "newsroom"


class Link(Part):
    """A page elsewhere that the story points to."""

    url: WebUrl
    title: Line = ""
    rel: Line = ""


class Correction(Part):
    """What changed since the version before, in the newsroom's words.

    `correction` = the text was wrong; `update` = there is news; `refile` = a slip, mended quietly;
    `repeat` = sent again unchanged.
    """

    kind: CorrectionKind
    text: Prose = ""


class Article(Part):
    """One version of one story.

    `uri` + `version` name it for ever: a later version replaces an earlier one, never the reverse.
    Instants are aware datetimes. `date_published` is the moment of first publication and never
    moves; `date_modified` moves on an editorial change only.
    """

    uri: Uri
    version: Annotated[int, Field(ge=1, le=MAX_VERSION)] = 1
    pubstatus: PubStatus = "usable"
    reinstate: bool = False
    """True brings a killed story back; the version must then be higher than the killed one."""
    urgency: Annotated[int, Field(ge=1, le=9)] = 5
    """1 is the most urgent; 1 to 3 travel in the flash lane."""
    language: Language | None = None
    """BCP 47; enrich fills it in when the newsroom did not."""

    headline: Line = ""
    subtitle: Line = ""
    slugline: Line = ""
    description: Prose = ""
    """The standfirst, plain text."""
    byline: Line = ""
    authors: Annotated[tuple[Author, ...], Field(max_length=50)] = ()
    section: Annotated[str, Field(max_length=100, pattern=NO_NUL)] = ""
    body_html: Body = ""
    body_text: Body = ""
    """Plain text of `body_html`: paragraphs are separated by one line feed. Made by ingest."""
    images: Annotated[tuple[Image, ...], Field(max_length=200)] = ()
    subjects: Annotated[tuple[Subject, ...], Field(max_length=50)] = ()
    tags: Annotated[tuple[Tag, ...], Field(max_length=50)] = ()
    source: Line = ""
    copyright: Line = ""

    first_created: Instant | None = None
    version_created: Instant | None = None
    date_published: Instant | None = None
    date_modified: Instant | None = None
    embargoed: Instant | None = None
    """Nothing of this version leaves ingest before this moment."""
    expires: Instant | None = None

    ednote: Prose = ""
    """For editors; never shown to readers. A kill carries its reason here."""
    correction: Correction | None = None
    evolved_from: Uri | None = None
    related: Annotated[tuple[RelatedLink, ...], Field(max_length=100)] = ()
    links: Annotated[tuple[Link, ...], Field(max_length=200)] = ()
    story: Uri | None = None
    """The running story this article belongs to: the `uri` of its first article."""
    duplicate_of: Uri | None = None
    """An earlier article that says the same in nearly the same words."""

    @model_validator(mode="after")
    def _readable_unless_withdrawn(self) -> Self:
        if self.pubstatus == "usable" and not self.headline.strip():
            msg = "headline: a usable article needs one"
            raise ValueError(msg)
        return self

    @property
    def is_kill(self) -> bool:
        """Whether this event takes the story away for good."""
        return self.pubstatus == "canceled"

    @property
    def is_flash(self) -> bool:
        """Whether it travels in the flash lane: kills, withholds and urgency 1 to 3."""
        return self.pubstatus != "usable" or self.urgency <= 3  # noqa: PLR2004

    @property
    def due(self) -> datetime | None:
        """The moment it may leave ingest: the later of embargo and scheduled publication."""
        return max(filter(None, (self.embargoed, self.date_published)), default=None)
