"""The part of a ninjs document that an article has room for, in either spelling.

https://iptc.org/std/ninjs/ : 3.x writes `versionCreated`, 2.x and 1.x `versioncreated`; lists of
1.x are objects keyed by name. Types are those of our article, so that a fault is found here, where
it still has the sender's name for the field.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, AwareDatetime, BeforeValidator, Field, model_validator

from shared.article import MAX_VERSION, Body, Language, Line, Part, Prose, Uri, WebUrl


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value) else value


def _status(value: object) -> object:
    # ninjs 3 has no "withdrawn"; older senders say it and mean a kill.
    return "canceled" if value in ("withdrawn", "cancelled") else value


def modern(document: dict[str, object]) -> dict[str, object]:
    """The document with the objects of 1.x made lists, as 2.x and 3.x have them.

    1.x keys associations and renditions by name, and gives its source as a line of text.
    """
    if isinstance(source := document.get("source"), str):
        document = {**document, "source": [{"name": source}]}
    document = _with_list(document, "associations")
    if isinstance(listed := document.get("associations"), list):
        files = [_with_list(one, "renditions") if isinstance(one, dict) else one for one in listed]
        document = {**document, "associations": files}
    return document


def _with_list(value: dict[str, object], field: str) -> dict[str, object]:
    named = value.get(field)
    if not isinstance(named, dict):
        return value
    listed = [{"name": key, **one} if isinstance(one, dict) else one for key, one in named.items()]
    return {**value, field: listed}


Number = BeforeValidator(_number)


class Text(Part):
    """One of several headlines, descriptions or bodies, told apart by role and media type."""

    role: Line = ""
    media_type: Annotated[
        Line, Field(validation_alias=AliasChoices("contentType", "contenttype"))
    ] = ""
    value: Body

    @property
    def is_html(self) -> bool:
        """Whether the value is markup; without a media type, whether it looks so."""
        return (
            "html" in self.media_type if self.media_type else bool(re.search(r"</\w", self.value))
        )


class Entity(Part):
    """A person, organisation, place, subject, service or source."""

    name: Line = ""
    uri: Line = ""
    rel: Line = ""
    role: Line = ""
    code: Line = ""
    literal: Line = ""
    creator: Line = ""
    relevance: Annotated[float, Field(ge=0, le=100, strict=False)] = 100


class Rendition(Part):
    """One file of a picture."""

    name: Line = ""
    href: WebUrl | None = None
    width: Annotated[int, Field(ge=1, le=100_000)] | None = None
    height: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Titled(Part):
    """What stories and the things associated with them have in common."""

    headline: Line = ""
    headlines: tuple[Text, ...] = ()
    descriptions: tuple[Text, ...] = ()
    description_text: Prose = ""
    description_html: Body = ""
    by: Annotated[Line, Field(validation_alias=AliasChoices("by", "byline"))] = ""
    copyright_holder: Annotated[
        Line, Field(validation_alias=AliasChoices("copyrightHolder", "copyrightholder"))
    ] = ""
    version_created: Annotated[
        AwareDatetime | None,
        Field(validation_alias=AliasChoices("versionCreated", "versioncreated")),
    ] = None


class Association(Titled):
    """A picture, or another story."""

    name: Line = ""
    type: Line = ""
    uri: Uri | None = None
    renditions: tuple[Rendition, ...] = ()


class Document(Titled):
    """One version of one story."""

    uri: Uri
    version: Annotated[int, Number, Field(ge=1, le=MAX_VERSION)] = 1
    pubstatus: Annotated[
        Literal["usable", "withheld", "canceled"],
        BeforeValidator(_status),
        Field(validation_alias=AliasChoices("pubStatus", "pubstatus")),
    ] = "usable"
    urgency: Annotated[int, Field(ge=1, le=9)] = 5
    language: Language | None = None
    slugline: Line = ""
    bodies: tuple[Text, ...] = ()
    body_html: Annotated[Body, Field(validation_alias=AliasChoices("body_html", "body_xhtml"))] = ""
    body_text: Body = ""
    people: tuple[Entity, ...] = ()
    authors: tuple[Entity, ...] = ()
    organisations: Annotated[
        tuple[Entity, ...], Field(validation_alias=AliasChoices("organisations", "organisation"))
    ] = ()
    places: Annotated[
        tuple[Entity, ...], Field(validation_alias=AliasChoices("places", "place"))
    ] = ()
    subjects: Annotated[
        tuple[Entity, ...], Field(validation_alias=AliasChoices("subjects", "subject"))
    ] = ()
    service: tuple[Entity, ...] = ()
    info_sources: Annotated[
        tuple[Entity, ...],
        Field(validation_alias=AliasChoices("infoSources", "infosources", "source")),
    ] = ()
    associations: tuple[Association, ...] = ()
    copyright_notice: Annotated[
        Line, Field(validation_alias=AliasChoices("copyrightNotice", "copyrightnotice"))
    ] = ""
    first_created: Annotated[
        AwareDatetime | None, Field(validation_alias=AliasChoices("firstCreated", "firstcreated"))
    ] = None
    embargoed: Annotated[
        AwareDatetime | None, Field(validation_alias=AliasChoices("embargoedUntil", "embargoed"))
    ] = None
    expires: AwareDatetime | None = None
    ednote: Annotated[Prose, Field(validation_alias=AliasChoices("edNote", "ednote"))] = ""
    evolved_from: Annotated[
        Uri | None, Field(validation_alias=AliasChoices("evolvedFrom", "evolvedfrom"))
    ] = None

    @model_validator(mode="after")
    def _readable_unless_withdrawn(self) -> Self:
        titles = (self.headline, *(one.value for one in self.headlines))
        if self.pubstatus == "usable" and not any(title.strip() for title in titles):
            msg = "headlines: a usable article needs one"
            raise ValueError(msg)
        return self
