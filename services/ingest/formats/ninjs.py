"""ninjs, news in JSON, 1.x to 3.x: https://iptc.org/std/ninjs/

3.x writes `versionCreated` and `embargoedUntil`, 2.x `versioncreated` and `embargoed`; both keep
headlines, bodies and descriptions in lists. 1.x, and systems that call theirs 2, write `headline`
and `body_html`. Each field is told apart by its own spelling, since many senders mix them or omit
the `standard`.
"""

import re
from collections.abc import Iterator

from pydantic import ValidationError

from services.ingest.invalid import bad_fields, invalid, invalid_body
from services.ingest.json_body import understood, validated
from services.ingest.ninjs_document import Association, Document, Entity, Text, Titled, modern
from services.ingest.plain import text_of_html
from shared.article import Article, Author, Image, RelatedLink, Subject, Tag, TagKind

MEDIA_TYPES: tuple[str, ...] = ("application/ninjs+json", "application/vnd.iptc.ninjs+json")

OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
TELLING = re.compile(
    rb'"standard"\s*:\s*\{[^}]*ninjs'
    rb'|"(?:headlines|bodies|version[cC]reated|first[cC]reated|pubStatus|body_xhtml)"\s*:'
)
WRITERS = frozenset({"author", "creator", "writer", "byline", "作者", "記者"})
PICTURES = frozenset({"picture", "graphic"})
STORIES = frozenset({"", "text", "composite"})
MAIN = ("", "main", "headline", "title")
STANDFIRST = ("summary", "", "main", "standfirst", "caption", "description")
LEAD_NAMES = re.compile(r"featuremedia|main|lead|featured|hero", re.IGNORECASE)
CURIE_OR_URI = re.compile(r"[^\s\x00-\x1f\x7f<>\"]+")


def looks_like(head: bytes) -> bool:
    """Whether it opens an object that names ninjs, or has keys that only ninjs has."""
    return bool(OPENING.match(head) and TELLING.search(head))


def parse(body: bytes) -> list[Article]:
    """The one article of a ninjs document. Raises InvalidArticle with every bad field."""
    return understood(body, _understand)


def _understand(value: object) -> list[Article]:
    if not isinstance(value, dict):
        raise invalid_body("a ninjs document is a JSON object")
    document = validated(Document, modern(value))
    try:
        return [_article(document)]
    except ValidationError as error:
        raise invalid(bad_fields(error)) from None


def _article(document: Document) -> Article:
    pictures = [one for one in document.associations if _is_picture(one)]
    stories = [one for one in document.associations if one.type in STORIES and one not in pictures]
    return Article(
        uri=document.uri,
        version=document.version,
        pubstatus=document.pubstatus,
        urgency=document.urgency,
        language=document.language,
        headline=_headline(document),
        subtitle=_of_role(document.headlines, ("subtitle", "subheadline", "alternative")),
        slugline=document.slugline,
        description=_description(document),
        byline=document.by,
        authors=tuple(_authors(document)),
        section=next((one.name for one in document.service if one.name), ""),
        body_html=_body(document.bodies, html=True) or document.body_html,
        body_text=_body(document.bodies, html=False) or document.body_text,
        images=tuple(_images(pictures)),
        subjects=tuple(_subjects(document)),
        tags=tuple(_tags(document)),
        source=next((one.name or one.literal for one in document.info_sources), ""),
        copyright=document.copyright_notice or document.copyright_holder,
        first_created=document.first_created,
        version_created=document.version_created,
        embargoed=document.embargoed,
        expires=document.expires,
        ednote=document.ednote,
        evolved_from=document.evolved_from,
        related=tuple(_related(one) for one in stories if one.uri or _headline(one)),
    )


def _is_picture(one: Association) -> bool:
    """Whether it is a picture; without a type, whether it has files. Stories have files too."""
    return one.type in PICTURES or (not one.type and bool(one.renditions))


def _of_role(texts: tuple[Text, ...], roles: tuple[str, ...]) -> str:
    """The text whose role comes first in `roles`, as plain text, or ""."""
    known = [one for one in texts if one.role.lower() in roles]
    best = min(known, key=lambda one: roles.index(one.role.lower()), default=None)
    return _plain(best) if best else ""


def _plain(text: Text) -> str:
    return text_of_html(text.value) if text.is_html else text.value


def _headline(titled: Titled) -> str:
    listed = _of_role(titled.headlines, MAIN)
    return listed or titled.headline or next((_plain(one) for one in titled.headlines), "")


def _description(titled: Titled) -> str:
    listed = _of_role(titled.descriptions, STANDFIRST)
    return listed or titled.description_text or text_of_html(titled.description_html)


def _body(bodies: tuple[Text, ...], *, html: bool) -> str:
    return next((one.value for one in bodies if one.is_html is html and one.value.strip()), "")


def _authors(document: Document) -> Iterator[Author]:
    writers = [one for one in document.people if one.rel.lower() in WRITERS]
    for person in (*document.authors, *writers):
        if name := person.name or person.literal:
            url = person.uri if person.uri.startswith(("https://", "http://")) else None
            yield Author(name=name, role=person.role, url=url)


def _images(pictures: list[Association]) -> Iterator[Image]:
    lead = next((one for one in pictures if LEAD_NAMES.search(one.name)), None)
    for picture in pictures:
        files = [one for one in picture.renditions if one.href]
        largest = max(files, key=lambda one: (one.width or 0) * (one.height or 0), default=None)
        yield Image(
            url=largest.href if largest else None,
            width=largest.width if largest else None,
            height=largest.height if largest else None,
            caption=_description(picture) or _headline(picture),
            credit=picture.by or picture.copyright_holder,
            alt=_of_role(picture.descriptions, ("alttext", "alt", "accessibility")),
            role="lead" if picture is (lead or pictures[0]) else "body",
        )


def _subjects(document: Document) -> Iterator[Subject]:
    for one in document.subjects:
        uri = one.uri or one.code
        if CURIE_OR_URI.fullmatch(uri):
            yield Subject(uri=uri, name=one.name or one.literal)


def _tags(document: Document) -> Iterator[Tag]:
    people = tuple(one for one in document.people if one.rel.lower() not in WRITERS)
    kinds: tuple[tuple[TagKind, tuple[Entity, ...]], ...] = (
        ("topic", document.subjects),
        ("person", people),
        ("organisation", document.organisations),
        ("place", document.places),
    )
    for kind, entities in kinds:
        for one in entities:
            if name := one.name or one.literal:
                yield Tag(name=name, kind=kind, score=one.relevance / 100)


def _related(story: Association) -> RelatedLink:
    return RelatedLink(
        uri=story.uri,
        headline=_headline(story),
        excerpt=_description(story),
        date_published=story.version_created,
    )
