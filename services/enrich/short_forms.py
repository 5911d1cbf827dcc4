"""Short forms of the names of organisations: in brackets, without the ending, first and last.

A short form is a mention of the whole name, and no second organisation.
"""

import re
from collections.abc import Iterator

from services.enrich.cutter import is_known
from services.enrich.folding import HAN, folded_entries
from services.enrich.named import mentions_of
from services.enrich.suffixes import ending_in

IN_BRACKETS = re.compile(rf"[(（](?:以下)?(?:简称)?[「:：]?([{HAN}a-z0-9]{{2,8}})」?[)）]")
FEW_FOR_SHORTENING = 4
DROPS_ITS_LAST = frozenset(("银行", "金控", "证券"))


def tails_of(name: str) -> Iterator[str]:
    """The local part of a name without its county: 縣議會, 市政府, 市衛生局."""
    cut = re.match(rf"[{HAN}]{{2}}([县市][{HAN}]{{2,10}})$", name)
    if cut:
        yield cut.group(1)


def shortened_in(folded: str, name: str) -> Iterator[str]:
    """Short forms of a long name: the one in brackets behind it, and first and last characters."""
    yield from _stems(folded, name)
    at = folded.find(name)
    bracket = IN_BRACKETS.match(folded, at + len(name))
    if bracket:
        yield bracket.group(1)
    if len(name) <= FEW_FOR_SHORTENING:
        return
    rest = folded[at + len(name) :]
    for chars in (3, 2):
        for start, _ in mentions_of(rest, name[0]):
            short = rest[start : start + chars]
            is_form = short.endswith(name[-1]) and len(short) == chars and short not in name
            if is_form and not is_known(short) and _is_drawn_from(short, name):
                yield short


def stems_of(name: str) -> Iterator[str]:
    """Short forms a name may have later: 和豐金 and 和豐 of 和豐金控, 海鷹 of 基隆海鷹."""
    ending = ending_in(name)
    if ending in DROPS_ITS_LAST:
        yield name[:-1]
    stem = name[: -len(ending)] if ending else ""
    if len(stem) > 1 and not is_known(stem):
        yield stem
    if not ending and len(name) == FEW_FOR_SHORTENING and name[:2] in folded_entries("places"):
        yield name[2:]


def _stems(folded: str, name: str) -> Iterator[str]:
    """和豐金控 is 和豐金 and 和豐 too, where the text says so."""
    ending = ending_in(name)
    for stem in (name[:-1] if ending in DROPS_ITS_LAST else "", name[: -len(ending) or None]):
        is_free = stem and folded.count(stem) > folded.count(name)
        if is_free and len(stem) > 1 and stem != name and not is_known(stem):
            yield stem


def _is_drawn_from(short: str, name: str) -> bool:
    """Whether the characters of the one stand in the other, in order."""
    left = iter(name)
    return all(char in left for char in short)
