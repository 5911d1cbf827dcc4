"""People and organisations that past articles were tagged with: known the next time they come.

曜川半導體 is known by its ending; 曜川 alone, a year later, only because it was. A name counts when
two articles had it as a tag, or when the newsroom gave it. Only firms and teams have short forms
that stand alone: what 瀾港大學 and 瀾港醫學中心 begin with is where they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.enrich.folding import fold, folded_entries
from services.enrich.short_forms import DROPS_ITS_LAST, stems_of
from services.enrich.suffixes import ending_in, loose_endings
from services.enrich.words import Hashes, hashes_of
from shared.article import Tag, TagKind

ENOUGH, NEWSROOMS = 2, 2
"""The votes that make a name; an article has one for each of its tags, the newsroom two."""
MOST_VOTERS = 4
MOST_NAMES = 200_000
VENUES = frozenset("场心院堂园队处馆站社")
"""How places end that people go to, and units: 塭仔市場 is at 塭仔."""
KINDS: tuple[TagKind, ...] = ("person", "organisation")


@dataclass(slots=True)
class Entry:
    """A name: its kind, and the votes of the first articles that had it."""

    kind: TagKind
    votes: dict[str, int]


class Roster:
    """Names by the number of their folded spelling (see `Text.hashes`)."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}

    def learn(self, uri: str, tags: Iterable[Tag]) -> None:
        """Take note of the names among the tags of an article, at its first version."""
        for tag in tags:
            if tag.kind in KINDS:
                for number in hashes_of(list(_forms(tag))).tolist():
                    self._forget_some()
                    entry = self._entries.setdefault(number, Entry(tag.kind, {}))
                    if len(entry.votes) < MOST_VOTERS:
                        entry.votes[uri] = NEWSROOMS if tag.creator == "newsroom" else 1

    def _forget_some(self) -> None:
        """Keep the size: of the older half, names that one article had are forgotten."""
        if len(self._entries) < MOST_NAMES:
            return
        older = list(self._entries)[: MOST_NAMES // 2]
        for number in older:
            if len(self._entries[number].votes) == 1:
                del self._entries[number]

    def kinds(self, numbers: Hashes, uri: str) -> dict[int, TagKind]:
        """The kinds of those numbers that are names, by what others than this article say."""
        found = self._entries
        known = ((number, found[number]) for number in numbers.tolist() if number in found)
        return {
            number: entry.kind
            for number, entry in known
            if sum(entry.votes.values()) - entry.votes.get(uri, 0) >= ENOUGH
        }


def _forms(tag: Tag) -> Iterable[str]:
    name = fold(tag.name)
    yield name
    if tag.kind == "organisation" and _has_short_forms(ending_in(name)):
        yield from stems_of(name)


def _has_short_forms(ending: str) -> bool:
    """Whether it is the ending of a firm, or none, as of a team; and no place that people go to."""
    firms = folded_entries("weak_suffixes") | loose_endings()
    return not ending or ending in DROPS_ITS_LAST or (ending in firms and ending[-1] not in VENUES)
