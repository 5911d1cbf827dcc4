"""RULE: what is only a piece of something longer is no tag: 排球 of 排球協會, 片晶圓 of 首片晶圓.

The one place where pieces are told, for candidates of every kind:

* a name that is never mentioned but inside a longer name;
* an organisation that is always followed by a part of it, which is the one that is spoken of;
* a topic that is part of a name, unless the headline speaks of it outside of that name;
* a phrase that goes on in the same way wherever it stands, unless it is listed;
* what a number counts;
* a topic that a longer one holds each time.
"""

from collections.abc import Iterable, Iterator, Sequence

from services.enrich.folding import folded_entries, function_words
from services.enrich.judgement import Candidate
from services.enrich.named import Named, Span, mentions_of
from services.enrich.suffixes import ending_in, ending_of
from services.enrich.words import Text

AGAIN = 2
MOST_WORDS = 4
COUNTERS = frozenset("〇零一二三四五六七八九十百千两首每这那数几整第各")
"""What stands before a measure or inside a number: 首|片晶圓, 六|龜山區."""
AGENCIES = frozenset("部署局处院府会")
NAMED_KINDS = ("person", "organisation")


def whole_names(named: Sequence[Named]) -> Iterator[Named]:
    """Leave out names that are never mentioned but inside a longer one."""
    return (one for one in named if not _is_only_inside(one, named))


def without_pieces(
    text: Text, found: Iterable[Candidate], named: Sequence[Named]
) -> Iterator[Candidate]:
    """Leave out topics and places that are pieces of what the text says."""
    names = [one for one in named if one.kind in NAMED_KINDS]
    all_names, measures = "\n".join(one.name for one in names), folded_entries("measures")
    for one in found:
        name = text.folded[one.start : one.end]
        is_topic = one.kind == "topic"
        if is_topic and name in all_names and _is_of_a_name(text, name, names):
            continue
        if one.kind == "organisation" and _is_head_of_another(text, name):
            continue
        may_be_cut = one.kind == "place"
        may_be_cut |= is_topic and (one.times >= AGAIN or name[0] in measures)
        if not (may_be_cut and _is_cut_out(text, one, name)):
            yield one


def _is_only_inside(one: Named, names: Sequence[Named]) -> bool:
    """Whether it is never mentioned but in the name of another: 花蓮縣政府 in 花蓮縣政府工務處.

    What one longer name ends with and another begins with is what both speak of.
    """
    longer = [other for other in names if other is not one and one.name in other.name]
    is_listed = one.name in folded_entries("organisations")
    ends = not is_listed and any(other.name.endswith(one.name) for other in longer)
    if ends and any(other.name.startswith(one.name) for other in longer):
        return False
    return bool(longer) and all(
        any(s <= start and end <= e for other in longer for s, e in other.mentions)
        for start, end in one.mentions
    )


def _is_of_a_name(text: Text, name: str, names: Sequence[Named]) -> bool:
    """Whether it is a part of a name, and the headline does not speak of it by itself.

    What ends as organisations do, as 戲院, stands for the name even there.
    """
    holders = [one for one in names if name in one.name and name != one.name]
    if not holders or ending_in(name):
        return bool(holders)
    inside = [span for one in holders for span in one.mentions]
    return not any(
        end <= text.head and not _lies_in((start, end), inside)
        for start, end in mentions_of(text.folded, name)
    )


def _lies_in(span: Span, spans: Iterable[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _is_head_of_another(text: Text, name: str) -> bool:
    """Whether a part of it follows wherever it stands: 衛生福利部|恆春旅遊醫院."""
    if name[-1] not in AGENCIES:
        return False
    spans = mentions_of(text.folded, name)
    return bool(spans) and all(_part_behind(text, end) for _, end in spans)


def _part_behind(text: Text, at: int) -> bool:
    """Whether the words that follow without a break end as an organisation does."""
    place = text.place_of(at)
    if place < 0 or text.words[place][0] != at:
        return False
    for start, word in text.words[place : place + MOST_WORDS]:
        if start != at or word in function_words() or text.natures[place] == "verb":
            return False
        if ending_of(word) != "none":
            return True
        at, place = start + len(word), place + 1
    return False


def _is_cut_out(text: Text, one: Candidate, name: str) -> bool:
    """Whether a number counts it, or the same character that is no word of its own goes on."""
    if not text.ideographic[one.start]:
        return False
    is_counted = one.kind == "place" or name[0] in folded_entries("measures")
    if not _runs_on(text, one):
        return False
    spans = mentions_of(text.folded, name)
    before = {_beside(text, start - 1) for start, _ in spans}
    if is_counted and before <= COUNTERS:
        return True
    if len(spans) < AGAIN or name in folded_entries("topics"):
        return False
    return _goes_on(before) or _goes_on({_beside(text, end) for _, end in spans})


def _runs_on(text: Text, one: Candidate) -> bool:
    """Whether a character that could belong to it stands beside its first mention."""
    beside = _beside(text, one.start - 1), _beside(text, one.end)
    return any(c in COUNTERS or (c and c not in function_words()) for c in beside)


def _beside(text: Text, at: int) -> str:
    """The Han character at a place; else nothing."""
    inside = 0 <= at < len(text.folded) and bool(text.ideographic[at])
    return text.folded[at] if inside else ""


def _goes_on(chars: set[str]) -> bool:
    return len(chars) == 1 and "" not in chars and chars.isdisjoint(function_words())
