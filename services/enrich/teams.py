"""Teams, which are named after a town and an animal or a virtue: 基隆海鷹, later just 海鷹.

No ending gives them away, so they are looked for in reports of games only.
"""

import re
from collections.abc import Iterator
from functools import cache

from services.enrich.cutter import nature_of
from services.enrich.folding import HAN, folded_entries
from services.enrich.named import Named, all_mentions, any_of
from services.enrich.words import Text

MIN_SIGNS = 3
AGAINST = ("对", "击败", "击退", "迎战", "送到", "输给", "力克", "险胜", "逆转", "横扫", "作客")
ANIMALS = frozenset("鹊鸢隼虎豹熊狮龙鹰狼鲸鲨豚牛马鹿象猿猴凤雀鹏犬猫兔鸥鹤燕蜂蟒蛇龟鳄犀")
"""How the animals end that teams are called by, which are in the news themselves: 石虎."""
NEW_PLAYERS = frozenset(("新秀", "小将", "老将", "名将", "好手", "选手", "国手", "球迷", "球星"))
HAN_ONLY = re.compile(f"[{HAN}]{{2,3}}")


@cache
def _towns() -> frozenset[str]:
    return frozenset(name for name in folded_entries("places") if len(name) == 2)  # noqa: PLR2004


def teams_in(text: Text) -> Iterator[Named]:
    """Yield the teams of a report of a game."""
    if len(set(any_of("games").findall(text.folded))) < MIN_SIGNS:
        return
    seen: set[str] = set()
    for (at, town), (next_at, word) in zip(text.words, text.words[1:], strict=False):
        is_pair = town in _towns() and next_at == at + len(town) and HAN_ONLY.fullmatch(word)
        name = town + word
        if not is_pair or name in seen or not _is_nickname(word):
            continue
        seen.add(name)
        is_again = text.times(word) > text.times(name) > 0
        is_met = text.folded[max(at - 2, 0) : at].endswith(AGAINST)
        if is_again or is_met or text.times(name) > 1:
            mentions = all_mentions(text.folded, name, (word,))
            yield Named(name, "organisation", mentions, "球隊，地名加隊名")


def _is_nickname(word: str) -> bool:
    is_topic = word in folded_entries("topics") and word[-1] not in ANIMALS
    ordinary = word in folded_entries("common_places") or is_topic or word in NEW_PLAYERS
    return not ordinary and nature_of(word) in ("noun", "unknown")
