"""What a social chaos run leaves to be judged: posts at the sandbox, deleted ones too, and rows.

Plain facts, gathered without any code of wiredesk, but for what each channel says that it can do.
"""

from dataclasses import dataclass, field

from tests.chaos.evidence import Mark


@dataclass(frozen=True)
class Terms:
    """What a destination was asked to do, and what its platform can do."""

    edits: bool
    deletes: bool
    is_blind: bool = False
    """Class D: nobody can tell a repetition, and nobody can look."""
    has_key_only: bool = False
    """Class B: it knows the same version again, and nobody can look for an older one."""
    resends: bool = False
    """Whether a post of class D that may have arrived is sent again; else a person is asked."""
    calls: int = 4
    """At once: so many posts one crash can leave without an answer."""

    def may_ask(self, version: int) -> bool:
        """Whether a story that ends with that version may wait for a person."""
        return (self.is_blind and not self.resends) or (self.has_key_only and version > 1)


@dataclass(frozen=True)
class Seen:
    """One post at the sandbox."""

    destination: str
    id: str
    made_at: int
    """Milliseconds since 1970."""
    said: tuple[tuple[Mark, ...], ...]
    """Which versions it named, one wording after the other."""
    is_deleted: bool = False

    @property
    def uri(self) -> str:
        """The story that it was first about, or "" when it named none, or several."""
        uris = {mark.uri for mark in self.said[0]}
        return next(iter(uris)) if len(uris) == 1 else ""

    @property
    def shown(self) -> tuple[Mark, ...]:
        """What it names in the end; nothing when it is gone."""
        return () if self.is_deleted else self.said[-1]


@dataclass(frozen=True)
class Told:
    """What the ledger says of one story at one destination."""

    version: int
    op: str
    state: str
    proof: str = ""
    error: str = ""
    is_due: bool = False
    """Whether something is still to be done."""


@dataclass(frozen=True)
class Wanted:
    """How a story must stand in the end."""

    version: int
    is_killed: bool = False
    is_untold: bool = False
    """Whether its last version says nothing that needs a post where nothing can be edited."""


@dataclass
class SocialEvidence:
    """All of it."""

    wanted: dict[str, Wanted] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)
    posts: list[Seen] = field(default_factory=list)
    """In the order in which they were made."""
    rows: dict[tuple[str, str], Told] = field(default_factory=dict)
    """By uri and destination."""
    crashes: int = 0
    """How often a process that carries was killed."""
    unanswered: dict[str, int] = field(default_factory=dict)
    """By destination: posts that were taken, and whose answer was withheld by order."""
    unsent: int = 0
    """Events that could not be handed over."""
    unrest: list[str] = field(default_factory=list)
    """What was still under way when the end was looked at."""
