"""Storms, by the word beside their name: 颱風石燕, 麒麟颱風, later just 石燕."""

import re
from collections.abc import Iterator

from services.enrich.folding import HAN, folded_entries, function_words
from services.enrich.named import Named, all_mentions
from services.enrich.words import Text

STORM = "台风"
BESIDE = re.compile(rf"台风「?([{HAN}]{{2}})|([{HAN}]{{2}})」?台风")
STRENGTHS = frozenset("的了陆在强中轻超级烈度个防弱秋双今每次号热带")
MAX_STORMS, OFTEN = 3, 2


def storms_in(text: Text) -> Iterator[Named]:
    """Yield the storms that are named again without the word, or more than once with it."""
    if STORM not in text.folded:
        return
    seen: set[str] = set()
    for match in BESIDE.finditer(text.folded):
        name = match.group(1) or match.group(2)
        whole = match.group().replace("「", "").replace("」", "")
        if name in seen or not _may_be(name) or text.times(name) < OFTEN:
            continue
        seen.add(name)
        yield Named(whole, "topic", all_mentions(text.folded, whole, (name,)), "颱風，帶名")
        if len(seen) == MAX_STORMS:
            return


def _may_be(name: str) -> bool:
    lists = ("common", "places", "topics", "speech")
    is_word = name in function_words() or any(name in folded_entries(one) for one in lists)
    return not is_word and STRENGTHS.isdisjoint(name)
