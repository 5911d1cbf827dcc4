"""RULE: the editors' vocabulary: what a thing is called, what is no tag, which links are fixed.

    [[term]]
    label = "台積電"                         what readers see
    aliases = ["TSMC", "台灣積體電路製造"]      other names of the same thing
    kind = "organisation"                    person, organisation, place or topic
    always = true                            a tag whenever the text names it
    never = false                            true: no tag, however often it is named

    [[links]]
    uri = "urn:example:1"                    the article whose links these are
    pinned = ["urn:example:2"]               shown first, as long as they stand
    excluded = ["urn:example:3"]             never shown

It wins over everything that is found by rule.
"""

import tomllib
from functools import cached_property
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.enrich.folding import fold, key
from shared.article import Line, TagKind, Uri
from shared.errors import Misconfigured

PREFIX_CHARS = 2
"""What a name is looked up by; one that is shorter is known and not looked for."""


class Entry(BaseModel):
    """Strict, so that a slip of the pen is an error and not silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(Entry):
    """A thing, and what editors say of it."""

    label: Line = Field(min_length=1)
    aliases: tuple[Line, ...] = ()
    kind: TagKind = "topic"
    always: bool = False
    never: bool = False


class Links(Entry):
    """What is fixed about the related links of one article."""

    uri: Uri
    pinned: tuple[Uri, ...] = ()
    excluded: tuple[Uri, ...] = ()


class Vocabulary(Entry):
    """All that editors have laid down. An empty one changes nothing."""

    term: tuple[Term, ...] = ()
    links: tuple[Links, ...] = ()

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Read the file of this `name`. Raises Misconfigured naming line or field."""
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise Misconfigured(f"{name}: not TOML: {error}") from None
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            told = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
            raise Misconfigured(f"{name}: {'; '.join(told)}") from None

    @cached_property
    def by_key(self) -> dict[str, Term]:
        """Terms by the key of their label and of every alias."""
        return {key(name): term for term in self.term for name in (*term.aliases, term.label)}

    @cached_property
    def by_prefix(self) -> dict[str, list[tuple[str, Term]]]:
        """Folded names and their terms by how they begin, the longest first."""
        named = [(fold(name), term) for term in self.term for name in (term.label, *term.aliases)]
        found: dict[str, list[tuple[str, Term]]] = {}
        for name, term in sorted(named, key=lambda one: -len(one[0])):
            found.setdefault(name[:PREFIX_CHARS], []).append((name, term))
        return found

    @cached_property
    def by_uri(self) -> dict[str, Links]:
        """Fixed links by article."""
        return {links.uri: links for links in self.links}

    def term_of(self, name: str) -> Term | None:
        """The term that a name belongs to."""
        return self.by_key.get(key(name)) if self.term else None

    def links_of(self, uri: str) -> Links:
        """What is fixed about the links of an article."""
        return self.by_uri.get(uri) or Links(uri=uri)


EMPTY = Vocabulary()
