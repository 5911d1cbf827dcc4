"""People in a text: by a family name and what stands around, by the sound of the name, by lists.

市長林靜宜 and 林靜宜市長 both name 林靜宜; so does 林靜宜說. Who wrote or photographed a story is
found the same way, and kept apart: a byline is not what the story is about.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.enrich.folding import folded_entries
from services.enrich.foreign import (
    LONG_BY_SOUND,
    foreign_names_in,
    parts_of,
    sounded_names_in,
)
from services.enrich.likely_people import likely_people_in, odds_of
from services.enrich.named import Named, Span, all_mentions, any_of, mentions_of
from services.enrich.person_readings import readings_at
from services.enrich.stage_names import listed_names_in, stage_names_in
from services.enrich.surroundings import Surroundings, surroundings_of
from services.enrich.words import Text

CREDIT = re.compile(r"[图文摄][ 　]?[/／|｜][ 　]?[^\s()（）/／，。]{1,20}")
AFTER_REPORTER = re.compile(r"[ 　:/／、]{0,3}")
MAX_COAUTHORS = 3
LEAST_OF_A_WRITER = -6.0
"""Log-odds of a name behind a word for a reporter, which says nearly all."""
MAX_PEOPLE = 40
"""More names than this are a list, and a list is not what a story is about."""


@dataclass(frozen=True)
class People:
    """Who a text is about, and the spans that are bylines and credits."""

    named: tuple[Named, ...]
    bylines: tuple[tuple[int, int], ...]


def people_in(text: Text, writers: Iterable[str] = ()) -> People:
    """Find people, and bylines by the word for a reporter or by `writers`, which are folded."""
    around = surroundings_of(text)
    authors = list(dict.fromkeys((*writers, *_reporters(text, around))))[:MAX_PEOPLE]
    foreign = list(foreign_names_in(text, around.offices_before))
    sounded = tuple(sounded_names_in(text, around.offices_before | around.kin_before))
    foreign += [span for span in sounded if span[1] - span[0] >= LONG_BY_SOUND]
    found = {text.folded[start:end]: "外文或族語名" for start, end in foreign}
    taken = frozenset(at for span in foreign for at in range(*span))
    for (start, end), why in likely_people_in(text, around, taken):
        found.setdefault(text.folded[start:end], why)
    found |= _without_family_names(text, around, sounded, set(found))
    listed = folded_entries("people")
    found |= {word: "列名" for _, word in text.words if word in listed and word not in found}
    spans = [match.span() for match in CREDIT.finditer(text.folded)]
    spans += [span for author in authors for span in mentions_of(text.folded, author)]
    people = [
        Named(name, "person", all_mentions(text.folded, name, parts_of(name)), f"人名，{why}")
        for name, why in found.items()
        if name not in authors
    ]
    return People(tuple(people[:MAX_PEOPLE]), tuple(spans))


def _without_family_names(
    text: Text, around: Surroundings, sounded: tuple[Span, ...], known: set[str]
) -> dict[str, str]:
    """Names by their sound, and stage names, that lie in no name known already."""
    taken = {at for name in known for span in mentions_of(text.folded, name) for at in range(*span)}
    found = {}
    for start, end in (
        *sounded,
        *stage_names_in(text, around.offices_before | around.kin_before),
        *listed_names_in(text),
    ):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            office = (around.offices_before | around.kin_before).get(start, "")
            found[text.folded[start:end]] = f"職稱「{office}」" if office else "別名"
    return found


def writers_of(byline: str) -> list[str]:
    """The folded names of a byline: 記者蘇莞如／花蓮報導."""
    text = Text(byline)
    return list(_reporters(text, surroundings_of(text))) if byline else []


def _reporters(text: Text, around: Surroundings) -> Iterator[str]:
    """Yield the names behind a word for a reporter, up to the city that a report is from."""
    for word in any_of("reporters").finditer(around.folded):
        at = word.end()
        for _ in range(MAX_COAUTHORS):
            gap = AFTER_REPORTER.match(around.folded, at)
            start = gap.end() if gap else at
            if around.words.get(start, "") in folded_entries("places"):
                break
            readings = readings_at(around, start)
            judged = [(odds_of(text, around, one), one.end) for one in readings]
            odds, end = max(judged, default=(LEAST_OF_A_WRITER, at))
            if odds <= LEAST_OF_A_WRITER:
                break
            at = end
            yield around.folded[start:at]
