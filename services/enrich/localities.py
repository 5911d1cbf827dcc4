"""RULE: whether the place that stands before an organisation belongs to its name.

To an agency and an association it belongs: 花蓮縣議會. A firm, a school or a temple with a name of
its own is only told where it is: 日本|東北電材, 線西鄉|慶安宮, 南投縣信義鄉|同曦國中.
"""

from collections.abc import Iterator
from functools import cache

from services.enrich.cutter import is_known
from services.enrich.folding import folded_entries
from services.enrich.name_grammar import FOUNDED_AS, part_of
from services.enrich.suffixes import ending_in, ends_as_organisation
from services.enrich.words import Text

COUNTRIES = ("日本", "美国", "韩国", "德国", "法国", "英国", "荷兰", "印度", "泰国", "越南")
SCHOLARLY = ("大学", "学院", "研究所")
TEMPLES = frozenset("宫庙寺殿")
LOCAL = frozenset("局处署所会府部队段站")
"""How agencies and associations end, to whose names the place belongs."""
PRACTICES = ("事务所", "诊所")
SHORTEST, LEAST_BEHIND_COUNTRY = 4, 4
FEW = 2


def without_place(text: Text, start: int, end: int) -> int:
    """Where a name begins without the country or the address that only says where it is."""
    founded = next((one for one in FOUNDED_AS if text.folded.startswith(one, start)), "")
    if founded and ends_as_organisation(text.folded[start + len(founded) : end]):
        start += len(founded)
    is_without = text.folded[start:end].endswith((*_firms(), *SCHOLARLY))
    for country in COUNTRIES if is_without else ():
        behind = start + len(country)
        if text.folded.startswith(country, start) and end - behind >= LEAST_BEHIND_COUNTRY:
            return behind
    if text.folded[end - 1] in TEMPLES:
        return _behind_places(text, start, end)
    return _without_address(text, start, end)


def _behind_places(text: Text, start: int, end: int) -> int:
    """Leave the township off a temple: 線西鄉|慶安宮."""
    behind = max((at for at in _ends_of_places(text, start, end)), default=start)
    rest = text.folded[behind:end]
    if ends_as_organisation(rest) and not is_known(rest):
        return behind
    return _without_address(text, start, end)


def _without_address(text: Text, start: int, end: int) -> int:
    places = list(_ends_of_places(text, start, end))
    whole = [at for at in places if _is_whole(text.folded[at:end])]
    if not whole:
        return start
    head, name, rest = (
        text.folded[: text.head],
        text.folded[start:end],
        text.folded[whole[-1] : end],
    )
    if text.times(rest) > 2 * text.times(name):
        return whole[-1]
    in_head = [at for at in (start, *whole) if text.folded[at:end] in head]
    if in_head:
        return in_head[0]
    if len(places) >= FEW and text.folded[start : places[0]] in folded_entries("countries"):
        return places[0]
    first = text.words[text.place_of(whole[-1])][1]
    has_own = first not in folded_entries("inside_names")
    is_local = (
        not has_own
        or (rest[-1] in LOCAL and not rest.endswith(PRACTICES))
        or ending_in(rest) in folded_entries("associations")
    )
    return whole[-1] if len(places) >= FEW and not is_local else start


def _is_whole(rest: str) -> bool:
    return len(rest) >= SHORTEST and ends_as_organisation(rest)


def _ends_of_places(text: Text, start: int, end: int) -> Iterator[int]:
    """Where each of the places ends that a name begins with."""
    for at, word in text.words[text.place_of(start) :]:
        if at + len(word) >= end or part_of(word) != "place":
            return
        yield at + len(word)


@cache
def _firms() -> tuple[str, ...]:
    return tuple(folded_entries("weak_suffixes"))
